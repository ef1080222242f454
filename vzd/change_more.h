/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CHANGE_MORE_H
#define VZD_CHANGE_MORE_H
/*
 * Who is held to a tenant or to some containers lowers what costs the host (PARAM_CAPPED) and does not raise it: above what a
 * container has, a new one would have that nobody says anything about, a copy gets of its source. What counts in the limits of
 * tenants (PARAM_COUNTED) is raised within these; where there is no tenant that vzd knows, it is not raised either.
 * All return 0, or -1 when they have answered with the problem.
 */
#include "vzd/api.h"

int more_judge_ct(struct api_call *c, const struct inv_ct *ct, const char *tenant, const struct ct_conf *asked);
int more_judge_new(struct api_call *c, const char *tenant, const struct ct_conf *asked);
int more_judge_copy(struct api_call *c, const struct inv_ct *src, const char *tenant, const struct ct_conf *asked);
/* A restore: lowers the archive's configuration @conf to what a new container has, and judges what is asked beside it. */
int more_judge_archive(struct api_call *c, struct ct_conf *conf, const char *tenant, const struct ct_conf *asked);

#endif
