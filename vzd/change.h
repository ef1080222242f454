/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CHANGE_H
#define VZD_CHANGE_H
/*
 * What a caller may do to a container's configuration, judged once on the parsed parameters, whether they came as JSON or as
 * vzctl's words: parameters that reach beyond the container (PARAM_ADMIN) need node:write, a change of owner tenant:write,
 * addresses of a tenant as in change_ips.h, what costs the host as in change_more.h, and the sums after the change stay within
 * the tenant's limits and the host's.
 */
#include "vzd/api.h"

/* @ctid 0: a new container of @owner. Parameters given are those set in @parsed. 0, or -1 when it has answered with the problem. */
int change_judge(struct api_call *c, unsigned ctid, const char *owner, const struct ct_conf *parsed);
/* One snapshot more of @ct, within the limits of its tenant? 0, or -1 when it has answered. */
int change_snapshot(struct api_call *c, const struct inv_ct *ct);
/* A clone of @src, to be container c->ctid of @owner, with @parsed changed in it? 0, or -1 when it has answered. */
int change_clone(struct api_call *c, const struct inv_ct *src, const char *owner, const struct ct_conf *parsed);
/* Held to a tenant, or to some containers, which may be nobody's. */
bool change_bound(const struct api_call *c);
/* An administrator of the host: of no tenant, not held to some containers. */
bool change_by_admin(const struct api_call *c);
/* May @ct be started now (its tenant is not suspended, the host has room)? 0, or -1 when it has answered. */
int change_may_start(struct api_call *c, const struct inv_ct *ct);
/* The addresses that the caller may give, for ips_judge(): TENANT_POOL; NULL: any. */
const char *change_pool(const struct api_call *c);
/* The tenant that a new container of this caller belongs to. @wanted: what the body says, NULL nothing. NULL: it has answered. */
const char *change_owner(struct api_call *c, const char *wanted);

#endif
