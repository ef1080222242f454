/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_NOBODY_H
#define TEMPLATES_NOBODY_H
/* For helpers that talk to the network: the user nobody. */
struct err;

/* Nothing of root is left afterwards; who is not root stays who he is. EPERM: there is no such user. */
int nobody_become(struct err *e);

#endif
