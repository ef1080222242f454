/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of single users and groups inside a container: read, written, and as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quota/quota.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/grow.h"
#include "util/num.h"

#define L_STATUS "ugid_quota_status:"
#define L_GRACE "grace_time:"
#define L_NUMBER "ugid_number:"
#define L_UGID "ugid:"
#define L_FIRST "first_level_quota:"
#define WORDS 9		/* of the longest line */

void quota_ugids_done(struct quota_ugids *u)
{
	free(u->v);
	*u = (struct quota_ugids){ 0 };
}

static int add(void *arg, const struct quota_ugid *q, struct err *e)
{
	struct quota_ugids *u = arg;

	if (GROW(u->v, u->n, u->room) < 0)
		return err_set(e, ENOMEM, "users and groups");
	u->v[u->n++] = *q;
	return 0;
}

int quota_ugids_read(int mnt, struct quota_ugids *ret, struct err *e)
{
	*ret = (struct quota_ugids){ .active = true };
	for (enum quota_kind k = 0; k < QUOTA_KIND_N; k++) {
		if (quota_grace_get(mnt, k, &ret->grace[k], e) == 0 && quota_ugid_each(mnt, k, add, ret, e) == 0)
			continue;
		quota_ugids_done(ret);
		return -e->code;
	}
	ret->has_grace = true;
	return 0;
}

static bool has_limit(const struct quota_limit *l)
{
	return l->soft_kib | l->hard_kib | l->soft_inodes | l->hard_inodes;
}

/* How many ids there would be with limits once @new has been set. */
static size_t limited(const struct quota_ugids *now, const struct quota_ugids *new)
{
	size_t n = 0;

	for (size_t i = 0; i < new->n; i++)
		n += has_limit(&new->v[i].now.limit);
	for (size_t i = 0; i < now->n; i++) {
		bool again = !has_limit(&now->v[i].now.limit);

		for (size_t k = 0; !again && k < new->n; k++)
			again = new->v[k].id == now->v[i].id && new->v[k].kind == now->v[i].kind;
		n += !again;
	}
	return n;
}

static int check_number(int mnt, const struct quota_ugids *u, unsigned ctid, uint64_t max, struct err *e)
{
	auto_call(quota_ugids_done) struct quota_ugids now = { 0 };
	size_t n;

	if (quota_ugids_read(mnt, &now, e) < 0)
		return -e->code;
	n = limited(&now, u);
	if (n <= max)
		return 0;
	return err_say(e, EDQUOT, "CT %u may have %llu users and groups with limits (QUOTAUGIDLIMIT), and these would be %zu: "
		       "'vzctl set %u --quotaugidlimit %zu --save'", ctid, (unsigned long long)max, n, ctid, n);
}

int quota_ugids_write(int mnt, const struct quota_ugids *u, unsigned what, unsigned ctid, uint64_t max, struct err *e)
{
	if ((what & QUOTA_UGID_LIMITS) && check_number(mnt, u, ctid, max, e) < 0)
		return -e->code;
	for (enum quota_kind k = 0; u->has_grace && k < QUOTA_KIND_N; k++)
		if (quota_grace_set(mnt, k, &u->grace[k], e) < 0)
			return -e->code;
	for (size_t i = 0; what && i < u->n; i++)
		if (quota_ugid_set(mnt, &u->v[i], what, e) < 0)
			return -e->code;
	return 0;
}

/* --- the dump --- */

static void print_ugid(struct buf *b, const struct quota_ugid *q, unsigned what)
{
	const struct quota_usage *n = &q->now;
	const struct quota_limit *l = &n->limit;

	buf_addf(b, L_UGID "\t%u\t%u", q->id, (unsigned)q->kind);
	if (what & QUOTA_UGID_LIMITS)
		buf_addf(b, "\t%llu\t%llu\t%llu\t%llu", (unsigned long long)l->soft_kib, (unsigned long long)l->hard_kib,
			 (unsigned long long)l->soft_inodes, (unsigned long long)l->hard_inodes);
	if (what & QUOTA_UGID_TIMES)
		buf_addf(b, "\t%llu\t%llu", (unsigned long long)n->block_expires, (unsigned long long)n->inode_expires);
	buf_adds(b, "\n");
}

void quota_ugids_print(struct buf *b, const struct quota_ugids *u, unsigned what)
{
	buf_addf(b, L_STATUS "\t%d\n", u->active);
	if (!u->active)
		return;
	if (what & QUOTA_UGID_GRACE)
		buf_adds(b, "#" L_GRACE "\ttype\tblock\tinode\n");
	for (unsigned k = 0; (what & QUOTA_UGID_GRACE) && k < QUOTA_KIND_N; k++)
		buf_addf(b, L_GRACE "\t%u\t%llu\t%llu\n", k, (unsigned long long)u->grace[k].blocks,
			 (unsigned long long)u->grace[k].inodes);
	if (!(what & (QUOTA_UGID_LIMITS | QUOTA_UGID_TIMES)))
		return;
	buf_addf(b, L_NUMBER "\t%zu\n", u->n);
	if (u->n)
		buf_addf(b, "#" L_UGID "\tID\ttype%s%s\n", what & QUOTA_UGID_LIMITS ? "\tbsoft\tbhard\tisoft\tihard" : "",
			 what & QUOTA_UGID_TIMES ? "\tbtime\titime" : "");
	for (size_t i = 0; i < u->n; i++)
		print_ugid(b, &u->v[i], what);
}

void quota_ugids_print_first(struct buf *b, const struct quota_usage *u, uint64_t grace)
{
	const unsigned long long g = grace;

	buf_addf(b, L_FIRST "\n%llu %llu %llu %llu %llu\n%llu %llu %llu %llu %llu\n", (unsigned long long)u->used_kib,
		 (unsigned long long)u->limit.soft_kib, (unsigned long long)u->limit.hard_kib, (unsigned long long)u->block_expires,
		 g, (unsigned long long)u->used_inodes, (unsigned long long)u->limit.soft_inodes,
		 (unsigned long long)u->limit.hard_inodes, (unsigned long long)u->inode_expires, g);
}

/* --- reading one --- */

struct line { char label[32]; uint64_t v[WORDS]; unsigned n; };

/* Blanks and numbers behind the label; 1: there is something, 0: nothing or a comment. */
static int split(const char *text, size_t len, struct line *l)
{
	size_t at = 0;

	*l = (struct line){ 0 };
	for (unsigned w = 0;; w++) {
		char word[32];
		size_t k = 0;

		while (at < len && strchr(" \t\r", text[at]))
			at++;
		while (at < len && !strchr(" \t\r", text[at]) && k < sizeof(word) - 1)
			word[k++] = text[at++];
		word[k] = '\0';
		if (k == 0)
			return w > 0;
		if (w == 0 && (word[0] == '#'))
			return 0;
		if (w == 0)
			memcpy(l->label, word, sizeof(word));
		else if (l->n == WORDS || num_u64(word, &l->v[l->n++]) < 0)
			return -EINVAL;
	}
}

static int take_grace(struct quota_ugids *u, const struct line *l)
{
	if (l->n != 3 || l->v[0] >= QUOTA_KIND_N)
		return -EINVAL;
	u->grace[l->v[0]] = (struct quota_grace){ l->v[1], l->v[2] };
	u->has_grace = true;
	return 0;
}

/* What the columns are is said by their number, limits before times. */
static int take_ugid(struct quota_ugids *u, const struct line *l, unsigned *what, struct err *e)
{
	const unsigned has = l->n == 6 ? QUOTA_UGID_LIMITS : l->n == 4 ? QUOTA_UGID_TIMES :
			     l->n == 8 ? QUOTA_UGID_LIMITS | QUOTA_UGID_TIMES : 0;
	struct quota_ugid q = { .id = (uint32_t)l->v[0], .kind = (enum quota_kind)l->v[1] };
	const uint64_t *v = l->v + 2;

	if (!has || l->v[0] > UINT32_MAX - 1 || l->v[1] >= QUOTA_KIND_N || (u->n && has != *what))
		return -EINVAL;
	*what = has;
	if (has & QUOTA_UGID_LIMITS) {
		q.now.limit = (struct quota_limit){ v[0], v[1], v[2], v[3] };
		v += 4;
	}
	if (has & QUOTA_UGID_TIMES) {
		q.now.block_expires = v[0];
		q.now.inode_expires = v[1];
	}
	if (q.now.limit.soft_kib > UINT64_MAX >> 11 || q.now.limit.hard_kib > UINT64_MAX >> 11)
		return -ERANGE;
	return add(u, &q, e);
}

struct parse { struct quota_ugids *u; unsigned has, lineno, skip; uint64_t number; bool numbered, status; };

static int take(struct parse *p, const struct line *l, struct err *e)
{
	if (p->skip) {
		p->skip--;		/* figures of the first level: they are the configuration's */
		return 0;
	}
	if (strcmp(l->label, L_FIRST) == 0) {
		p->skip = 2;
		return 0;
	}
	if (strcmp(l->label, L_STATUS) == 0) {
		p->status = true;
		p->u->active = l->v[0] == 1;
		return l->n == 1 && l->v[0] <= 1 ? 0 : -EINVAL;
	}
	if (!p->status)
		return -EINVAL;
	if (strcmp(l->label, L_GRACE) == 0)
		return take_grace(p->u, l);
	if (strcmp(l->label, L_NUMBER) == 0) {
		p->numbered = true;
		p->number = l->v[0];
		return l->n == 1 ? 0 : -EINVAL;
	}
	return strcmp(l->label, L_UGID) == 0 ? take_ugid(p->u, l, &p->has, e) : -EINVAL;
}

static int parse(struct parse *p, const char *text, struct err *e)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		struct line l;
		int rc = split(text, len, &l);

		p->lineno++;
		if (rc > 0)
			rc = take(p, &l, e);
		if (rc < 0)
			return e->code ? -e->code : err_say(e, EBADMSG, "line %u is not of a dump", p->lineno);
		text += len + (text[len] == '\n');
	}
	if (p->numbered && p->number != p->u->n)
		return err_say(e, EBADMSG, "the dump is cut off: %zu of %llu users and groups", p->u->n,
			       (unsigned long long)p->number);
	return 0;
}

int quota_ugids_parse(const char *text, struct quota_ugids *ret, unsigned *ret_has, struct err *e)
{
	struct parse p = { .u = ret };

	*ret = (struct quota_ugids){ 0 };
	if (parse(&p, text, e) < 0) {
		quota_ugids_done(ret);
		return -e->code;
	}
	*ret_has = p.has | (ret->has_grace ? QUOTA_UGID_GRACE : 0);
	return 0;
}
