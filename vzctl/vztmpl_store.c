/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vztmpl list, info, verify, rm, gc, pin: the templates that are here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libct/ct.h"
#include "libct/snapshot.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/vztmpl.h"

/* Set-id files that every distribution has are a number, others are named. */
static void print_odd(const struct tmpl_info *i)
{
	static const char *const names[] = {
		[TMPL_ODD_SETID] = "Set-id files", [TMPL_ODD_CAPS] = "File capabilities", [TMPL_ODD_DEVICE] = "Device nodes",
		[TMPL_ODD_WRITABLE] = "Writable by all", [TMPL_ODD_ACL] = "ACL entries left out",
	};
	_Static_assert(ARRAY_SIZE(names) == TMPL_ODD_N, "name every kind");
	uint64_t unusual = 0;

	for (size_t k = 0; k < TMPL_ODD_N; k++) {
		unusual += i->unusual[k];
		if (i->odd[k])
			printf("%s: %llu, %llu unusual\n", names[k], (unsigned long long)i->odd[k],
			       (unsigned long long)i->unusual[k]);
	}
	if (unusual)
		printf("Have a look at:\n");
	for (const char *p = i->notes; unusual && *p;) {
		size_t n = strcspn(p, "\n");

		printf("  %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
}

/* What containers stand on, or would. */
static void print_form(const struct tmpl_info *i)
{
	struct tmpl_form f;
	struct err none = { 0 };

	printf("Unpacked:   %s\n", i->unpacked ? "yes" : "no");
	if (tmpl_format(&f, &none) < 0)
		f = (struct tmpl_form){ .format = none.text };
	if (i->image_bytes)
		printf("Kept as:    %s image, %llu bytes\n", i->form, (unsigned long long)i->image_bytes);
	else
		printf("Kept as:    %s%s\n", i->form[0] ? i->form : f.format, i->form[0] ? "" : ", when it is first used");
	if (f.why[0] && !i->image_bytes)
		printf("No image:   %s\n", f.why);
}

void vztmpl_print(const char *dir, const struct tmpl *t, const struct tmpl_info *i)
{
	struct tmpl_origin o;
	struct err none = { 0 };

	printf("Name:       %s\nArchive:    %s\nSize:       %llu bytes\n", t->name, t->archive,
	       (unsigned long long)i->archive_bytes);
	if (t->digest[0])
		printf("SHA-256:    %s\n", t->digest);
	if (t->digest[0] && tmpl_origin(dir, t->digest, &o, &none) == 0)
		printf("From:       %s %s, %s\nSigned by:  %s\n", o.kind, o.source, o.added,
		       o.signed_by[0] ? o.signed_by : "nobody");
	print_form(i);
	if (i->entries)
		printf("Entries:    %llu\nTree:       %llu bytes\nDevices left out: %llu\nAttributes left out: %llu\n",
		       (unsigned long long)i->entries, (unsigned long long)i->bytes, (unsigned long long)i->nodes_skipped,
		       (unsigned long long)i->xattrs_dropped);
	print_odd(i);
}

static void print_long(const char *dir, const char *name)
{
	struct tmpl_origin o = { .kind = "" };
	struct err none = { 0 };
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_find(dir, name, &t, &none) < 0 || tmpl_info(dir, &t, &i, &none) < 0) {
		printf("%-40s %s\n", name, none.text);
		return;
	}
	if (t.digest[0])
		tmpl_origin(dir, t.digest, &o, &none);
	printf("%-40s %7llu MB  %-12.12s  %-8s  %s\n", t.name, (unsigned long long)(i.archive_bytes + (1 << 20) - 1) >> 20,
	       t.digest[0] ? t.digest : "-", i.unpacked ? "unpacked" : "-", o.signed_by[0] ? o.signed_by : "-");
}

int vztmpl_list(struct vztmpl *v, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	if (tmpl_list(v->dir, &l, e) < 0)
		return -e->code;
	if (v->given & VZTMPL_LONG)
		printf("%-40s %10s  %-12s  %-8s  %s\n", "NAME", "SIZE", "SHA-256", "STORE", "SIGNED BY");
	for (size_t i = 0; i < l.n; i++) {
		if (v->given & VZTMPL_LONG)
			print_long(v->dir, l.v[i]);
		else
			printf("%s\n", l.v[i]);
	}
	return 0;
}

int vztmpl_info(struct vztmpl *v, struct err *e)
{
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_find(v->dir, v->operand[0], &t, e) < 0 || tmpl_info(v->dir, &t, &i, e) < 0)
		return -e->code;
	vztmpl_print(v->dir, &t, &i);
	return 0;
}

int vztmpl_verify(struct vztmpl *v, struct err *e)
{
	struct tmpl_info i;
	struct tmpl t;

	if (tmpl_find(v->dir, v->operand[0], &t, e) < 0 || tmpl_verify(v->dir, &t, NULL, &i, e) < 0)
		return -e->code;
	vztmpl_print(v->dir, &t, &i);
	printf("The archive is sound.\n");
	return 0;
}

int vztmpl_rm(struct vztmpl *v, struct err *e)
{
	struct tmpl t;

	if (tmpl_find(v->dir, v->operand[0], &t, e) < 0 || tmpl_rm(v->dir, &t, e) < 0)
		return -e->code;
	printf("%s removed\n", t.archive);
	return 0;
}

int vztmpl_gc(struct vztmpl *v, struct err *e)
{
	struct ct_garbage users __attribute__((cleanup(ct_garbage_done))) = { .host = NULL };
	struct tmpl_gc g = { .users = ct_garbage_users, .arg = &users, .dry_run = v->given & VZTMPL_DRY, .ui = &v->ui,
			     .marked = v->given & VZTMPL_MARKED, .kept = &users.kept,
			     .days = v->given & VZTMPL_DAYS ? (unsigned)v->days : 0 };
	int rc;

	if (ct_host_open(NULL, &users.host, e) < 0)
		return -e->code;
	rc = tmpl_gc(v->dir, &g, e);
	if (rc == 0 && !g.dry_run && !g.marked)
		rc = ct_garbage_shared(users.host, e);
	ct_host_close(users.host);
	if (rc < 0)
		return rc;
	printf("%llu trees, %llu bytes%s\n", (unsigned long long)g.n, (unsigned long long)g.bytes,
	       g.dry_run ? " would be removed" : " removed");
	return 0;
}

/* By name, what that name means now; by digest, any. */
static int pin(struct vztmpl *v, bool on, struct err *e)
{
	const char *name = v->operand[0];
	struct tmpl_ready r;
	struct tmpl t;

	if (strlen(name) == TMPL_DIGEST_LEN && !strchr(name, '.'))
		return tmpl_pin(v->dir, name, on, e);
	if (tmpl_find(v->dir, name, &t, e) < 0 || tmpl_ready(v->dir, &t, NULL, &r, e) < 0)
		return -e->code;
	return tmpl_pin(v->dir, t.digest, on, e);
}

int vztmpl_pin(struct vztmpl *v, struct err *e)
{
	return pin(v, true, e);
}

int vztmpl_unpin(struct vztmpl *v, struct err *e)
{
	return pin(v, false, e);
}
