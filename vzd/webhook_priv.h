/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEBHOOK_PRIV_H
#define VZD_WEBHOOK_PRIV_H
/*
 * Inside webhook.c (table, queue), webhook_new.c (input), webhook_send.c (vz-hook and what it answers), api_webhook.c,
 * hook_main.c, hook_addr.c.
 */
#include <jansson.h>

#include "vzd/auth_priv.h"
#include "vzd/webhook.h"

#define HOOK_ID_LEN 12
#define HOOKS_MAX 1000u
#define HOOKS_TENANT_MAX 20u
#define HOOK_QUEUE_MAX 10000u		/* of one webhook; then the oldest go */
#define HOOK_SECRET_MIN 16u
#define HOOK_GIVE_UP_MS (24 * 3600000ll)
#define HOOK_FLIGHT_MAX 32u		/* at the same time, of all */

struct webhook {
	char id[HOOK_ID_LEN + 1];
	char *url, *types, *secret, *description;	/* types: blank-separated, "" all */
	char tenant[33], created_by[48];
	unsigned *cts;
	size_t n_cts;
	bool enabled;
	int64_t created;		/* unix seconds */
	uint64_t since;			/* only events after this number */
	/* of this process */
	uint64_t pending;
	unsigned tries;			/* of the first in the queue */
	uint64_t next_ms;		/* ev_now_ms() of the next try */
	int64_t flight, flight_created;	/* row that is being sent, or deleted, 0: none */
	bool flight_sent;		/* vz-hook has it */
	int64_t sent_ms, alert_ms;	/* unix: the last success, the last alert */
	int status;			/* of the last answer, 0: none came */
	char error[128];
};
struct webhooks {
	struct vzd *d;
	struct webhook **v;		/* by id */
	size_t n;
	struct bus_sub *sub;
	struct ev_src *timer;
	/* vz-hook */
	pid_t pid;
	int fd;				/* -1: it does not run */
	struct ev_src *fd_src, *child, *idle;
	size_t flights;
	const char *program;		/* or a test's */
};

/* webhook.c */
struct webhook *webhook_find(struct webhooks *w, const char *id);
void webhook_free(struct webhook *h);
int webhook_put(struct webhooks *w, struct webhook *h, struct err *e);	/* owned; replaces what has its id, keeping its state */
void webhook_remove(struct webhooks *w, const char *id);
json_t *webhook_json(const struct webhook *h);
/* webhook_new.c */
/* POST or PATCH body onto @h. EINVAL, EPERM: what @by lacks. */
int webhook_patch(struct webhooks *w, struct webhook *h, const struct principal *by, const json_t *body, struct err *e);
/* webhook.c */
int webhook_db_put(struct sqlite3 *s, const struct webhook *h, struct err *e);
int webhook_db_delete(struct sqlite3 *s, const char *id, struct err *e);
/* Queues one delivery; @seq: number of the event, or < 0 for one that is no event. @told (may be NULL) is called in the loop
 * when it is durable, or could not be made so. */
typedef void webhook_queued(void *arg, const struct err *e);
int webhook_queue(struct webhooks *w, struct webhook *h, int64_t seq, const char *json, webhook_queued *told, void *told_arg,
		  struct err *e);
bool webhook_wants(const struct webhook *h, const char *type, unsigned ctid, const char *owner);
void webhook_later(struct webhooks *w);		/* sets the timer to the next that is due */

/* webhook_send.c */
void webhook_send_due(struct webhooks *w);
void webhook_send_end(struct webhooks *w);
uint64_t webhook_backoff_ms(unsigned tries, uint32_t random);	/* 10 s ... 6 h, a fifth more or less */
void webhook_signature(const char *secret, int64_t now, const char *body, char out[128]);	/* t=..,v1=.. */

/*
 * vzd <-> vz-hook over SOCK_SEQPACKET. A call is NUL-ended strings one after the other, in the order of enum; the answer
 * is a struct. vz-hook never sees a secret.
 */
enum hook_field { HOOK_F_ID, HOOK_F_URL, HOOK_F_SIGNATURE, HOOK_F_WEBHOOK, HOOK_F_ALLOW, HOOK_F_BODY, HOOK_F_N };
#define HOOK_CALL_MAX (128u << 10)
struct hook_result {
	int64_t id;
	int32_t status;			/* HTTP, 0: no answer */
	char error[116];		/* "" when there was an answer; NUL-ended */
};

/* hook_addr.c: may a webhook be sent to @addr? Private, local and special networks only if one of @allow has it. */
bool hook_addr_ok(const uint8_t addr[16], const struct cidr *allow, size_t n);
/* http or https with a host, no user and password in it. EINVAL says why not. */
int hook_url_check(const char *url, struct err *e);

#endif
