/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vztmpl pull, add, build, build-base, and for those who serve templates to others: index, keygen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libct/ct.h"
#include "libct/save.h"
#include "libct/trial.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/vztmpl.h"

#define BUSYBOX "/bin/busybox"

/* What a user calls a file here, as a full path; URLs as they are. */
static const char *full(char out[8192], const char *source)
{
	char cwd[4096];

	if (source[0] == '/' || strstr(source, "://") || !getcwd(cwd, sizeof(cwd)) ||
	    str_fmt(out, 8192, "%s/%s", cwd, source) < 0)
		return source;
	return out;
}

int vztmpl_pull(struct vztmpl *v, struct err *e)
{
	const struct tmpl_pull p = {
		.source = full(v->source, v->operand[0]), .keys = v->keys, .names = v->operand + 1, .n_names = v->n - 1,
		.unsigned_ok = v->given & VZTMPL_UNSIGNED, .list_only = v->given & VZTMPL_LIST, .ui = &v->ui,
	};

	return tmpl_pull(v->dir, &p, e);
}

static int show(struct vztmpl *v, struct tmpl *t, struct err *e)
{
	struct tmpl_info i;

	if (tmpl_info(v->dir, t, &i, e) < 0)
		return -e->code;
	vztmpl_print(v->dir, t, &i);
	return 0;
}

int vztmpl_add(struct vztmpl *v, struct err *e)
{
	const struct tmpl_add a = {
		.source = full(v->source, v->operand[0]), .name = v->name, .keys = v->keys, .sha256 = v->sha256, .tag = v->tag,
		.rootfs = v->rootfs ? full(v->source2, v->rootfs) : NULL,
		.unsigned_ok = v->given & VZTMPL_UNSIGNED, .app = v->given & VZTMPL_APP, .ui = &v->ui,
	};
	struct tmpl t;

	int rc = tmpl_add(v->dir, &a, &t, e);

	if ((v->given & VZTMPL_MOVE) && a.source[0] == '/')
		unlink(a.source);
	return rc < 0 ? rc : show(v, &t, e);
}

static int save(void *arg, int out, struct err *e)
{
	return ct_save(arg, out, e);
}

int vztmpl_save(struct vztmpl *v, struct err *e)
{
	struct tmpl_new n = { .name = v->operand[1], .kind = "save", .source = v->operand[0], .fill = save };
	struct ct_host *h = NULL;
	struct ct *ct = NULL;
	struct tmpl t;
	int rc;

	if (ct_host_open(NULL, &h, e) < 0)
		return -e->code;
	rc = ct_open(h, v->operand[0], 0, &ct, e);
	n.arg = ct;
	if (rc == 0)
		rc = tmpl_new(v->dir, &n, &t, e);
	ct_close(ct);
	ct_host_close(h);
	return rc < 0 ? rc : show(v, &t, e);
}

void vztmpl_sweep(struct vztmpl *v)
{
	struct ct_host *h = NULL;
	struct err none = { 0 };

	if (!ct_trial_left() || ct_host_open(NULL, &h, &none) < 0)
		return;
	ct_trial_sweep(h, &v->ui);
	ct_host_close(h);
}

static int on_trial(void *arg, const char *archive, const struct str_list *scripts, struct err *e)
{
	struct vztmpl *v = arg;
	struct ct_host *h = NULL;
	int rc;

	if (ct_host_open(NULL, &h, e) < 0)
		return -e->code;
	rc = ct_trial(h, archive, scripts, &v->ui, e);
	ct_host_close(h);
	return rc;
}

int vztmpl_build(struct vztmpl *v, struct err *e)
{
	const struct tmpl_trial trial = { on_trial, v };
	const struct tmpl_recipe b = {
		.name = v->operand[0], .keyring = v->keyring ? full(v->source, v->keyring) : NULL, .mirror = v->mirror,
		.trial = &trial,
	};
	struct tmpl t;

	return tmpl_build(v->dir, &b, &t, e) < 0 ? -e->code : show(v, &t, e);
}

int vztmpl_base(struct vztmpl *v, struct err *e)
{
	return tmpl_build_base(v->dir, v->n ? v->operand[0] : BUSYBOX, e);
}

int vztmpl_index(struct vztmpl *v, struct err *e)
{
	const struct tmpl_index_make m = { .dir = v->operand[0], .key = v->sign, .id = v->id, .days = (unsigned)v->days };
	uint64_t n = 0;

	if (tmpl_index_make(&m, &n, e) < 0)
		return -e->code;
	printf("%s/index.json names %llu templates, for %lu days%s\n", m.dir, (unsigned long long)n, v->days,
	       m.key ? "" : "; it is not signed");
	return 0;
}

int vztmpl_keygen(struct vztmpl *v, struct err *e)
{
	const char *base = v->operand[0];

	if (tmpl_keygen(base, e) < 0)
		return -e->code;
	printf("%s.sec signs (vztmpl index DIR --sign %s.sec): keep it to yourself.\n%s.pub goes into " VZTMPL_KEYS
	       " of hosts that shall trust it.\n", base, base, base);
	return 0;
}
