/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzquota's times and tables. Pure. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/buf.h"
#include "vzctl/tool.h"

#define DAY 86400u

static int span_unit(const char *s, uint64_t *ret)
{
	static const struct { char c; uint32_t seconds; } unit[] = {
		{ 's', 1 }, { 'h', 3600 }, { 'd', DAY }, { 'w', 7 * DAY }, { 'm', 30 * DAY }, { 'y', 365 * DAY },
	};
	uint64_t v = 0;
	size_t i = 0;

	for (; s[i] >= '0' && s[i] <= '9' && v < UINT32_MAX; i++)
		v = v * 10 + (uint64_t)(s[i] - '0');
	if (i == 0 || v >= UINT32_MAX || (s[i] && s[i + 1]))
		return -EINVAL;
	if (!s[i])
		*ret = v;
	for (size_t k = 0; s[i] && k < sizeof(unit) / sizeof(unit[0]); k++)
		if ((s[i] | 0x20) == unit[k].c) {
			*ret = v * unit[k].seconds;
			return 0;
		}
	return s[i] ? -EINVAL : 0;
}

int tool_span(const char *s, uint64_t *ret)
{
	static const uint32_t weight[] = { 1, 60, 3600, DAY };
	uint64_t part[4], sum = 0;
	size_t n = 0;

	if (!strchr(s, ':'))
		return span_unit(s, ret);
	for (const char *p = s; n < 4; p++) {
		char word[12];
		size_t len = strcspn(p, ":");

		if (len == 0 || len >= sizeof(word))
			return -EINVAL;
		memcpy(word, p, len);
		word[len] = '\0';
		if (num_u64(word, &part[n++]) < 0 || part[n - 1] > UINT32_MAX)
			return -EINVAL;
		p += len;
		if (!*p) {
			for (size_t i = 0; i < n; i++)
				sum += part[i] * weight[n - 1 - i];
			*ret = sum;
			return 0;
		}
	}
	return -EINVAL;
}

static unsigned long long limit(uint64_t v)
{
	return v ? v : NUM_UNLIMITED;
}

static bool over(const struct tool_dq *d)
{
	return (d->soft && d->used > d->soft) || (d->hard && d->used > d->hard);
}

static void span_text(uint64_t seconds, char dst[24])
{
	if (seconds >= 2 * DAY)
		snprintf(dst, 24, "%llud", (unsigned long long)(seconds / DAY));
	else
		snprintf(dst, 24, "%02u:%02u", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60));
}

/* Time that is left above the soft limit: by the kernel's clock, or all of it where that does not run. */
static void grace(const struct tool_dq *d, char dst[24])
{
	uint64_t now = (uint64_t)time(NULL), left = d->grace;

	if (d->expires)
		left = d->expires > now ? d->expires - now : 0;
	if (!over(d))
		str_copy(dst, 24, "");
	else if (!left)
		str_copy(dst, 24, "none");
	else
		span_text(left, dst);
}

static void row(struct buf *b, const char *name, const struct tool_dq *d)
{
	char text[24];

	grace(d, text);
	buf_addf(b, "%11s %14llu%c %14llu %14llu %8s\n", name, (unsigned long long)d->used, over(d) ? '*' : ' ', limit(d->soft),
		 limit(d->hard), text);
}

void tool_dq_text(struct buf *b, const struct tool_dq *blocks, const struct tool_dq *inodes)
{
	buf_addf(b, "%11s %14s  %14s %14s %8s\n", "resource", "usage", "softlimit", "hardlimit", "grace");
	row(b, "1k-blocks", blocks);
	row(b, "inodes", inodes);
}

static void line(struct buf *b, const struct tool_dq *d)
{
	buf_addf(b, "%14llu %14llu %14llu %14lu %14lu\n", (unsigned long long)d->used, limit(d->soft), limit(d->hard),
		 (unsigned long)d->grace, (unsigned long)d->expires);
}

void tool_dq_batch(struct buf *b, const struct tool_dq *blocks, const struct tool_dq *inodes)
{
	line(b, blocks);
	line(b, inodes);
}

/* --- users and groups --- */

static bool exceeded(const struct quota_ugids *u, uint64_t limit)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct quota_limit *l = &u->v[i].now.limit;

		n += l->soft_kib || l->hard_kib || l->soft_inodes || l->hard_inodes;
	}
	return limit && n > limit;
}

static void ugid_row(struct buf *b, const struct quota_ugid *q, const char *what, const struct tool_dq *d)
{
	char text[24];

	grace(d, text);
	buf_addf(b, "%-11u %5s %9s %11llu %11llu %11llu %8s %6s\n", q->id, quota_kind_names[q->kind], what,
		 (unsigned long long)d->used, (unsigned long long)d->soft, (unsigned long long)d->hard, text, "loaded");
}

static void ugid_batch(struct buf *b, const struct quota_ugid *q, const char *what, const struct tool_dq *d)
{
	buf_addf(b, "%-11u %5s %9s %11llu %11llu %11llu %8llu %6s\n", q->id, quota_kind_names[q->kind], what,
		 (unsigned long long)d->used, (unsigned long long)d->soft, (unsigned long long)d->hard,
		 (unsigned long long)d->expires, "1 0");
}

static void ugid_rows(struct buf *b, const struct quota_ugids *u,
		      void (*print)(struct buf *b, const struct quota_ugid *q, const char *what, const struct tool_dq *d))
{
	for (size_t i = 0; i < u->n; i++) {
		const struct quota_ugid *q = &u->v[i];
		const struct quota_usage *n = &q->now;
		const struct tool_dq blocks = { n->used_kib, n->limit.soft_kib, n->limit.hard_kib, u->grace[q->kind].blocks,
						n->block_expires };
		const struct tool_dq inodes = { n->used_inodes, n->limit.soft_inodes, n->limit.hard_inodes,
						u->grace[q->kind].inodes, n->inode_expires };

		print(b, q, "1k-blocks", &blocks);
		print(b, q, "inodes", &inodes);
	}
}

void tool_ugids_text(struct buf *b, const struct quota_ugids *u, uint64_t limit)
{
	buf_addf(b, "User/group quota: %s,%s\n", limit ? "on" : "off", u->active ? "active" : "inactive");
	if (!u->active)
		return;
	buf_addf(b, "Ugids: loaded %zu, total %zu, limit %llu\nUgid limit was exceeded: %s\n\n", u->n, u->n,
		 (unsigned long long)limit, exceeded(u, limit) ? "yes" : "no");
	buf_addf(b, "User/group grace times and quotafile flags:\n%5s %14s %14s %10s\n", "type", "block_exp_time", "inode_exp_time",
		 "dqi_flags");
	for (unsigned k = 0; k < QUOTA_KIND_N; k++) {
		char blocks[24], inodes[24];

		span_text(u->grace[k].blocks, blocks);
		span_text(u->grace[k].inodes, inodes);
		buf_addf(b, "%5s %14s %14s %9Xh\n", quota_kind_names[k], blocks, inodes, 0u);
	}
	if (!u->n)
		return;
	buf_addf(b, "\nUser/group objects:\n%-11s %5s %9s %11s %11s %11s %8s %6s\n", "ID", "type", "resource", "usage",
		 "softlimit", "hardlimit", "grace", "status");
	ugid_rows(b, u, ugid_row);
}

void tool_ugids_batch(struct buf *b, const struct quota_ugids *u, uint64_t limit)
{
	buf_addf(b, "%d %d\n%zu %zu %llu\n0\n", limit != 0, u->active, u->n, u->n, (unsigned long long)limit);
	for (unsigned k = 0; k < QUOTA_KIND_N; k++)
		buf_addf(b, "%5s %llu %llu %9Xh\n", quota_kind_names[k], (unsigned long long)u->grace[k].blocks,
			 (unsigned long long)u->grace[k].inodes, 0u);
	ugid_rows(b, u, ugid_batch);
}
