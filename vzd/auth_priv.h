/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_AUTH_PRIV_H
#define VZD_AUTH_PRIV_H
/*
 * Inside auth.c, principal.c, token*.c, tenant*.c, role.c, rate.c, cidr.c, audit.c and their routes. Tables live in
 * memory, are read at open and changed when the database has committed: a decision touches no file.
 */
#include "vzd/auth.h"
#include "vzd/job.h"

struct buf;
struct sqlite3;
struct sqlite3_stmt;

/* --- cidr.c: addresses and their prefixes; IPv4 as ::ffff:a.b.c.d --- */
struct cidr { uint8_t addr[16], bits; };
int cidr_parse(const char *s, struct cidr *ret, struct err *e);		/* "192.0.2.0/24", "2001:db8::1" */
int cidr_addr(const char *s, uint8_t addr[16]);				/* -EINVAL */
bool cidr_has(const struct cidr *c, const uint8_t addr[16]);
bool cidr_within(const struct cidr *inner, const struct cidr *outer);
void cidr_print(const struct cidr *c, struct buf *b);

/* --- role.c --- */
const struct role *role_find(const char *name);				/* NULL: none */
int scope_find(const char *name);					/* enum scope or -ENOENT */
#define SCOPE_BIT(s) (1u << (s))
extern const uint32_t scopes_all, scopes_read, scopes_tenant;		/* every one; those that change nothing; those that mean
									 * something inside a tenant */
void scopes_print(uint32_t scopes, struct buf *b);			/* "ct:read ct:power" */
int scopes_parse(const char *text, uint32_t *ret, struct err *e);
json_t *scopes_json(uint32_t scopes);

/* --- principal.c --- */
struct principal *principal_new(uint32_t scopes, const char *remote, struct err *e);	/* @remote NULL: "local" */
/* Is @gid, or another group of the process @pid, the one called @group? */
bool principal_in_group(const char *group, gid_t gid, pid_t pid);

/* --- rate.c: token buckets in constant memory; an idle one is forgotten, which loses nothing --- */
struct rate;
struct rate *rate_new(void);
void rate_free(struct rate *r);
uint64_t rate_key(const struct rate *r, const void *p, size_t n);	/* keyed hash */
/* Takes one of @key's @burst, which come back at @per_s... given as @interval_us, the time for one. */
bool rate_take(struct rate *r, uint64_t key, uint64_t now_us, uint64_t interval_us, unsigned burst, uint64_t *retry_us,
	       unsigned *left);

/* --- token.c --- */
#define TOKEN_ID_LEN 12
#define TOKEN_SECRET_LEN 43	/* base64url of 32 bytes */
#define TOKEN_LEN (4 + TOKEN_ID_LEN + 1 + TOKEN_SECRET_LEN)
#define TOKEN_CTS_MAX 1024
#define TOKEN_FROM_MAX 64

struct token {
	char id[TOKEN_ID_LEN + 1];
	uint8_t hash[32];
	char role[16];			/* "" : scopes were listed */
	uint32_t scopes;
	char tenant[33];
	unsigned *cts;
	size_t n_cts;
	struct cidr *from;
	size_t n_from;
	int64_t not_before, expires, created, rotated, last_used;	/* unix seconds, 0: none */
	char created_by[48];
	char *description;		/* never NULL once loaded */
	unsigned gen;			/* grows when the secret changes, in memory only */
	bool used;			/* last_used is not yet in the database */
	struct principal *who;		/* as of the last call, for the next one from the same address */
	struct token *next;
};
struct token_table {
	struct token **v;
	size_t size, n;			/* size: a power of two */
};
/* "vz1_ID_SECRET" -> its parts, which point into @text. */
bool token_split(const char *text, const char **id, const char **secret);
void token_hash(const char *secret, uint8_t hash[32]);
/* A new secret; the text goes to who asked and nowhere else, the hash into @t. @id too if it is empty. */
int token_make(struct token *t, char text[TOKEN_LEN + 1], struct err *e);
struct token *token_find(const struct token_table *tt, const char *id, size_t len);
int token_insert(struct token_table *tt, struct token *t, struct err *e);	/* owned by the table afterwards */
struct token *token_remove(struct token_table *tt, const char *id);	/* the caller frees; NULL: was not there */
void token_free(struct token *t);
void token_table_done(struct token_table *tt);
int token_each(struct token_table *tt, int (*fn)(struct token *t, void *arg), void *arg);	/* until != 0, which it returns */
bool token_in_time(const struct token *t, int64_t now);
bool token_from_ok(const struct token *t, const char *remote);
json_t *token_json(const struct token *t);
/* From a body that passed its row: role or scopes, tenant, cts, from, expires, not_before, description. What @by lacks is EPERM,
 * what is wrong EINVAL; the text names the member. @by_token: NULL unless @by is one. */
int token_from_json(struct auth *a, const struct principal *by, const struct token *by_token, const json_t *body,
		    struct token **ret, struct err *e);
/* "30d", "12h", "2027-01-31", "2027-01-31T12:00:00Z" -> unix seconds. */
int token_when(const char *s, int64_t now, int64_t *ret, struct err *e);

/* Has @by every right of @t? Else who rotates it would gain some. */
bool token_within(const struct token *t, const struct principal *by, const struct token *by_token);

/* --- token_db.c: works for db_write(); the struct they are given is nobody else's meanwhile --- */
extern const char token_select[];
int token_row(struct sqlite3_stmt *st, void *table, struct err *e);	/* db_row of the select */
int token_db_insert(struct sqlite3 *s, const struct token *t, struct err *e);	/* ENOENT: its tenant or maker is gone */
int token_db_rotate(struct sqlite3 *s, const struct token *t, struct err *e);	/* hash and rotated; ENOENT */
int token_db_delete(struct sqlite3 *s, const char *id, bool created, struct err *e);	/* @created: those it made as well */

/* --- tenant.c --- */
enum tenant_limit { LIMIT_CTS, LIMIT_MEMORY, LIMIT_DISK, LIMIT_CPUS, LIMIT_IPV4, LIMIT_IPV6, LIMIT_SNAPSHOTS, LIMIT_BACKUPS,
		    LIMIT_N };
extern const char *const tenant_limit_names[LIMIT_N];
struct tenant {
	char name[33];
	char *title, *reason;		/* never NULL */
	uint64_t limit[LIMIT_N];	/* NUM_UNLIMITED: none */
	bool suspended, stop_pending;	/* pending: some of its containers still run */
	int64_t created, suspended_at;
};
struct tenants {
	struct tenant **v;		/* by name */
	size_t n;
};
struct quota_hold {
	char tenant[33];
	unsigned ctid;
	struct inv_sum sum;
	uint64_t until_ms;
	bool begun;			/* its job is there, or over */
};
struct quota_holds {
	struct quota_hold *v;
	size_t n;
};
bool tenant_name_ok(const char *s);
struct tenant *tenant_find(const struct tenants *ts, const char *name);
struct tenant *tenant_new(const char *name, struct err *e);		/* no limits */
struct tenant *tenant_copy(const struct tenant *t, struct err *e);
void tenant_free(struct tenant *t);
int tenant_put(struct tenants *ts, struct tenant *t, struct err *e);	/* owned; replaces the one of that name */
void tenant_remove(struct tenants *ts, const char *name);
void tenants_done(struct tenants *ts);
/* Members title, limits of a body: merge patch; null lifts a limit. EINVAL names the member. */
int tenant_patch(struct tenant *t, const json_t *body, struct err *e);
json_t *tenant_json(struct auth *a, const struct tenant *t, bool with_usage);
json_t *tenant_limits_json(const struct tenant *t);
int tenant_row(struct sqlite3_stmt *st, void *tenants, struct err *e);
extern const char tenant_select[];

/* --- audit.c --- */
#define AUDIT_ROWS 100000u
#define AUDIT_DAYS 400u

/* --- auth.c --- */
struct auth {
	struct vzd *d;
	struct token_table tokens;
	struct token nobody;		/* whom an unknown id is compared with */
	struct tenants tenants;
	struct quota_holds holds;
	struct rate *rate, *wrong;	/* of principals; of addresses that send wrong tokens */
	struct principal *root;
	struct auth_watch *watches, *cursor;	/* cursor: the next to be called */
	struct ev_src *flush, *expiry, *sweep;	/* last_used to be written; next token to end; tenants to be stopped */
	int (*submit)(struct jobs *j, const struct job_spec *s, job_fn *accepted, void *arg, char busy[JOB_ID_LEN + 1],
		      struct err *e);	/* job_submit(), or a test's */
	unsigned sweep_ms;
	uint64_t audit_rows;		/* written by this process */
};
/* After a commit: caches dropped, watchers called, the expiry timer set anew. */
void auth_changed(struct auth *a);
struct token *auth_token_of(struct auth *a, const struct principal *p);	/* NULL: none, or gone */
/* tenant_stop.c: sends `vzctl stop` to what still runs of suspended tenants until nothing does. */
int auth_sweep(struct auth *a, struct err *e);
void auth_flush_used(struct auth *a);

#endif
