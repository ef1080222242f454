/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/change_ports.h"

#include <string.h>

#include "net/nat.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/change.h"
#include "vzd/claims.h"
#include "vzd/inv.h"

#define CONF __attribute__((cleanup(ct_conf_done))) struct ct_conf

/* Is one of those that @ct has in the way of @f? */
static bool meets(const struct inv_ct *ct, const struct nat_fwd *f)
{
	struct err ignored = { 0 };
	struct nat_fwd has;
	char word[128];
	size_t n;

	for (const char *p = ct->forwards; *(p += strspn(p, ";")); p += n) {
		n = strcspn(p, ";");
		str_fmt(word, sizeof(word), "%.*s", (int)n, p);
		if (nat_fwd_parse(word, &has, &ignored) == 0 && nat_fwd_overlap(&has, f))
			return true;
	}
	return false;
}

static int taken(struct api_call *c, const char *text, unsigned by, bool promised)
{
	const struct inv_ct *other = inv_find(c->d->inv, by);
	struct buf auto_buf b = BUF_INIT;

	buf_addf(&b, "forward '%s': that port of the host ", text);
	if (promised)
		buf_addf(&b, "is being given to container %u by an operation that has not ended: take another one, or come again "
			 "when it has", by);
	else
		buf_addf(&b, "leads into container %u%s%s%s already: take another one", by, other && *other->name ? " (" : "",
			 other ? other->name : "", other && *other->name ? ")" : "");
	api_problem(c, "exists", VZ_IP_INUSE, buf_str(&b), json_pack("{s:i}", "ctid", (int)by));
	return -1;
}

static int judge_one(struct api_call *c, unsigned to, const char *text)
{
	struct err e = { 0 };
	struct inv_ct *ct;
	struct nat_fwd f;
	unsigned by;

	if (nat_fwd_parse(text, &f, &e) < 0)
		return 0;		/* vzctl has the words for it */
	for (size_t i = 0; (ct = inv_at(c->d->inv, i)); i++)
		if (ct->id != to && meets(ct, &f))
			return taken(c, text, ct->id, false);
	by = claims_port(c->d, to, &f);
	if (by)
		return taken(c, text, by, true);
	if (claims_add_port(c->d, to, &f, &e) == 0)
		return 0;
	api_problem_err(c, &e);
	return -1;
}

/* What is asked leads to addresses that the container has, or gets by the same change. */
static int whole_conf(struct api_call *c, unsigned ctid, const struct ct_conf *parsed, struct ct_conf *ret, struct err *e)
{
	struct ct *open = NULL;
	int rc = 0;

	if (ctid && inv_ct_open(c->d->inv, ctid, &open, e) < 0)
		return -e->code;
	if (open)
		rc = ct_conf_copy(ret, ct_conf(open), e);
	ct_close(open);
	return rc < 0 || ct_conf_merge(ret, parsed, e) < 0 ? -e->code : str_list_copy(&ret->net.forward, &parsed->net.forward, e);
}

int ports_judge(struct api_call *c, unsigned ctid, const struct ct_conf *parsed)
{
	const unsigned to = ctid ? ctid : c->ctid;
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err e = { 0 }, nowhere = { 0 };
	CONF whole = { 0 };

	if (!parsed->net.forward.n || (str_eq(c->route->op, "cli") && !change_bound(c)))
		return 0;
	if (whole_conf(c, ctid, parsed, &whole, &e) < 0) {
		api_problem_err(c, &e);
		return -1;
	}
	(void)nat_lines(to, &whole.net, &lines, &nowhere);
	for (size_t i = 0; i < lines.n; i++) {
		const char *f = nat_forward_of(lines.v[i]);

		if (f && judge_one(c, to, f) < 0)
			return -1;
	}
	return 0;
}
