/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vztmpl index: the signed index of a directory of archives, which any web server can then serve as plain files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/index.h"
#include "templates/sign.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define DAY 86400

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct index_item *)a)->name, ((const struct index_item *)b)->name);
}

static int add_file(int dir, const char *file, struct index *ix, struct err *e)
{
	const char *suffix = tmpl_suffix_of(file);
	auto_close int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct index_item *it = &ix->v[ix->n];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "%s", file);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	*it = (struct index_item){ .size = (uint64_t)st.st_size };
	str_fmt(it->name, sizeof(it->name), "%.*s", (int)(suffix - file), file);
	str_copy(it->url, sizeof(it->url), file);
	if (!tmpl_name_ok(it->name) || !index_url_ok(it->url))
		return err_say(e, EINVAL, "%s cannot be in an index: rename it to letters, digits and .+-_", file);
	for (size_t i = 0; i < ix->n; i++)
		if (str_eq(ix->v[i].name, it->name))
			return err_say(e, EEXIST, "%s and %s would be one template", file, ix->v[i].url);
	ix->n++;
	return tmpl_digest_fd(fd, it->sha256, e);
}

static int scan(int dir, struct index *ix, struct err *e)
{
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	ix->v = calloc(INDEX_ITEMS_MAX + 1, sizeof(*ix->v));
	if (!d || !ix->v)
		return err_set(e, d ? ENOMEM : errno, "the directory");
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.' || !tmpl_suffix_of(de->d_name))
			continue;
		if (ix->n == INDEX_ITEMS_MAX)
			return err_say(e, E2BIG, "more than %d templates", INDEX_ITEMS_MAX);
		if (add_file(dir, de->d_name, ix, e) < 0)
			return -e->code;
	}
	qsort(ix->v, ix->n, sizeof(*ix->v), by_name);
	return ix->n ? 0 : err_say(e, ENOENT, "there is no archive (*.tar, *.tar.zst ...)");
}

/* Above that of the index which is there, so that whoever has seen that one takes this one. */
static int next_serial(int dir, struct index *ix, struct err *e)
{
	auto_buf struct buf b = { .cap = INDEX_TEXT_MAX };
	auto_index struct index old = { 0 };
	struct err none = { 0 };

	ix->serial = (uint64_t)time(NULL);
	if (faccessat(dir, "index.json", F_OK, 0) < 0)
		return 0;
	if (fio_read_at(dir, "index.json", &b, e) < 0)
		return -e->code;
	if (index_parse(buf_str(&b), b.len, &old, &none) < 0)
		return err_say(e, EBADMSG, "the index.json that is there cannot be read (%s); remove it to begin anew", none.text);
	ix->serial = MAX(ix->serial, old.serial + 1);
	if (!ix->id[0])
		str_copy(ix->id, sizeof(ix->id), old.id);
	return 0;
}

int tmpl_index_make(const struct tmpl_index_make *m, uint64_t *ret_n, struct err *e)
{
	auto_buf struct buf text = { .cap = INDEX_TEXT_MAX }, sig = BUF_INIT;
	auto_close int dir = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_index struct index ix = { .expires = time(NULL) + (int64_t)m->days * DAY };
	struct sign_sec key;

	if (dir < 0)
		return err_set(e, errno, "%s", m->dir);
	if (m->id && (!path_is_component(m->id) || str_copy(ix.id, sizeof(ix.id), m->id) < 0))
		return err_say(e, EINVAL, "\"%s\" is not an id for an index", m->id);
	if ((m->key && sign_sec_load(m->key, &key, e) < 0) || next_serial(dir, &ix, e) < 0 || scan(dir, &ix, e) < 0 ||
	    index_print(&ix, &text, e) < 0)
		return err_add(e, "%s", m->dir);
	if (m->key && sign_make(&key, buf_str(&text), text.len, &sig, e) < 0)
		return -e->code;
	/* An old signature beside a new index would be refused by everybody: so no signature stays than the one that fits. */
	if (!m->key && unlinkat(dir, "index.json.sig", 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "%s/index.json.sig", m->dir);
	if (fio_replace(dir, "index.json", buf_str(&text), text.len, 0644, e) < 0 ||
	    (m->key && fio_replace(dir, "index.json.sig", buf_str(&sig), sig.len, 0644, e) < 0))
		return err_add(e, "%s", m->dir);
	*ret_n = ix.n;
	return 0;
}
