/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/claims.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "net/nat.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/change_ips.h"
#include "vzd/console.h"
#include "vzd/inv.h"

struct claim {
	unsigned ctid;
	enum { CLAIM_IP, CLAIM_NAME, CLAIM_PORT } what;
	struct cidr ip;
	struct nat_fwd port;
	char name[65];
};
struct claims {
	struct claim *v;
	size_t n;
};

static bool busy(const struct vzd *d, unsigned ctid)
{
	return (d->jobs && job_claims(d->jobs, ctid)) || consoles_change(d->consoles, ctid);
}

/* What an operation has left is in its container's file, or nowhere: it is read before the promise goes. */
void claims_expire(struct vzd *d)
{
	struct claims *cs = d->claims;
	unsigned read = 0;

	for (size_t i = cs ? cs->n : 0; i-- > 0;) {
		unsigned ctid = cs->v[i].ctid;

		if (busy(d, ctid))
			continue;
		if (read != ctid)
			inv_refresh(d->inv, ctid);
		read = ctid;
		cs->v[i] = cs->v[--cs->n];
	}
}

unsigned claims_ip(struct vzd *d, unsigned ctid, const struct cidr *ip)
{
	for (size_t i = 0; d->claims && i < d->claims->n; i++) {
		const struct claim *c = &d->claims->v[i];

		if (c->ctid != ctid && c->what == CLAIM_IP && (cidr_within(ip, &c->ip) || cidr_within(&c->ip, ip)))
			return c->ctid;
	}
	return 0;
}

unsigned claims_name(struct vzd *d, unsigned ctid, const char *name)
{
	for (size_t i = 0; name && *name && d->claims && i < d->claims->n; i++)
		if (d->claims->v[i].ctid != ctid && str_eq(d->claims->v[i].name, name))
			return d->claims->v[i].ctid;
	return 0;
}

unsigned claims_port(struct vzd *d, unsigned ctid, const struct nat_fwd *f)
{
	for (size_t i = 0; d->claims && i < d->claims->n; i++) {
		const struct claim *c = &d->claims->v[i];

		if (c->ctid != ctid && c->what == CLAIM_PORT && nat_fwd_overlap(f, &c->port))
			return c->ctid;
	}
	return 0;
}

static int add(struct vzd *d, const struct claim *c, struct err *e)
{
	struct claim *v;

	if (!d->claims && !(d->claims = calloc(1, sizeof(*d->claims))))
		return err_set(e, ENOMEM, "request");
	v = reallocarray(d->claims->v, d->claims->n + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "request");
	d->claims->v = v;
	v[d->claims->n++] = *c;
	return 0;
}

int claims_add(struct vzd *d, unsigned ctid, const struct str_list *ips, const char *name, struct err *e)
{
	for (size_t i = 0; i < ips->n; i++) {
		struct claim c = { .ctid = ctid };
		struct net_ip ignored;

		if (ips_routed(ips->v[i], &c.ip, &ignored) && add(d, &c, e) < 0)
			return -e->code;
	}
	if (name && *name) {
		struct claim c = { .ctid = ctid, .what = CLAIM_NAME };

		if (str_copy(c.name, sizeof(c.name), name) == 0 && add(d, &c, e) < 0)
			return -e->code;
	}
	return 0;
}

int claims_add_port(struct vzd *d, unsigned ctid, const struct nat_fwd *f, struct err *e)
{
	return add(d, &(struct claim){ .ctid = ctid, .what = CLAIM_PORT, .port = *f }, e);
}

void claims_words(void *vzd, unsigned ctid, const char *words)
{
	struct str_list ips __attribute__((cleanup(str_list_clear))) = { 0 };
	json_t *all = json_loads(words, 0, NULL), *w;
	struct err e = { 0 }, wrong = { 0 };
	struct nat_fwd port;
	size_t i;

	json_array_foreach(all, i, w) {
		const char *word = json_string_value(w);

		if (!word || e.code)
			continue;
		if (str_starts(word, "--ipadd="))
			str_list_add(&ips, word + strlen("--ipadd="), &e);
		else if (str_starts(word, "--name="))
			claims_add(vzd, ctid, &ips, word + strlen("--name="), &e);
		else if (str_starts(word, "--forward_add=") && nat_fwd_parse(word + strlen("--forward_add="), &port, &wrong) == 0)
			claims_add_port(vzd, ctid, &port, &e);
	}
	if (e.code || claims_add(vzd, ctid, &ips, NULL, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "what is promised");
	json_decref(all);
}

void claims_done(struct vzd *d)
{
	if (d->claims)
		free(d->claims->v);
	free(d->claims);
	d->claims = NULL;
}
