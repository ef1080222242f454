/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/change_more.h"

#include <inttypes.h>

#include "libct/capped.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "vzd/change.h"
#include "vzd/conf_json.h"
#include "vzd/inv.h"

#define CONF __attribute__((cleanup(ct_conf_done))) struct ct_conf

static json_t *number(uint64_t v)
{
	return v >= NUM_UNLIMITED ? json_null() : json_integer((json_int_t)v);
}

static int refuse(struct api_call *c, const struct ct_more *m)
{
	struct buf auto_buf b = BUF_INIT;
	char name[64];

	buf_addf(&b, "%s: a tenant may lower it, only an operator of the host raises it; ", m->row->key);
	if (ct_form(m->row) == CT_FORM_BOOL) {
		buf_addf(&b, "it is %s", m->most ? "yes" : "no");
	} else {
		buf_addf(&b, "the most is %" PRIu64 ", asked is ", m->most);
		num_print(&b, m->has);
	}
	api_problem(c, "forbidden", 0, buf_str(&b),
		    json_pack("{s:s?, s:o, s:o}", "resource", conf_json_name(m->row, name), "limit", number(m->most),
			      "requested", number(m->has)));
	return -1;
}

static int judge(struct api_call *c, const char *tenant, const struct ct_conf *asked, const struct ct_conf *have)
{
	bool limits = tenant && auth_tenant_exists(c->d->auth, tenant);
	struct ct_more more;

	return ct_conf_more(asked, have, limits ? PARAM_CAPPED : PARAM_CAPPED | PARAM_COUNTED, &more) ? refuse(c, &more) : 0;
}

static int failed(struct api_call *c, const struct err *e)
{
	api_problem_err(c, e);
	return -1;
}

int more_judge_ct(struct api_call *c, const struct inv_ct *ct, const char *tenant, const struct ct_conf *asked)
{
	struct err e = { 0 };
	struct ct *open;
	int rc;

	if (!change_bound(c))
		return 0;
	if (inv_ct_open(c->d->inv, ct->id, &open, &e) < 0)
		return failed(c, &e);
	rc = judge(c, tenant, asked, ct_conf(open));
	ct_close(open);
	return rc;
}

int more_judge_new(struct api_call *c, const char *tenant, const struct ct_conf *asked)
{
	struct err e = { 0 };
	CONF fresh = { 0 };

	if (!change_bound(c))
		return 0;
	return ct_conf_new(c->d->host, &fresh, &e) < 0 ? failed(c, &e) : judge(c, tenant, asked, &fresh);
}

int more_judge_copy(struct api_call *c, const struct inv_ct *src, const char *tenant, const struct ct_conf *asked)
{
	struct err e = { 0 };
	struct ct *open;
	CONF conf = { 0 };
	int rc;

	if (!change_bound(c))
		return 0;
	if (inv_ct_open(c->d->inv, src->id, &open, &e) < 0)
		return failed(c, &e);
	rc = ct_conf_copy(&conf, ct_conf(open), &e);
	ct_close(open);
	return rc < 0 ? failed(c, &e) : more_judge_archive(c, &conf, tenant, asked);
}

int more_judge_archive(struct api_call *c, struct ct_conf *conf, const char *tenant, const struct ct_conf *asked)
{
	struct err e = { 0 };
	CONF fresh = { 0 };

	if (!change_bound(c))
		return 0;
	if (ct_conf_new(c->d->host, &fresh, &e) < 0)
		return failed(c, &e);
	ct_conf_lower(conf, &fresh);
	return judge(c, tenant, asked, conf);
}
