/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vztmpl pull: templates that an index names, from a web server or a directory. The order matters: the signature over the
 * index before anything of it is read, its age and serial before anything is fetched, an archive's digest before it is
 * unpacked, and the unpacker's judgement before it has a name. What is in place stays until the rename.
 *   TEMPLATE/index/KEY-ID   SERIAL="..."   the newest serial that was seen of an issuer's index, so that none older passes
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "templates/index.h"
#include "templates/pull.h"
#include "templates/sign.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/num.h"
#include "util/path.h"
#include "util/str.h"

#define INDEX_FILE "index.json"
#define SIG_MAX 4096

struct pull {
	const struct tmpl_pull *p;
	const char *tmpldir;
	int base;
	struct tmpl_tmp tmp;
	char where[2048];		/* the index's directory, or its URL */
	char index_url[2100];
	struct sign_key key;		/* name "": not signed */
	struct index ix;
};

/* DIR, DIR/index.json, and the same as URLs. */
static int locate(struct pull *x, struct err *e)
{
	const char *s = x->p->source, *path = fetch_path(s);
	size_t len;
	char *slash;

	if (!fetch_is_web(s) && !path)
		return err_say(e, EINVAL, "%s is neither a full path nor a URL that begins with file://, http:// or https://", s);
	if (str_has_ctrl(s) || strchr(s, ' ') || str_copy(x->where, sizeof(x->where), path ? path : s) < 0)
		return err_say(e, EINVAL, "the address of the index is not valid");
	if (str_ends(s, ".json")) {
		str_copy(x->index_url, sizeof(x->index_url), x->where);
		slash = strrchr(x->where, '/');
		if (slash)
			*slash = '\0';
		return 0;
	}
	for (len = strlen(x->where); len > 1 && x->where[len - 1] == '/'; len--)
		x->where[len - 1] = '\0';
	str_fmt(x->index_url, sizeof(x->index_url), "%s/" INDEX_FILE, x->where);
	return 0;
}

static int read_back(int fd, struct buf *b, const char *what, struct err *e)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "%s", what);
	return fio_read_fd(fd, b, what, e);
}

static int check_signature(struct pull *x, const struct buf *text, struct err *e)
{
	auto_buf struct buf sig = { .cap = SIG_MAX };
	auto_close int fd = -1;
	char url[2200];

	str_fmt(url, sizeof(url), "%s.sig", x->index_url);
	fd = fetch_new(url, x->tmp.dir, "sig", SIG_MAX, 0, e);
	if (fd < 0 && e->code == ENOENT && x->p->unsigned_ok) {
		err_clear(e);
		return 0;
	}
	if (fd < 0)
		return e->code == ENOENT ? err_say(e, ENOENT, "%s has no signature (%s.sig); --unsigned takes it without, if you "
						   "trust whoever can change it", x->index_url, x->index_url) : -e->code;
	if (read_back(fd, &sig, url, e) < 0)
		return -e->code;
	if (sign_verify(x->p->keys, buf_str(&sig), sig.len, buf_str(text), text->len, &x->key, e) < 0)
		return err_add(e, "%s", x->index_url);
	return 0;
}

static int state_name(const struct pull *x, char out[128])
{
	const uint8_t *n = x->key.num;

	return str_fmt(out, 128, "%02x%02x%02x%02x%02x%02x%02x%02x%s%s", n[7], n[6], n[5], n[4], n[3], n[2], n[1], n[0],
		       x->ix.id[0] ? "-" : "", x->ix.id);
}

/* Somebody between us and the issuer can keep an old index, signature and all, and show it again: not to us. */
static int check_age(struct pull *x, struct err *e)
{
	auto_close int dir = path_mkdirs(x->base, "index", 0755, e);
	auto_buf struct buf b = BUF_INIT;
	auto_kv struct kv kv = { 0 };
	struct err none = { 0 };
	uint64_t held = 0;
	char name[128];

	if (dir < 0)
		return -e->code;
	state_name(x, name);
	if (kv_load(&kv, dir, name, &none) < 0 && none.code != ENOENT) {
		*e = none;
		return err_add(e, "%s/index/%s", x->tmpldir, name);
	}
	if (!none.code && (!kv_get(&kv, "SERIAL") || num_u64(kv_get(&kv, "SERIAL"), &held) < 0))
		return err_say(e, EBADMSG, "%s/index/%s cannot be read; remove it to begin anew", x->tmpldir, name);
	if (x->ix.serial < held)
		return err_say(e, ESTALE, "%s is older than what its issuer had signed before (serial %llu, seen: %llu): the "
			       "server is behind, or somebody shows you an old index", x->index_url,
			       (unsigned long long)x->ix.serial, (unsigned long long)held);
	if (x->ix.serial == held && none.code == 0)
		return 0;
	buf_addf(&b, "SERIAL=\"%llu\"\nSOURCE=\"%s\"\n", (unsigned long long)x->ix.serial, x->where);
	return fio_replace(dir, name, buf_str(&b), b.len, 0644, e);
}

static int get_index(struct pull *x, struct err *e)
{
	auto_buf struct buf text = { .cap = INDEX_TEXT_MAX };
	auto_close int fd = fetch_new(x->index_url, x->tmp.dir, INDEX_FILE, INDEX_TEXT_MAX - 1, 0, e);

	if (fd < 0 || read_back(fd, &text, x->index_url, e) < 0 || check_signature(x, &text, e) < 0)
		return -e->code;
	if (index_parse(buf_str(&text), text.len, &x->ix, e) < 0)
		return err_add(e, "%s", x->index_url);
	if (x->ix.expires < (int64_t)time(NULL))
		return err_say(e, ESTALE, "%s has expired: its issuer no longer stands for it (is this host's clock right?)",
			       x->index_url);
	return x->key.name[0] ? check_age(x, e) : 0;
}

static bool wanted(const struct tmpl_pull *p, const struct index_item *it)
{
	if (!p->n_names)
		return !it->deprecated;
	for (size_t i = 0; i < p->n_names; i++)
		if (fnmatch(p->names[i], it->name, 0) == 0)
			return true;
	return false;
}

static int check_archive(int fd, const struct index_item *it, struct err *e)
{
	char digest[TMPL_DIGEST_LEN + 1];
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0 || tmpl_digest_fd(fd, digest, e) < 0)
		return e->code ? -e->code : err_set(e, errno, "%s", it->url);
	if ((uint64_t)size != it->size)
		return err_say(e, EBADMSG, "%s has %lld bytes, the index says %llu: it was cut short, or replaced", it->url,
			       (long long)size, (unsigned long long)it->size);
	if (strcmp(digest, it->sha256) != 0)
		return err_say(e, EBADMSG, "%s is not what the index names: its SHA-256 is %s, the index says %s", it->url, digest,
			       it->sha256);
	return 0;
}

static int pull_one(struct pull *x, const struct index_item *it, struct err *e)
{
	const struct origin o = { "pull", x->where, x->key.name };
	char url[4096], file[300], have[TMPL_DIGEST_LEN + 1];
	auto_close int fd = -1;
	struct tmpl t;

	if (import_digest(x->tmpldir, it->name, have, e) < 0)
		return -e->code;
	if (strcmp(have, it->sha256) == 0) {
		import_say(x->p->ui, "%s: is here already", it->name);
		return 0;
	}
	if (fetch_is_web(it->url))
		str_copy(url, sizeof(url), it->url);
	else if (str_fmt(url, sizeof(url), "%s/%s", x->where, it->url) < 0)
		return err_set(e, ENAMETOOLONG, "%s", it->url);
	str_fmt(file, sizeof(file), "%s%s", it->name, it->suffix);
	import_say(x->p->ui, "%s: fetching %llu bytes", it->name, (unsigned long long)it->size);
	fd = fetch_new(url, x->tmp.dir, file, it->size, it->size, e);
	if (fd < 0 || check_archive(fd, it, e) < 0 || import_archive(x->tmpldir, &x->tmp, file, it->name, &o, &t, e) < 0) {
		unlinkat(x->tmp.dir, file, 0);
		return -e->code;
	}
	import_say(x->p->ui, "%s: %s", it->name, have[0] ? "replaced by a newer one" : "new");
	return 0;
}

static int pull_all(struct pull *x, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < x->ix.n; i++) {
		struct err one = { 0 };

		if (!wanted(x->p, &x->ix.v[i]))
			continue;
		n++;
		if (pull_one(x, &x->ix.v[i], &one) == 0)
			continue;
		err_add(&one, "%s", x->ix.v[i].name);
		import_say(x->p->ui, "%s", one.text);
		if (!e->code)
			*e = one;
	}
	if (!n)
		return err_say(e, ENOENT, "%s names no such template", x->index_url);
	return -e->code;
}

static void list_all(const struct pull *x)
{
	for (size_t i = 0; i < x->ix.n; i++) {
		const struct index_item *it = &x->ix.v[i];

		if (x->p->n_names ? wanted(x->p, it) : true)
			import_say(x->p->ui, "%-40s %12llu %s%s", it->name, (unsigned long long)it->size, it->version,
				   it->deprecated ? " (deprecated)" : "");
	}
}

static void pull_done(struct pull *x)
{
	index_done(&x->ix);
	tmp_done(&x->tmp);
	auto_close_(&x->base);
}

int tmpl_pull(const char *tmpldir, const struct tmpl_pull *p, struct err *e)
{
	struct pull x __attribute__((cleanup(pull_done))) = { .p = p, .tmpldir = tmpldir, .base = -1,
							      .tmp = { .top = -1, .dir = -1 } };

	if (locate(&x, e) < 0 || path_mkdir_host(tmpldir, 0755, e) < 0)
		return -e->code;
	x.base = tmpl_base(tmpldir, e);
	if (x.base < 0 || tmpl_sweep(tmpldir, e) < 0 || tmp_make(x.base, &x.tmp, e) < 0 || get_index(&x, e) < 0)
		return -e->code;
	if (p->list_only) {
		list_all(&x);
		return 0;
	}
	return pull_all(&x, e);
}
