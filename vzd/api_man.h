/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_MAN_H
#define VZD_API_MAN_H
/* Tables of the manual vz-api(7), in mdoc, for mkman. */
struct buf;

void api_man_routes(struct buf *b);
void api_man_problems(struct buf *b);
void api_man_events(struct buf *b);
void api_man_roles(struct buf *b);

#endif
