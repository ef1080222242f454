/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands and options of vzpool, its command line, and the commands for the one who writes a pool. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libct/snapshot.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "vzctl/tool.h"
#include "vzctl/vzpool.h"

#define WAIT_DEFAULT_MS 5000

static int run_create(struct vzpool *v, struct err *e)
{
	if (tmpl_pool_create(v->word[0], v->given & VZPOOL_ALONE, e) < 0)
		return -e->code;
	printf("Pool in %s made: 'vzpool add %s TEMPLATE' fills it\n", v->word[0], v->word[0]);
	return 0;
}

/* What a name meant may lose its last user with it, if the pool is this host's alone. Marked before, since we may be killed,
 * and after, since a collector may have come in between and seen the name. */
static int mark(struct vzpool *v, const char *digest, struct err *e)
{
	return digest[0] && tmpl_gc_suspect(v->dir, digest, e) < 0 ? -e->code : 0;
}

static void digest_of(const char *dir, const char *name, char digest[TMPL_DIGEST_LEN + 1])
{
	struct err none = { 0 };

	if (tmpl_pool_digest(dir, name, digest, &none) < 0)
		digest[0] = '\0';
}

static int run_add(struct vzpool *v, struct err *e)
{
	char old[TMPL_DIGEST_LEN + 1];
	struct tmpl_image i;
	struct tmpl t;

	if (tmpl_find(v->dir, v->word[1], &t, e) < 0)
		return -e->code;
	digest_of(v->word[0], t.name, old);
	if (mark(v, old, e) < 0 || tmpl_pool_add(v->word[0], v->dir, &t, v->format, &i, e) < 0 || mark(v, old, e) < 0)
		return -e->code;
	ct_garbage_collect(v->host, NULL);
	printf("%s is in the pool as %s, %llu bytes (a tree of %llu)\n", i.name, i.format, (unsigned long long)i.bytes,
	       (unsigned long long)i.tree_bytes);
	return 0;
}

static int run_rm(struct vzpool *v, struct err *e)
{
	char old[TMPL_DIGEST_LEN + 1];

	digest_of(v->word[0], v->word[1], old);
	if (mark(v, old, e) < 0 || tmpl_pool_rm(v->word[0], v->word[1], v->given & VZPOOL_DATA, e) < 0 || mark(v, old, e) < 0)
		return -e->code;
	ct_garbage_collect(v->host, NULL);
	printf("%s is %s\n", v->word[1],
	       v->given & VZPOOL_DATA ? "removed" : "no longer offered; containers made from it keep it");
	return 0;
}

/* DIR, or where the pool of that name is attached, mounted now if it was not. */
static int directory(struct vzpool *v, const char *word, char path[4096], struct err *e)
{
	struct tmpl_pool p;

	if (strchr(word, '/'))
		return str_copy(path, 4096, word) < 0 ? err_set(e, ENAMETOOLONG, "pool") : 0;
	if (tmpl_pool_get(v->dir, word, &p, e) < 0)
		return -e->code;
	tmpl_pool_status(v->dir, &p, (int)v->wait_ms);
	if (p.health != TMPL_POOL_OK)
		return err_say(e, EIO, "pool %s is %s: %s", word, tmpl_pool_health_names[p.health], p.why);
	return str_copy(path, 4096, p.path);
}

static int run_list(struct vzpool *v, struct err *e)
{
	auto_free struct tmpl_image *images = NULL;
	auto_free struct tmpl_pool *pools = NULL;
	auto_buf struct buf b = BUF_INIT;
	char path[4096];
	size_t n = 0;

	if (!v->n) {
		if (tmpl_pool_list(v->dir, &pools, &n, e) < 0)
			return -e->code;
		for (size_t i = 0; i < n; i++)
			printf("%-16s %-9s %s\n", pools[i].name, tmpl_pool_kind_names[pools[i].kind], pools[i].source);
		return 0;
	}
	if (directory(v, v->word[0], path, e) < 0 || tmpl_pool_images(path, &images, &n, e) < 0)
		return -e->code;
	vzpool_images(&b, images, n);
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

static void say(void *arg, const struct tmpl_image *i, const struct err *e)
{
	(void)arg;
	printf("%-40s %s\n", i->name, e ? e->text : "sound");
	fflush(stdout);
}

static int run_verify(struct vzpool *v, struct err *e)
{
	char path[4096];

	return directory(v, v->word[0], path, e) < 0 ? -e->code : tmpl_pool_verify(path, v->word[1], say, NULL, e);
}

const struct vzpool_cmd vzpool_cmds[] = {
	{ "create", "DIR", 1, 1, VZPOOL_ALONE, run_create, "make an empty directory a pool" },
	{ "add", "DIR TEMPLATE", 2, 2, VZPOOL_FORMAT, run_add, "put the image of a template of this host into it" },
	{ "rm", "DIR TEMPLATE", 2, 2, VZPOOL_DATA, run_rm, "offer it no longer; --data: remove the image too" },
	{ "gc", "DIR", 1, 1, VZPOOL_USED | VZPOOL_ALONE | VZPOOL_DRY | VZPOOL_KEEP, vzpool_gc,
	  "remove images without a name that no node stands on" },
	{ "attach", "NAME SOURCE", 2, 2, VZPOOL_WAIT, vzpool_attach,
	  "use it: a directory, /dev/..., HOST:/PATH, nbd://HOST/EXPORT" },
	{ "detach", "NAME", 1, 1, VZPOOL_FORCE | VZPOOL_WAIT, vzpool_detach, "no longer" },
	{ "status", "[NAME]", 0, 1, VZPOOL_JSON | VZPOOL_WAIT, vzpool_status, "are pools well, and who stands on them" },
	{ "health", "[NAME]", 0, 1, VZPOOL_WAIT, vzpool_health,
	  "the same for programs: NAME, STATE and what is wrong, with tabs" },
	{ "used", "", 0, 0, 0, vzpool_used, "what this node's containers stand on, for gc on the writer" },
	{ "list", "[POOL]", 0, 1, VZPOOL_WAIT, run_list, "attached pools; what is in one" },
	{ "verify", "POOL [TEMPLATE]", 1, 2, VZPOOL_WAIT, run_verify, "read the images and compare their SHA-256" },
};
const size_t vzpool_cmds_n = ARRAY_SIZE(vzpool_cmds);

const struct opt_flag vzpool_flags[] = {
	{ "format", 0, true, VZPOOL_FORMAT, "erofs (default), erofs-lz4 (half the size), squashfs (no ACLs)" },
	{ "data", 0, false, VZPOOL_DATA, "the image too: no node may stand on it any more" },
	{ "force", 'f', false, VZPOOL_FORCE, "detach although stopped containers need it" },
	{ "used", 0, true, VZPOOL_USED, "what 'vzpool used' said on another node; one for each of them" },
	{ "keep", 0, true, VZPOOL_KEEP, "digest of a template that somebody stands on; may be given often" },
	{ "alone", 0, false, VZPOOL_ALONE, "no other node has this pool; create: nor ever will" },
	{ "dry-run", 'n', false, VZPOOL_DRY, "say what would be done" },
	{ "json", 'j', false, VZPOOL_JSON, "for programs" },
	{ "wait", 0, true, VZPOOL_WAIT, "seconds that a pool has to answer (5)" },
	{ "help", 'h', false, 0, NULL },
};
const size_t vzpool_flags_n = ARRAY_SIZE(vzpool_flags);

static int take(struct vzpool *v, const struct opt_found *f, struct err *e)
{
	uint64_t s;

	v->given |= (unsigned)f->flag->id;
	if (f->flag->id == VZPOOL_FORMAT)
		v->format = f->arg;
	if (f->flag->id == VZPOOL_USED)
		return str_list_add(&v->used, f->arg, e);
	if (f->flag->id == VZPOOL_KEEP && strspn(f->arg, "0123456789abcdef") + strlen(f->arg) != 2 * TMPL_DIGEST_LEN)
		return err_say(e, EINVAL, "--keep wants the 64 digits of a digest, as 'vzpool used' prints them");
	if (f->flag->id == VZPOOL_KEEP)
		return str_list_add(&v->keep, f->arg, e);
	if (f->flag->id != VZPOOL_WAIT)
		return 0;
	if (num_u64(f->arg, &s) < 0 || s == 0 || s > 600)
		return err_say(e, EINVAL, "--wait wants seconds, 1 to 600");
	v->wait_ms = (unsigned)s * 1000;
	return 0;
}

static const struct vzpool_cmd *find_cmd(const char *word)
{
	for (size_t i = 0; i < vzpool_cmds_n; i++)
		if (strcmp(vzpool_cmds[i].word, word) == 0)
			return &vzpool_cmds[i];
	return NULL;
}

static int check(const struct vzpool *v, const struct vzpool_cmd *c, struct err *e)
{
	for (size_t i = 0; i < vzpool_flags_n; i++)
		if ((unsigned)vzpool_flags[i].id & v->given & ~c->opts)
			return err_say(e, EINVAL, "vzpool %s does not know --%s", c->word, vzpool_flags[i].name);
	if (v->n < c->min || v->n > c->max)
		return err_say(e, EINVAL, "vzpool %s wants %s", c->word, c->args);
	return 0;
}

int vzpool_args(struct vzpool *v, const struct vzpool_cmd **ret, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzpool", .flags = vzpool_flags, .n_flags = vzpool_flags_n, .argv = argv, .at = 1 };
	const struct vzpool_cmd *c = NULL;
	struct opt_found f;
	int what;

	*ret = NULL;
	v->format = "erofs";
	v->wait_ms = WAIT_DEFAULT_MS;
	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_FLAG && f.flag->id == 0)
			return 0;
		if (what == OPT_FLAG && take(v, &f, e) < 0)
			return -e->code;
		if (what == OPT_OPERAND && c && v->n == ARRAY_SIZE(v->word))
			return err_say(e, EINVAL, "vzpool %s wants %s", c->word, c->args);
		if (what == OPT_OPERAND && c)
			v->word[v->n++] = f.arg;
		else if (what == OPT_OPERAND && !(c = find_cmd(f.arg)))
			return err_say(e, EINVAL, "vzpool: unknown command: %s", f.arg);
	}
	if (what < 0)
		return what;
	if (!c)
		return err_say(e, EINVAL, "vzpool: no command");
	*ret = c;
	return check(v, c, e);
}
