/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates in the attached pools, by digest and by name. A pool that does not answer hides no other one's. */
#include <errno.h>
#include <string.h>

#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/path.h"

static bool off;

void tmpl_pools_off(void)
{
	off = true;
}

struct search {
	const char *digest, *name;	/* one of them */
	struct str_list *names;		/* or all names into this */
	char found[TMPL_DIGEST_LEN + 1];
	int dir;			/* of the image */
	struct tmpl_pool pool;
};

static int look(int pool, struct search *s, struct err *e)
{
	auto_free struct tmpl_image *v = NULL;
	size_t n = 0;
	int rc;

	if (s->names) {
		if (pool_images(pool, &v, &n, e) < 0)
			return -e->code;
		for (size_t i = 0; i < n; i++)
			if (!str_list_has(s->names, v[i].name) && str_list_add(s->names, v[i].name, e) < 0)
				return -e->code;
		return -ENOENT;		/* go on */
	}
	if (s->name) {
		rc = pool_digest_of(pool, s->name, s->found);
		return rc < 0 && rc != -ENOENT ? err_set(e, -rc, "name/%s", s->name) : rc;
	}
	s->dir = pool_image_open(pool, s->digest);
	if (s->dir >= 0)
		return 0;
	return errno == ENOENT ? -ENOENT : err_set(e, errno, "sha256/%.12s...", s->digest);
}

static int look_in(const char *tmpldir, const char *name, struct search *s, struct err *e)
{
	auto_close int fd = -1;
	int rc;

	if (pool_conf_load(tmpldir, name, &s->pool, e) < 0)
		return -e->code;
	if (!s->pool.id[0])
		return -ENOENT;
	fd = pool_open(tmpldir, &s->pool, e);
	if (fd < 0)
		return -e->code;
	rc = look(fd, s, e);
	return rc < 0 && rc != -ENOENT ? err_add(e, "pool %s", name) : rc;
}

/* 0: found. -ENOENT: in none of those that answered; *e is then why the first one did not, if one did not. */
static int search(const char *tmpldir, struct search *s, struct err *e)
{
	struct str_list names auto_call(str_list_clear) = { 0 };
	struct err first = { 0 };

	if (off)
		return -ENOENT;
	if (pool_conf_names(&names, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names.n; i++) {
		struct err why = { 0 };
		int rc = look_in(tmpldir, names.v[i], s, &why);

		if (rc == 0)
			return 0;
		if (why.code && !first.code)
			first = why;
	}
	*e = first;
	return -ENOENT;
}

int pool_find_image(const char *tmpldir, const char *digest, int *ret_dir, struct err *e)
{
	struct search s = { .digest = digest, .dir = -1 };

	if (search(tmpldir, &s, e) == 0) {
		*ret_dir = s.dir;
		return 0;
	}
	if (!e->code)
		return err_set(e, ENOENT, "no attached pool has template %.12s...", digest);
	if (e->code == ENOENT)
		e->code = EIO;		/* its source is gone */
	return -e->code;
}

int pool_find_name(const char *tmpldir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	struct search s = { .name = name, .dir = -1 };

	if (search(tmpldir, &s, e) == 0)
		return str_copy(digest, TMPL_DIGEST_LEN + 1, s.found);
	return e->code ? -e->code : err_set(e, ENOENT, "no attached pool has template %s", name);
}

int pool_add_names(const char *tmpldir, struct str_list *ret, struct err *e)
{
	struct search s = { .names = ret, .dir = -1 };
	struct err silent = { 0 };

	(void)e;
	search(tmpldir, &s, &silent);
	return 0;
}

int tmpl_pool_of(const char *tmpldir, const char *digest, struct tmpl_pool *ret, struct err *e)
{
	struct search s = { .digest = digest, .dir = -1 };

	if (tmpl_is_local(tmpldir, digest))
		return err_set(e, ENOENT, "template %.12s... is local", digest);
	if (search(tmpldir, &s, e) == 0) {
		auto_close_(&s.dir);
		*ret = s.pool;
		return 0;
	}
	return e->code ? -e->code : err_set(e, ENOENT, "template %.12s...", digest);
}
