/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_PRIV_H
#define VZD_API_PRIV_H
/* What the files of the gate share: api.c (the order of checks), api_route.c, api_check.c, api_answer.c, api_job.c, idem.c. */
#include "util/buf.h"
#include "vzd/api.h"
#include "vzd/job.h"

#define API_PATH_MAX 1024	/* bytes, undecoded */
#define API_SEGS_MAX 12		/* of a whole path */
#define API_STR_MAX 4096	/* of a string that names no length itself */
#define API_LINES_MAX 262144
#define API_LIST_MAX 1024
#define API_TEXT_MAX 262144	/* bytes of an answer that is text */
#define API_LIMIT_DEF 100	/* of a page */
#define API_LIMIT_MAX 1000
#define API_WAIT_MAX 60		/* seconds of Prefer: wait and ?wait= */

struct idem;			/* a claim on an Idempotency-Key: idem.h */

struct gate_call {
	struct api_call c;	/* first: the two are cast into each other */
	struct api_sink sink;
	struct buf headers;	/* "Name":"value",... */
	json_t *body;		/* c.req.body, held */
	struct idem *idem;	/* this call holds a key until it has answered */
	char *cursor;
	uint64_t began_us;	/* for /metrics */
	bool gone, held;	/* the client left; the gate's own reference is there */
	char job[JOB_ID_LEN + 1];	/* for the audit */
	char note[128];		/* idem: the problem's detail */
	char text[];		/* the request's strings */
};
static inline struct gate_call *gate_of(struct api_call *c)
{
	return (struct gate_call *)(void *)c;
}

/* --- api_route.c --- */
enum { VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE, VERB_N };
extern const char *const api_verbs[VERB_N];
int api_verb_of(const char *verb);	/* -1: none of them; HEAD is GET */
/* Splits and decodes @path in place. -EINVAL: a broken or forbidden escape; -ENOENT: no path of ours can look so. */
int api_path_split(char *path, char *seg[API_SEGS_MAX], size_t *n, struct err *e);
struct api_found {
	const struct api_route *route;	/* NULL: the path is unknown or does not know the verb */
	const struct api_route *const *verbs;	/* [VERB_N] of the path, NULL: unknown path */
	char *seg[API_SEGS];
	int ct_seg;			/* index of {ct}, -1: none */
};
int api_route_find(int verb, char *const seg[], size_t n, struct api_found *f, struct err *e);
/* Other tables than api_tables, for tests. */
int api_route_use(const struct api_table *const *t, size_t n, struct err *e);
void api_route_done(void);
/* One row after the other, all tables: *i starts at 0. NULL: no more. */
const struct api_route *api_route_next(size_t *i);

/* --- api_check.c --- */
extern const struct api_field api_paged_fields[];
/* -EINVAL: *ret_errors is an array of {pointer,code,detail}. */
int api_check_body(const struct api_route *r, json_t *body, json_t **ret_errors);
int api_check_query(const struct api_route *r, const char *query, json_t **ret_query, json_t **ret_errors);
int api_url_decode(char *s, bool plus);	/* in place; -EINVAL: broken escape, NUL, control character, bad UTF-8 */

/* --- api_problem.c --- */
#define API_PROBLEM_TYPE "application/problem+json"
bool api_exit_has_row(int vz_exit);
json_t *api_problem_json(const char *slug, int vz_exit, const char *detail, json_t *extra /* stolen */);

/* --- api_answer.c --- */
void api_send(struct gate_call *g, int status, const char *type, const char *body, size_t len, const int *fds, size_t n);
/* Hands the answer to the sink, unless the client has left. */
void api_deliver(struct gate_call *g, int status, const char *type, const char *body, size_t len, const int *fds, size_t n);
int api_prefer_wait(const struct api_call *c);	/* seconds, 0: none */
void api_release(struct gate_call *g);		/* drops the gate's reference, once */

/* --- api_job.c --- */
void api_job_replay(struct api_call *c, const char *id);	/* the answer of a call that became that job */

#endif
