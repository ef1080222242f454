/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recipes: a directory that says how a template is made. recipe.conf names the packages, files/ and post.d/ finish the
 * tree. The one builder now is mmdebstrap, which runs in namespaces of its own, the network's among them (outlet.h); what
 * it installs is signed by the distribution, whose keyring this host has. Nothing is downloaded by our own code.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "templates/add.h"
#include "templates/outlet.h"
#include "templates/pull.h"
#include "templates/recipe.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"
#include "util/spawn.h"
#include "util/str.h"

#define BUILD_TIMEOUT_MS (3600 * 1000)
#define APT_TEXT (4u << 20)
#define ARGS_MAX 64

struct recipe {
	char dir[4096];
	struct kv conf;
	struct str_list hooks;		/* paths of post.d/, sorted */
	struct str_list sources;	/* "deb URL SUITE COMPONENTS" */
	struct str_list named;		/* of these, what may be this host's own: outlet.h */
};

static void recipe_done(struct recipe *r)
{
	kv_done(&r->conf);
	str_list_clear(&r->hooks);
	str_list_clear(&r->sources);
	str_list_clear(&r->named);
}

/* A path that becomes part of an argument of a program that might show it to a shell. */
static bool plain(const char *s, const char *more)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_~";

	for (; *s; s++)
		if (!strchr(ok, *s) && !strchr(more, *s))
			return false;
	return true;
}

static const char *value(const struct kv *kv, const char *key, const char *def)
{
	const char *v = kv_get(kv, key);

	return v && *v ? v : def;
}

static const char *conf(const struct recipe *r, const char *key, const char *def)
{
	return value(&r->conf, key, def);
}

static bool has_recipe(const char *dir)
{
	char path[4200];

	return str_fmt(path, sizeof(path), "%s/recipe.conf", dir) == 0 && access(path, R_OK) == 0;
}

static int find_recipe(const char *tmpldir, const char *name, char out[4096], struct err *e)
{
	char exe[2048] = "", try[4][4096] = { "" };
	char *slash;

	if (strchr(name, '/')) {
		str_copy(try[0], sizeof(try[0]), name);
	} else if (!path_is_component(name)) {
		return err_say(e, EINVAL, "not the name of a recipe");
	} else {
		ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

		slash = n > 0 ? strrchr(exe, '/') : NULL;
		if (slash)
			*slash = '\0';
		str_fmt(try[0], sizeof(try[0]), "%s/recipes/%s", tmpldir, name);
		str_fmt(try[1], sizeof(try[1]), VZ_LIBEXEC "/recipes/%s", name);
		str_fmt(try[2], sizeof(try[2]), "%s/../templates/recipes/%s", exe, name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(try); i++) {
		auto_free char *real = try[i][0] && has_recipe(try[i]) ? realpath(try[i], NULL) : NULL;

		if (real && str_copy(out, 4096, real) == 0)
			return 0;
	}
	return err_say(e, ENOENT, "recipe %s not found: no %s/recipe.conf", name, try[0]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_hooks(struct recipe *r, struct err *e)
{
	char dir[4200], path[4500];
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	struct stat st;

	str_fmt(dir, sizeof(dir), "%s/post.d", r->dir);
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", dir);
	while ((de = readdir(d))) {
		if (de->d_name[0] < '0' || de->d_name[0] > '9')
			continue;
		if (str_fmt(path, sizeof(path), "%s/%s", dir, de->d_name) < 0 || !plain(path, "/") || access(path, X_OK) < 0 ||
		    stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			return err_say(e, EINVAL, "%s/%s is no executable file, or its path has other characters than letters, "
				       "digits and /._+-", dir, de->d_name);
		if (str_list_add(&r->hooks, path, e) < 0)
			return -e->code;
	}
	if (r->hooks.n > 1)
		qsort(r->hooks.v, r->hooks.n, sizeof(r->hooks.v[0]), by_name);
	return 0;
}

int tmpl_recipe_check(const struct kv *kv, const char *dir, struct err *e)
{
	const struct { const char *key, *more; bool need; } t[] = {
		{ "NAME", "", true }, { "ARCH", "", true }, { "BUILDER", "", true },
		{ "SUITE", "", !str_eq(value(kv, "BUILDER", ""), "base") },
		{ "SUITES_MORE", " ", false }, { "COMPONENTS", " ", false }, { "VARIANT", "", false },
		{ "PACKAGES", " :", false }, { "KEYRING", "/", false }, { "KEYRING_PACKAGE", "", false }, { "NET", "", false },
		{ "BASE", "", false }, { "ZSTD_LEVEL", "", false }, { "SOURCE_DATE_EPOCH", "", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const char *v = value(kv, t[i].key, "");

		if ((t[i].need && !*v) || !plain(v, t[i].more))
			return err_say(e, EINVAL, "%s/recipe.conf: %s is %s", dir, t[i].key, *v ? "not valid" : "missing");
	}
	if (!path_is_component(value(kv, "NAME", "")) || strlen(value(kv, "NAME", "")) > 200)
		return err_say(e, EINVAL, "%s/recipe.conf: NAME is not valid", dir);
	if (!str_eq(value(kv, "BUILDER", ""), "mmdebstrap") && !str_eq(value(kv, "BUILDER", ""), "base"))
		return err_say(e, EINVAL, "%s/recipe.conf: BUILDER: mmdebstrap and base are known", dir);
	if (str_eq(value(kv, "BUILDER", ""), "base") && !tmpl_name_ok(value(kv, "BASE", "")))
		return err_say(e, EINVAL, "%s/recipe.conf: BASE is missing: the template to begin with", dir);
	return 0;
}

/* What was said at the command line. */
static int override(struct recipe *r, const struct tmpl_recipe *b, struct err *e)
{
	const struct { const char *key, *opt, *value; } t[] = {
		{ "KEYRING", "--keyring", b->keyring }, { "MIRROR", "--mirror", b->mirror },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (t[i].value && !str_eq(conf(r, "BUILDER", ""), "mmdebstrap"))
			return err_say(e, EINVAL, "%s has no use for %s: it is made of another template", r->dir, t[i].opt);
		if (t[i].value && kv_set(&r->conf, t[i].key, t[i].value, false, e) < 0)
			return err_add(e, "%s", t[i].opt);
	}
	return 0;
}

static int load(struct recipe *r, const char *tmpldir, const struct tmpl_recipe *b, struct err *e)
{
	auto_close int dir = -1;

	if (find_recipe(tmpldir, b->name, r->dir, e) < 0)
		return -e->code;
	dir = open(r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", r->dir);
	if (kv_load(&r->conf, dir, "recipe.conf", e) < 0)
		return err_add(e, "%s", r->dir);
	if (override(r, b, e) < 0)
		return -e->code;
	return tmpl_recipe_check(&r->conf, r->dir, e) < 0 || recipe_scripts_check(r->dir, e) < 0 ? -e->code : read_hooks(r, e);
}

/* Runs a program whose output is wanted. */
static int run_read(const char *const *argv, struct buf *b, struct err *e)
{
	auto_close int fd = memfd_create("output", MFD_CLOEXEC);
	struct spawn s = { .argv = argv, .out = fd, .err = -1, .timeout_ms = BUILD_TIMEOUT_MS };
	int status;

	if (fd < 0)
		return err_set(e, errno, "memfd");
	if (spawn_wait(&s, &status, e) < 0)
		return -e->code;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "output of %s", argv[0]);
	return fio_read_fd(fd, b, argv[0], e);
}

/* One line per index that this host's apt knows: URL|RELEASE|ORIGIN. Asks apt to fetch its lists when it has none. */
static int apt_targets(struct buf *b, struct err *e)
{
	static const char *const ask[] = { "/usr/bin/apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(ORIGIN)",
					   "Created-By: Packages", NULL };
	static const char *const update[] = { "/usr/bin/apt-get", "-q", "update", NULL };
	struct spawn s = { .argv = update, .out = 2, .timeout_ms = BUILD_TIMEOUT_MS };
	int status;

	if (run_read(ask, b, e) < 0)
		return -e->code;
	if (b->len)
		return 0;
	if (spawn_wait(&s, &status, e) < 0)
		return -e->code;
	return run_read(ask, b, e);
}

static bool is_security(const char *suite)
{
	return str_ends(suite, "-security");
}

/* The mirror for @suite: of the same suite, or for Debian's of another Debian suite of its kind. "" if apt knows none. */
static int mirror_of(const struct str_list *lines, const char *suite, bool debian, char out[1024], struct err *e)
{
	bool exact = false;

	out[0] = '\0';
	for (size_t i = 0; i < lines->n && !exact; i++) {
		struct str_list f __attribute__((cleanup(str_list_clear))) = { 0 };

		if (str_list_split(&f, lines->v[i], "|", e) < 0)
			return -e->code;
		if (f.n < 2)
			continue;
		exact = str_eq(f.v[1], suite);
		if (exact || (debian && !out[0] && f.n > 2 && str_eq(f.v[2], "Debian") &&
			      is_security(f.v[1]) == is_security(suite)))
			if (str_copy(out, 1024, f.v[0]) < 0 || !plain(out, "/:@[]%?="))
				return err_say(e, EINVAL, "apt's mirror for %s is not a plain URL", suite);
	}
	return 0;
}

static int add_source(struct recipe *r, const char *url, const char *suite, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addf(&b, "deb %s %s %s", url, suite, conf(r, "COMPONENTS", "main"));
	return str_list_add(&r->sources, buf_str(&b), e) < 0 ? -e->code : outlet_name(&r->named, url, e);
}

/* All suites from the one mirror, which a distribution other than this host's needs. */
static int own_mirror(struct recipe *r, const char *mirror, const struct str_list *suites, struct err *e)
{
	if (!plain(mirror, "/:@[]%?="))
		return err_say(e, EINVAL, "%s/recipe.conf: MIRROR is not a plain URL", r->dir);
	for (size_t i = 0; i < suites->n; i++)
		if (add_source(r, mirror, suites->v[i], e) < 0)
			return -e->code;
	return 0;
}

static int find_sources(struct recipe *r, struct err *e)
{
	struct str_list suites __attribute__((cleanup(str_list_clear))) = { 0 };
	struct str_list lines __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = { .cap = APT_TEXT };
	const char *mirror = conf(r, "MIRROR", NULL);
	bool debian = str_eq(conf(r, "OS", "debian"), "debian");
	char url[1024];

	if (str_list_add(&suites, conf(r, "SUITE", ""), e) < 0 ||
	    str_list_split(&suites, conf(r, "SUITES_MORE", ""), " ", e) < 0)
		return -e->code;
	if (mirror)
		return own_mirror(r, mirror, &suites, e);
	if (apt_targets(&b, e) < 0 ||
	    str_list_split(&lines, buf_str(&b), "\n", e) < 0)
		return err_add(e, "ask apt for a mirror");
	for (size_t i = 0; i < suites.n; i++) {
		if (mirror_of(&lines, suites.v[i], debian, url, e) < 0)
			return -e->code;
		if (url[0] && add_source(r, url, suites.v[i], e) < 0)
			return -e->code;
	}
	if (!r->sources.n || !strstr(r->sources.v[0], conf(r, "SUITE", "")))
		return err_say(e, ENOENT, "this host's apt knows no mirror of %s %s; name one with --mirror URL, or set "
			       "MIRROR=\"URL\" in %s/recipe.conf or a copy of it",
			       conf(r, "OS", "debian"), conf(r, "SUITE", ""), r->dir);
	return 0;
}

static int arg(struct str_list *l, const char *opt, const char *val, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addf(&b, "%s%s", opt, val);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "arguments");
	return str_list_add(l, buf_str(&b), e);
}

/* Of another distribution than this host's. */
static int check_keyring(const struct recipe *r, struct err *e)
{
	const char *keys = conf(r, "KEYRING", NULL);

	if (!keys)
		return 0;
	if (recipe_keyring(keys, e) == 0)
		return 0;
	if (e->code != ENOENT)
		return err_add(e, "keyring");
	return err_say(e, ENOENT, "%s is missing, the keys that sign this distribution: apt-get install %s, or get it from the "
		       "distribution's site and name it with --keyring FILE", keys, conf(r, "KEYRING_PACKAGE", "its keyring"));
}

static void commas(struct buf *b, const char *words)
{
	for (; *words; words++)
		buf_addc(b, *words == ' ' ? ',' : *words);
}

static int mmdebstrap_args(const struct recipe *r, const char *out, struct str_list *l, struct err *e)
{
	bool lists = str_eq(conf(r, "APT_LISTS", "no"), "yes");
	auto_buf struct buf packages = BUF_INIT;

	commas(&packages, conf(r, "PACKAGES", ""));
	if (arg(l, "/usr/bin/mmdebstrap", "", e) < 0 || arg(l, "--mode=", "unshare", e) < 0 ||
	    arg(l, "--variant=", conf(r, "VARIANT", "minbase"), e) < 0 ||
	    arg(l, "--architectures=", conf(r, "ARCH", ""), e) < 0 || arg(l, "--format=", "tar", e) < 0)
		return -e->code;
	if ((conf(r, "KEYRING", NULL) && arg(l, "--keyring=", conf(r, "KEYRING", ""), e) < 0) ||
	    (packages.len && arg(l, "--include=", buf_str(&packages), e) < 0))
		return -e->code;
	if (lists && (arg(l, "--skip=", "cleanup/apt/lists", e) < 0 ||
		      arg(l, "--aptopt=", "Acquire::Languages \"none\"", e) < 0 ||
		      arg(l, "--aptopt=", "Acquire::GzipIndexes \"true\"", e) < 0))
		return -e->code;
	for (size_t i = 0; i < r->hooks.n; i++)
		if (arg(l, "--customize-hook=", r->hooks.v[i], e) < 0)
			return -e->code;
	if (arg(l, conf(r, "SUITE", ""), "", e) < 0 || arg(l, out, "", e) < 0)
		return -e->code;
	for (size_t i = 0; i < r->sources.n; i++)
		if (arg(l, r->sources.v[i], "", e) < 0)
			return -e->code;
	return l->n < ARGS_MAX ? 0 : err_say(e, E2BIG, "too many arguments for mmdebstrap");
}

static int compress(const struct recipe *r, const char *from, const char *to, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	if (arg(&l, "/usr/bin/zstd", "", e) < 0 || arg(&l, "-q", "", e) < 0 || arg(&l, "-T0", "", e) < 0 ||
	    arg(&l, "-", conf(r, "ZSTD_LEVEL", "9"), e) < 0 || arg(&l, from, "", e) < 0 || arg(&l, "-o", "", e) < 0 ||
	    arg(&l, to, "", e) < 0)
		return -e->code;
	return recipe_tool(&(struct recipe_tool){ .argv = &l, .package = "zstd" }, e);
}

static int by_mmdebstrap(struct recipe *r, const char *tmpldir, const struct tmpl_tmp *tmp, const char *file, struct err *e)
{
	struct str_list args __attribute__((cleanup(str_list_clear))) = { 0 };
	struct outlet net __attribute__((cleanup(outlet_close))) = OUTLET_NONE;
	auto_close int work = -1;
	char tar[4300], zst[4600];

	if (check_keyring(r, e) < 0 || find_sources(r, e) < 0)
		return -e->code;
	if (str_fmt(tar, sizeof(tar), "%s/tmp/%s/root.tar", tmpldir, tmp->name) < 0 || !plain(tar, "/") ||
	    str_fmt(zst, sizeof(zst), "%s/tmp/%s/%s", tmpldir, tmp->name, file) < 0)
		return err_say(e, EINVAL, "the path %s has characters that a build cannot use", tmpldir);
	if (mmdebstrap_args(r, tar, &args, e) < 0 || outlet_open(&net, &r->named, e) < 0)
		return -e->code;
	work = add_dir(tmp, "work", e);
	if (work < 0)
		return -e->code;
	const struct recipe_tool tool = { &args, "mmdebstrap", conf(r, "SOURCE_DATE_EPOCH", NULL), net.netns, work };

	if (fchmod(work, 01777) < 0)
		return err_set(e, errno, "tmp/%s/work", tmp->name);
	if (recipe_tool(&tool, e) < 0)
		return err_add(e, "build %s", conf(r, "NAME", ""));
	outlet_close(&net);
	if (compress(r, tar, zst, e) < 0)
		return -e->code;
	unlinkat(tmp->dir, "root.tar", 0);
	return 0;
}

/* The archive of another template, to which chroot.d adds. */
static int by_base(const struct recipe *r, const char *tmpldir, const struct tmpl_tmp *tmp, const char *file, struct err *e)
{
	auto_close int tree = -1;
	struct tmpl t;

	if (tmpl_find(tmpldir, conf(r, "BASE", ""), &t, e) < 0)
		return err_add(e, "BASE");
	tree = add_dir(tmp, "base", e);
	return tree < 0 || tmpl_unpack(&t, tree, NULL, e) < 0 ? -e->code : add_pack(tmp, tree, false, file, e);
}

int tmpl_build(const char *tmpldir, const struct tmpl_recipe *b, struct tmpl *ret, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	struct recipe r __attribute__((cleanup(recipe_done))) = { .dir = "" };
	struct origin o = { "build", r.dir, "" };
	auto_close int base = -1;
	char file[300];
	int rc;

	if (load(&r, tmpldir, b, e) < 0 || path_mkdir_host(tmpldir, 0755, e) < 0)
		return -e->code;
	str_fmt(file, sizeof(file), "%s.tar.zst", conf(&r, "NAME", ""));
	base = tmpl_base(tmpldir, e);
	if (base < 0 || tmpl_sweep(tmpldir, e) < 0 || tmp_make(base, &tmp, e) < 0)
		return -e->code;
	if (str_eq(conf(&r, "BUILDER", ""), "base"))
		rc = by_base(&r, tmpldir, &tmp, file, e);
	else
		rc = by_mmdebstrap(&r, tmpldir, &tmp, file, e);
	const struct recipe_finish f = { tmpldir, r.dir, file, str_eq(conf(&r, "NET", "no"), "yes"), &tmp, b->trial };

	if (rc < 0 || recipe_finish(&f, e) < 0)
		return -e->code;
	return import_archive(tmpldir, &tmp, file, conf(&r, "NAME", ""), &o, ret, e);
}
