/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_H
#define VZD_API_H
/*
 * The API: one row per (verb, path). Routing, scopes, validation of bodies and queries, OpenAPI, the manual and the tests' walk
 * all come from the rows. Every request, whatever socket it came by, passes the one gate in api.c:
 * find the row, know the caller, rate, find the object (not yours = 404), scope (403), validate each member (unknown = 400),
 * idempotency, quota after the merge, then the handler; audit for every change.
 */
#include <jansson.h>

#include "vzd/auth.h"
#include "vzd/vzd.h"

struct api_call;

enum api_type {
	API_STR, API_INT, API_BOOL, API_LIST /* of strings */, API_OBJ /* free: the handler checks it against param rows */,
	API_LINES /* a string that may hold newlines and tabs: keys, scripts */,
	API_ARGV /* list of strings with any character but NUL */, API_TYPE_N
};
struct api_field {
	const char *name;
	enum api_type type;
	bool required;
	long long min, max;		/* of a number; length of a string, count of a list; both 0: none but the global ones */
	const char *one_of;		/* "a b c": the words allowed, NULL: any */
	const char *doc;
};
enum api_flag {
	API_CT = 1,		/* {ct}: resolved and checked before the handler */
	API_WRITE = 2,		/* audited; body allowed */
	API_JOB = 4,		/* answers 202 with an Operation; Prefer: wait=N */
	API_STREAM = 8,		/* answers with chunks until the client leaves */
	API_FDS = 16,		/* hands descriptors over: only through VZD_SOCK and vzweb's upgrade */
	API_TEXT = 32,		/* the answer is no JSON */
	API_LOCAL = 64,		/* only on VZD_SOCK */
	API_PAGED = 128,	/* limit, cursor, fields: added to the query fields */
	API_KNOWN = 512,	/* with SCOPE_NONE: any caller that is known */
	API_SECRET = 256,	/* the answer holds a secret: not kept for its Idempotency-Key */
};
struct api_route {
	const char *verb, *path;	/* "GET", "/v1/cts/{ct}/state": {name} is one segment */
	const char *op;			/* operationId and, for jobs, the kind: "ct.state.get" */
	enum scope scope;
	unsigned flags;
	const struct api_field *body, *query;	/* ended by a NULL name; NULL: none */
	const char *answer;		/* name of a schema in api_schema.c: "Ct", "Operation" ...; NULL: 204 */
	const char *doc;		/* one sentence */
	int (*run)(struct api_call *c, struct err *e);	/* 0: it has answered or will; < 0: c->problem or e becomes the answer */
};
struct api_table { const struct api_route *v; size_t n; };
#define API_TABLE(rows) { (rows), sizeof(rows) / sizeof((rows)[0]) }
/* All tables, listed in api_tables.c: `const struct api_table api_ct_table = API_TABLE(rows);` in each api_*.c. Adding a
 * resource is adding rows. */
extern const struct api_table *const api_tables[];
extern const size_t api_tables_n;

/* Where the answer goes. The server fills it; tests have their own. */
struct api_sink {
	void (*reply)(void *arg, int status, const char *type, const char *headers_json, const char *body, size_t len,
		      const int *fds, size_t n_fds);
	void (*chunk)(void *arg, const char *text, size_t len, bool last);
	void *arg;
};
#define API_SCRAPER "scraper"			/* the remote of a call without a token that came by METRICS_LISTEN */
struct api_request {
	const char *verb, *path, *query;	/* query: undecoded, NULL none */
	const char *token, *remote;		/* from vzweb; NULL on VZD_SOCK */
	const char *if_match, *if_none_match, *idempotency_key, *prefer, *accept, *last_event_id;
	json_t *body;				/* NULL none; borrowed */
	const int *fds;				/* descriptors that came with it; moved to the call */
	size_t n_fds;
};
#define API_SEGS 4
struct api_call {
	struct vzd *d;
	const struct api_route *route;
	struct principal *who;
	struct api_request req;		/* strings copied */
	struct inv_ct *ct;		/* API_CT: valid until the handler returns to the loop; look it up again afterwards */
	unsigned ctid;
	char *seg[API_SEGS];		/* values of {name}s in order */
	json_t *query;			/* decoded and checked: strings, ints, bools */
	char id[17];			/* request id */
	char promised[33];		/* the tenant to whom room was promised for it */
	bool promised_anew;		/* nothing had been before: a refusal takes it back */
	bool answered, streaming;
	void (*on_close)(struct api_call *c);	/* the client left before the end, or the call is freed */
	void *priv;			/* the handler's, with on_close */
	int fds[4];
	size_t n_fds;
	unsigned refs;
};
/* Enters the gate. @peer: the caller on VZD_SOCK, NULL: only its token says who it is (which wins if both are there).
 * The call frees itself after its answer, or after the last chunk; *ret (@ret may be NULL) is it while there is more to
 * come, to tell it that the client left: forget it when the answer came. */
void api_enter(struct vzd *d, const struct api_request *r, struct principal *peer, const struct api_sink *sink,
	       struct api_call **ret);
void api_client_left(struct api_call *c);
struct api_call *api_ref(struct api_call *c);		/* a handler that answers later holds one */
void api_unref(struct api_call *c);

/* Answers. Exactly one per call; each is fine on a call whose client has left. */
void api_json(struct api_call *c, int status, json_t *j);	/* steals j */
void api_raw(struct api_call *c, int status, const char *type, const char *text, size_t len);
void api_header(struct api_call *c, const char *name, const char *value);	/* before the answer */
void api_empty(struct api_call *c);				/* 204 */
void api_chunk(struct api_call *c, const char *text, size_t len, bool last);	/* after api_raw() with status 200 of a stream */
/* @fds stay the caller's: the sink sends or duplicates them before it returns. Status 101: api_chunk() follows, as in a
 * stream; its last text is {"exit":CODE}. */
void api_fds(struct api_call *c, int status, json_t *j, const int *fds, size_t n);
/* Sets ETag: @etag (without quotes). True: If-None-Match has it, 304 is answered. */
bool api_not_modified(struct api_call *c, const char *etag);
/* Does If-Match allow the change? False: 412 is answered, or 428 when it is absent and @required. */
bool api_match(struct api_call *c, const char *etag, bool required);
/* A page: {"items":@items,"next":...}, trimmed to the query's fields. @items: array, stolen. @next: the last item's key
 * when there is more, else NULL. api_cursor(): that key when the next page is asked for, NULL on the first. */
void api_page(struct api_call *c, json_t *items, const char *next);
const char *api_cursor(struct api_call *c);
/* The same from ready JSON text: "{...},{...}" without the brackets. */
void api_page_raw(struct api_call *c, const char *items, size_t len, const char *next);
/* Runs a program (ask.h), whose output, at most @max bytes of JSON, is the answer. */
int api_ask(struct api_call *c, const char *const *words, size_t max, struct err *e);
/* Problem details (RFC 9457). @slug: a row of api_problems[] gives status and title; @vz_exit: vzctl's status or 0. */
void api_problem(struct api_call *c, const char *slug, int vz_exit, const char *detail, json_t *extra /* stolen, merged */);
void api_problem_err(struct api_call *c, const struct err *e);	/* from errno and e->exit: table in api_problem.c */
struct api_problem_row { const char *slug; int status; const char *title, *doc; };
extern const struct api_problem_row api_problems[];
extern const size_t api_problems_n;
/* vzctl's exit status -> slug ("locked", "not-found", "unprocessable" ...). */
const char *api_slug_of_exit(int vz_exit);

/* Submits a job and answers 202 (or waits as Prefer says: then 200/201 with what @after makes of it, NULL: the Operation). */
struct job_spec;
typedef json_t *api_after(struct api_call *c, int *status);
int api_job(struct api_call *c, const struct job_spec *s, api_after *after, struct err *e);

/* Query helpers: the default when absent. */
const char *api_q_str(const struct api_call *c, const char *name, const char *def);
long long api_q_int(const struct api_call *c, const char *name, long long def);
bool api_q_bool(const struct api_call *c, const char *name, bool def);

#endif
