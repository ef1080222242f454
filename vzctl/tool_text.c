/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzquota's times and tables. Pure. */
#include <errno.h>
#include <string.h>

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

/* Time that is left above the soft limit; the kernel's own clock is not read, so it is all that was configured. */
static void grace(const struct tool_dq *d, char dst[24])
{
	if (!over(d))
		str_copy(dst, 24, "");
	else if (!d->grace)
		str_copy(dst, 24, "none");
	else if (d->grace >= 2 * DAY)
		snprintf(dst, 24, "%llud", (unsigned long long)(d->grace / DAY));
	else
		snprintf(dst, 24, "%02u:%02u", (unsigned)(d->grace / 3600), (unsigned)(d->grace / 60 % 60));
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
		 (unsigned long)d->grace, 0ul);
}

void tool_dq_batch(struct buf *b, const struct tool_dq *blocks, const struct tool_dq *inodes)
{
	line(b, blocks);
	line(b, inodes);
}
