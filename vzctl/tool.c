/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the companion tools: containers with their figures, and how things are said. */
#include "vzctl/tool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/kv.h"
#include "vzctl/ui.h"

#define RUN_DIR "/run/vz"	/* one directory per container that is mounted or runs */

static struct ui silent = { .quiet = true };

int tool_host(struct ct_host **ret, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &silent };

	return ct_host_open(&sink, ret, e);
}

void tool_log(const struct ct_host *h, const char *prog)
{
	ui_log(&silent, ct_host_conf(h), prog);
}

void tool_host_done(struct ct_host **h)
{
	ct_host_close(*h);
	*h = NULL;
}

static int fill(struct ct_host *h, const char *id, unsigned flags, unsigned want, struct tool_ct *ret, struct err *e)
{
	*ret = (struct tool_ct){ 0 };
	if (ct_open(h, id, flags, &ret->ct, e) < 0)
		return -e->code;
	ret->id = ct_id(ret->ct);
	ret->conf = ct_conf(ret->ct);
	if (ct_info(ret->ct, want, &ret->info, e) < 0) {
		tool_ct_done(ret);
		return -e->code;
	}
	if (!(want & CT_WANT_CG))
		cg_ubc_report(&ret->info.cg, &ret->conf->cg, ret->info.ubc);
	return 0;
}

int tool_ct_open(struct ct_host *h, const char *id_or_name, unsigned want, struct tool_ct *ret, struct err *e)
{
	return fill(h, id_or_name, 0, want, ret, e);
}

void tool_ct_done(struct tool_ct *t)
{
	ct_close(t->ct);
	t->ct = NULL;
}

static int id_cmp(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static int all_ids(struct ct_host *h, unsigned **ids, size_t *n, struct err *e)
{
	auto_closedir DIR *d = opendir(RUN_DIR);
	struct dirent *de;
	uint64_t id;

	if (ct_list(h, ids, n, e) < 0)
		return -e->code;
	while (d && (de = readdir(d))) {
		unsigned *v;

		if (num_u64(de->d_name, &id) < 0 || id == 0 || id > CT_ID_MAX)
			continue;
		v = reallocarray(*ids, *n + 1, sizeof(*v));
		if (!v)
			return err_set(e, ENOMEM, "list of containers");
		*ids = v;
		v[(*n)++] = (unsigned)id;
	}
	if (*n)
		qsort(*ids, *n, sizeof(**ids), id_cmp);
	return 0;
}

int tool_each(struct ct_host *h, unsigned want, int (*cb)(const struct tool_ct *t, void *arg), void *arg, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n = 0;
	int rc = 0;

	if (all_ids(h, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		struct err gone = { 0 };
		struct tool_ct t;
		char text[16];

		if (!ids[i] || (i && ids[i] == ids[i - 1]) || str_fmt(text, sizeof(text), "%u", ids[i]) < 0 ||
		    fill(h, text, CT_NO_CONFIG_OK, want, &t, &gone) < 0)
			continue;
		if (t.info.exists || t.info.run == CT_RUNNING)
			rc = cb(&t, arg);
		tool_ct_done(&t);
	}
	return rc < 0 && !e->code ? err_set(e, -rc, "containers") : rc;
}

int tool_fail(const char *prog, const struct err *e)
{
	fprintf(stderr, "%s%s%s\n", prog ? prog : "", prog ? ": " : "", e->text);
	return 1;
}

int tool_usage(const char *usage, const struct err *e, int status)
{
	if (e && e->text[0])
		fprintf(stderr, "%s\n", e->text);
	fputs(usage, status ? stderr : stdout);
	return status;
}

int tool_put(const struct buf *b)
{
	if (buf_failed(b)) {
		fputs("Out of memory\n", stderr);
		return 1;
	}
	return fputs(buf_str(b), stdout) < 0 || fflush(stdout) != 0;
}

void tool_human(uint64_t v, char dst[8])
{
	static const char units[] = "KMGTPE";
	double d = (double)v / 1024;
	size_t i = 0;

	if (v >= NUM_UNLIMITED) {
		str_copy(dst, 8, "-");
		return;
	}
	if (v < 1024) {
		snprintf(dst, 8, "%u", (unsigned)v);
		return;
	}
	for (; d >= 1024 && i < sizeof(units) - 2; i++)
		d /= 1024;
	/* what would round up to one digit more is printed with one place less */
	snprintf(dst, 8, "%.*f%c", d < 9.995 ? 2 : d < 99.95 ? 1 : 0, d, units[i]);
}

uint64_t tool_keyed(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, key, len) != 0)
			continue;
		return strtoull(p + len, NULL, 10);
	}
	return 0;
}

void tool_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

char *tool_conf_value(const char *path, const char *key)
{
	auto_kv struct kv kv = { 0 };
	struct err ignored = { 0 };
	const char *v = kv_load(&kv, AT_FDCWD, path, &ignored) < 0 ? NULL : kv_get(&kv, key);

	return v ? strdup(v) : NULL;
}

int tool_kv_write(const struct kv *kv, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	auto_close int dir = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct buf auto_buf b = { .cap = 4u << 20 };
	struct stat st;

	if (dir < 0)
		return err_set(e, errno, "%s", path);
	if (kv_print(kv, &b, e) < 0)
		return -e->code;
	return fio_replace(dir, slash ? slash + 1 : path, buf_str(&b), b.len, stat(path, &st) == 0 ? st.st_mode & 07777 : 0644, e);
}
