/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations as a whole: made for a share of a node, checked for contradictions, multiplied. Pure, on struct kv. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/kv.h"
#include "vzctl/tool.h"

#define KIB 1024u
#define SOCK_SPARE 2560u	/* bytes of buffer that each socket must be able to have */
#define PROC_KMEM 40960u	/* kernel memory of one process */
#define PROC_FILES 32u
#define FILE_DCACHE 384u

/* --- vzsplit --- */

static void put1(struct buf *b, const char *key, uint64_t v)
{
	buf_addf(b, "%s=\"%llu\"\n", key, (unsigned long long)v);
}

static void put2(struct buf *b, const char *key, uint64_t bar, uint64_t lim)
{
	buf_addf(b, "%s=\"%llu:%llu\"\n", key, (unsigned long long)bar, (unsigned long long)lim);
}

/* The tenth above the barrier is for those who know what a limit is for. */
static uint64_t tenth_more(uint64_t v)
{
	return v + v / 10;
}

static void split_ubc(struct buf *b, const struct tool_split *s)
{
	uint64_t ram = s->ram_kib * KIB / s->n, pages = (s->ram_kib + s->swap_kib) * KIB / s->n / NUM_PAGE;
	uint64_t avnumproc = MAX(ram / 5 / (2 * PROC_KMEM), 10u), numproc = 2 * avnumproc, numfile = avnumproc * PROC_FILES;
	uint64_t dcache = numfile * FILE_DCACHE, kmem = 2 * PROC_KMEM * avnumproc, sock = MAX(ram / 20, 64u * KIB);
	uint64_t spare = SOCK_SPARE * numproc;

	buf_adds(b, "\n# Beancounters, barrier:limit in pages of 4 KiB, bytes or items\n");
	put2(b, "KMEMSIZE", kmem, tenth_more(kmem));
	put1(b, "LOCKEDPAGES", MAX(pages / 100, 32u));
	put2(b, "PRIVVMPAGES", pages, tenth_more(pages));
	put1(b, "SHMPAGES", pages / 10);
	put1(b, "NUMPROC", numproc);
	buf_adds(b, "PHYSPAGES=\"0:unlimited\"\n");
	buf_addf(b, "VMGUARPAGES=\"%llu:unlimited\"\nOOMGUARPAGES=\"%llu:unlimited\"\n", (unsigned long long)pages,
		 (unsigned long long)pages);
	put1(b, "NUMTCPSOCK", numproc);
	put2(b, "NUMFLOCK", MAX(numproc / 2, 100u), tenth_more(MAX(numproc / 2, 100u)));
	put1(b, "NUMPTY", 16);
	put1(b, "NUMSIGINFO", MAX(numproc, 256u));
	put2(b, "TCPSNDBUF", sock, sock + spare);
	put2(b, "TCPRCVBUF", sock, sock + spare);
	put2(b, "OTHERSOCKBUF", sock, sock + spare);
	put1(b, "DGRAMRCVBUF", MAX(sock, 132096u));
	put1(b, "NUMOTHERSOCK", numproc);
	put2(b, "DCACHESIZE", dcache, tenth_more(dcache));
	put1(b, "NUMFILE", numfile);
	put1(b, "AVNUMPROC", avnumproc);
	put1(b, "NUMIPTENT", 128);
}

static void split_vswap(struct buf *b, const struct tool_split *s)
{
	uint64_t ram = s->ram_kib / s->n / 4, swap = s->swap_given ? s->swap_kib / s->n / 4 : 2 * ram;

	buf_adds(b, "\n# Memory and swap, in pages of 4 KiB\n");
	put2(b, "PHYSPAGES", 0, ram);
	put2(b, "SWAPPAGES", 0, swap);
}

void tool_split(struct buf *b, const struct tool_split *s)
{
	buf_addf(b, "# One of %u containers that share a node with %llu MiB of memory.\n\nONBOOT=\"no\"\n", s->n,
		 (unsigned long long)s->ram_kib / 1024);
	if (s->vswap)
		split_vswap(b, s);
	else
		split_ubc(b, s);
	buf_adds(b, "\n# Disk: KiB and inodes, soft:hard\n");
	put2(b, "DISKSPACE", s->disk_kib / s->n * 10 / 11, s->disk_kib / s->n);
	if (s->inodes)		/* a file system that counts none limits none */
		put2(b, "DISKINODES", s->inodes / s->n * 10 / 11, s->inodes / s->n);
	buf_adds(b, "QUOTATIME=\"0\"\n\n# Share of the processors\nCPUUNITS=\"1000\"\n");
}

/* --- vzcfgvalidate --- */

enum part { BAR, LIM, SPARE };		/* spare: what the limit is above the barrier */
/* left.part >= times * right.part (+ plus.limit), or >= times alone where there is no right. Advice only: this kernel
 * enforces none of them, and a container starts without. */
struct rule {
	int left;
	enum part part;
	uint64_t times;
	int right;
	enum part right_part;
	int plus;
};
static const struct rule rules[] = {
	{ CG_NUMPROC, BAR, 1, CG_AVNUMPROC, BAR, -1 },
	{ CG_KMEMSIZE, BAR, PROC_KMEM, CG_AVNUMPROC, BAR, CG_DCACHESIZE },
	{ CG_PRIVVMPAGES, BAR, 1, CG_VMGUARPAGES, BAR, -1 },
	{ CG_TCPSNDBUF, SPARE, SOCK_SPARE, CG_NUMTCPSOCK, BAR, -1 },
	{ CG_TCPRCVBUF, SPARE, SOCK_SPARE, CG_NUMTCPSOCK, BAR, -1 },
	{ CG_OTHERSOCKBUF, SPARE, SOCK_SPARE, CG_NUMOTHERSOCK, BAR, -1 },
	{ CG_TCPSNDBUF, BAR, 64 * KIB, -1, BAR, -1 },
	{ CG_TCPRCVBUF, BAR, 64 * KIB, -1, BAR, -1 },
	{ CG_DGRAMRCVBUF, BAR, 129 * KIB, -1, BAR, -1 },
	{ CG_OTHERSOCKBUF, BAR, 129 * KIB, -1, BAR, -1 },
	{ CG_NUMFILE, BAR, PROC_FILES, CG_AVNUMPROC, BAR, -1 },
	{ CG_DCACHESIZE, BAR, FILE_DCACHE, CG_NUMFILE, BAR, -1 },
	{ CG_NUMIPTENT, BAR, 16, -1, BAR, -1 },
};
static const char *const part_names[] = { [BAR] = ".bar", [LIM] = ".lim", [SPARE] = ".lim-bar" };

struct check {
	struct kv *kv;
	struct tool_valid *v;
	struct ct_conf conf;
};

static void check_done(struct check *c)
{
	ct_conf_done(&c->conf);
}

static void __attribute__((format(printf, 3, 4))) say(struct check *c, bool advice, const char *fmt, ...)
{
	struct buf auto_buf b = BUF_INIT;
	va_list ap;

	buf_adds(&b, advice ? "Recommendation: " : "Error: ");
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	c->v->say(c->v->arg, buf_str(&b));
	c->v->errors += !advice;
}

static bool may_fix(struct check *c, const char *text)
{
	return c->v->fix == TOOL_FIX_ALL || (c->v->fix == TOOL_FIX_ASK && c->v->ask(c->v->arg, text));
}

static const char *upper(const char *name, char dst[32])
{
	size_t i = 0;

	for (; i < 31 && name[i]; i++)
		dst[i] = (char)toupper((unsigned char)name[i]);
	dst[i] = '\0';
	return dst;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a > NUM_UNLIMITED - b ? NUM_UNLIMITED : a + b;
}

static uint64_t part_of(const struct num_pair *p, enum part part)
{
	if (part == SPARE)
		return p->lim >= NUM_UNLIMITED ? NUM_UNLIMITED : p->lim > p->bar ? p->lim - p->bar : 0;
	return part == LIM ? p->lim : p->bar;
}

/* Writes a pair that was raised; 0 or -errno. */
static int store(struct check *c, const char *key, const struct num_pair *p, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	num_pair_print(&b, p);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", key);
	c->v->fixed++;
	return kv_set(c->kv, key, buf_str(&b), false, e);
}

static int check_pair(struct check *c, const char *key, struct num_pair *p, struct err *e)
{
	char text[128];

	if (!p->set || p->bar <= p->lim)
		return 0;
	say(c, false, "%s barrier %llu is above the limit %llu", key, (unsigned long long)p->bar, (unsigned long long)p->lim);
	str_fmt(text, sizeof(text), "set the limit of %s to %llu", key, (unsigned long long)p->bar);
	if (!may_fix(c, text))
		return 0;
	p->lim = p->bar;
	c->v->errors--;
	return store(c, key, p, e);
}

static void raise_part(struct num_pair *p, enum part part, uint64_t want)
{
	if (part == BAR) {
		p->bar = want;
		p->lim = MAX(p->lim, want);
	} else {
		p->lim = part == LIM ? want : plus(p->bar, want);
	}
}

static int check_rule(struct check *c, const struct rule *r, struct err *e)
{
	struct num_pair *left = &c->conf.cg.ubc[r->left];
	const struct num_pair *right = r->right < 0 ? NULL : &c->conf.cg.ubc[r->right];
	const struct num_pair *more = r->plus < 0 ? NULL : &c->conf.cg.ubc[r->plus];
	char key[32], text[192];
	uint64_t want = r->times;

	if (!left->set || (right && (!right->set || part_of(right, r->right_part) >= NUM_UNLIMITED / r->times)) ||
	    (more && !more->set))
		return 0;
	if (right)
		want = plus(want * part_of(right, r->right_part), more ? more->lim : 0);
	if (part_of(left, r->part) >= want)
		return 0;
	upper(cg_ubc_names[r->left], key);
	say(c, true, "%s%s should be at least %llu (now %llu)", cg_ubc_names[r->left], part_names[r->part],
	    (unsigned long long)want, (unsigned long long)part_of(left, r->part));
	str_fmt(text, sizeof(text), "set %s%s to %llu", cg_ubc_names[r->left], part_names[r->part], (unsigned long long)want);
	if (!may_fix(c, text))
		return 0;
	raise_part(left, r->part, want);
	return store(c, key, left, e);
}

static void check_row(struct check *c, const struct kv_line *l, const struct param_group *g, const struct param *p)
{
	struct err e = { 0 };

	if (!p->key || strcmp(p->key, l->key) != 0)
		return;
	if (p->type->parse(p, l->val, PARAM_FILE, param_field(p, g->base, &c->conf), &e) < 0 && e.code != ERANGE)
		say(c, false, "%s=\"%s\": %s", l->key, l->val, e.text);
}

/* Every line is a setting that its own parser takes. */
static void check_lines(struct check *c)
{
	for (size_t i = 0; i < c->kv->n; i++) {
		const struct kv_line *l = &c->kv->v[i];

		if (l->kind == KV_BAD)
			say(c, false, "line %zu is no KEY=\"value\": %s", i + 1, l->raw);
		for (size_t g = 0; l->kind == KV_PAIR && g < ct_param_groups_n; g++)
			for (size_t k = 0; k < ct_param_groups[g].n; k++)
				check_row(c, l, &ct_param_groups[g], &ct_param_groups[g].rows[k]);
	}
}

int tool_validate(struct kv *kv, struct tool_valid *v, struct err *e)
{
	struct check c __attribute__((cleanup(check_done))) = { .kv = kv, .v = v };
	bool vswap;
	char key[32];

	check_lines(&c);
	vswap = v->vswap < 0 ? cg_conf_is_vswap(&c.conf.cg) : v->vswap > 0;
	for (int i = 0; i < CG_UBC_N; i++)
		if (check_pair(&c, upper(cg_ubc_names[i], key), &c.conf.cg.ubc[i], e) < 0)
			return -e->code;
	if (check_pair(&c, "DISKSPACE", &c.conf.quota.space, e) < 0 || check_pair(&c, "DISKINODES", &c.conf.quota.inodes, e) < 0)
		return -e->code;
	if (vswap && (!c.conf.cg.ubc[CG_PHYSPAGES].set || c.conf.cg.ubc[CG_PHYSPAGES].lim >= NUM_UNLIMITED))
		say(&c, false, "PHYSPAGES has no limit");
	if (vswap && !c.conf.cg.ubc[CG_SWAPPAGES].set)
		say(&c, false, "SWAPPAGES is not set");
	for (size_t i = 0; !vswap && i < ARRAY_SIZE(rules); i++)
		if (check_rule(&c, &rules[i], e) < 0)
			return -e->code;
	return 0;
}

/* --- vzcfgscale --- */

static uint64_t times(uint64_t v, double f)
{
	double d = (double)v * f;

	if (v >= NUM_UNLIMITED || d >= (double)NUM_UNLIMITED)
		return NUM_UNLIMITED;
	return (uint64_t)(d + 0.5);
}

static enum num_unit ubc_unit(int i)
{
	static const enum num_unit unit[CG_UBC_N] = {
		[CG_KMEMSIZE] = NUM_BYTES, [CG_LOCKEDPAGES] = NUM_PAGES, [CG_PRIVVMPAGES] = NUM_PAGES, [CG_SHMPAGES] = NUM_PAGES,
		[CG_PHYSPAGES] = NUM_PAGES, [CG_VMGUARPAGES] = NUM_PAGES, [CG_OOMGUARPAGES] = NUM_PAGES,
		[CG_SWAPPAGES] = NUM_PAGES, [CG_TCPSNDBUF] = NUM_BYTES, [CG_TCPRCVBUF] = NUM_BYTES,
		[CG_OTHERSOCKBUF] = NUM_BYTES, [CG_DGRAMRCVBUF] = NUM_BYTES, [CG_DCACHESIZE] = NUM_BYTES,
	};

	return unit[i];		/* the others are items, which is 0 */
}
_Static_assert(NUM_ITEMS == 0, "items need no row");

/* Both numbers of "A:B". */
static int scale_value(struct kv *kv, const char *key, enum num_unit unit, double f, struct err *e)
{
	const char *text = kv_get(kv, key);
	struct buf auto_buf b = BUF_INIT;
	struct num_pair p = { 0 };

	if (!text || f == 1.0)
		return 0;
	if (num_pair(text, unit, &p) < 0 && !p.set)
		return err_say(e, EINVAL, "%s=\"%s\" is no number", key, text);
	p = (struct num_pair){ .bar = times(p.bar, f), .lim = times(p.lim, f), .set = true };
	num_pair_print(&b, &p);
	return buf_failed(&b) ? err_set(e, ENOMEM, "%s", key) : kv_set(kv, key, buf_str(&b), false, e);
}

/* The last number of each "DEVICE:CLASS:KBITS". */
static int scale_rate(struct kv *kv, const char *key, double f, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct buf auto_buf b = BUF_INIT;
	const char *text = kv_get(kv, key);

	if (!text || f == 1.0)
		return 0;
	if (str_list_split(&l, text, " \t,", e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		char *colon = strrchr(l.v[i], ':');
		uint64_t v;

		if (!colon || num_u64(colon + 1, &v) < 0)
			return err_say(e, EINVAL, "%s=\"%s\" is not DEVICE:CLASS:KBITS", key, text);
		*colon = '\0';
		buf_addf(&b, "%s%s:%llu", i ? " " : "", l.v[i], (unsigned long long)times(v, f));
	}
	return buf_failed(&b) ? err_set(e, ENOMEM, "%s", key) : kv_set(kv, key, buf_str(&b), false, e);
}

static int scale_cpuunits(struct kv *kv, double f, struct err *e)
{
	const char *text = kv_get(kv, "CPUUNITS");
	char now[24];
	uint64_t v;

	if (!text || f == 1.0)
		return 0;
	if (num_u64(text, &v) < 0)
		return err_say(e, EINVAL, "CPUUNITS=\"%s\" is no number", text);
	v = MIN(MAX(times(v, f), (uint64_t)8), (uint64_t)500000);
	str_fmt(now, sizeof(now), "%llu", (unsigned long long)v);
	return kv_set(kv, "CPUUNITS", now, false, e);
}

int tool_scale(struct kv *kv, const struct tool_scale *s, struct err *e)
{
	/* what belongs to one container and would be wrong in another's file */
	static const char *const own[] = { "VE_ROOT", "VE_PRIVATE", "VEID", "UUID", "NAME", "DESCRIPTION", "HOSTNAME", "IP_ADDRESS",
					   "NETIF", "LOCAL_UID", "LOCAL_GID", "ORIGIN_SAMPLE", "OSTEMPLATE" };
	char key[32];

	for (size_t i = 0; s->strip && i < ARRAY_SIZE(own); i++)
		kv_unset(kv, own[i]);
	for (int i = 0; i < CG_UBC_N; i++)
		if (scale_value(kv, upper(cg_ubc_names[i], key), ubc_unit(i), s->ubc, e) < 0)
			return -e->code;
	if (scale_cpuunits(kv, s->cpu, e) < 0 || scale_value(kv, "CPULIMIT", NUM_ITEMS, s->cpu, e) < 0 ||
	    scale_value(kv, "DISKSPACE", NUM_KIB, s->disk, e) < 0 || scale_value(kv, "DISKINODES", NUM_ITEMS, s->disk, e) < 0 ||
	    scale_rate(kv, "RATE", s->net, e) < 0 || scale_rate(kv, "TOTALRATE", s->net, e) < 0)
		return -e->code;
	return 0;
}
