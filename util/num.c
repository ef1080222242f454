/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes numbers the way OpenVZ configurations hold them. The result is always whole units: a suffixed value is
 * bytes, divided by the unit and rounded down. -ERANGE leaves NUM_UNLIMITED in the result, because a value that is too
 * large for a configuration file is truncated to that; the caller decides whether it is an error.
 */
#include "util/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"

typedef unsigned __int128 wide;

#define WIDE_LIMIT ((wide)1 << 80)		/* anything above has long been out of range */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from *@s on, which is moved behind them. false: there was none. Sticks at WIDE_LIMIT. */
static bool read_digits(const char **s, wide *ret)
{
	const char *start = *s;
	wide v = 0;

	for (; is_digit(**s); (*s)++) {
		if (v < WIDE_LIMIT)
			v = v * 10 + (unsigned)(**s - '0');
	}
	*ret = v;
	return *s != start;
}

int num_u64(const char *s, uint64_t *ret)
{
	wide v;

	if (!read_digits(&s, &v) || *s)
		return -EINVAL;
	if (v > UINT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)v;
	return 0;
}

int num_i64(const char *s, int64_t *ret)
{
	bool neg = *s == '-';
	wide v;

	if (neg)
		s++;
	if (!read_digits(&s, &v) || *s)
		return -EINVAL;
	if (v > (wide)INT64_MAX + neg)
		return -ERANGE;
	*ret = neg ? (int64_t)(0 - (uint64_t)v) : (int64_t)v;
	return 0;
}

/* log2 of what a suffix letter stands for, in bytes; -1: no such letter. */
static int suffix_shift(char c)
{
	switch (c) {
	case 'b': case 'B': return 0;
	case 'p': case 'P': return 12;
	case 'k': case 'K': return 10;
	case 'm': case 'M': return 20;
	case 'g': case 'G': return 30;
	case 't': case 'T': return 40;
	}
	return -1;
}

static int unit_shift(enum num_unit unit)
{
	switch (unit) {
	case NUM_PAGES: return 12;
	case NUM_KIB: return 10;
	case NUM_ITEMS:
	case NUM_BYTES: break;
	}
	return 0;
}

/* ".25" of 1 << @shift bytes, rounded down. Digits beyond the 18th cannot matter and are only checked. */
static int read_fraction(const char **s, wide *num, wide *den)
{
	const char *start = ++*s;

	*num = 0;
	*den = 1;
	for (; is_digit(**s); (*s)++) {
		if (*s - start >= 18)
			continue;
		*num = *num * 10 + (unsigned)(**s - '0');
		*den *= 10;
	}
	return *s == start ? -EINVAL : 0;
}

static int parse_size(const char *s, size_t len, enum num_unit unit, uint64_t *ret)
{
	const char *p = s;
	wide whole, num = 0, den = 1, v;
	int shift;

	if (len == 9 && !strncmp(s, "unlimited", 9)) {
		*ret = NUM_UNLIMITED;
		return 0;
	}
	if (!read_digits(&p, &whole) || (*p == '.' && read_fraction(&p, &num, &den) < 0))
		return -EINVAL;
	v = whole;
	if (p < s + len) {
		shift = suffix_shift(*p++);
		if (unit == NUM_ITEMS || shift < 0)
			return -EINVAL;
		v = ((whole << shift) + ((num << shift) / den)) >> unit_shift(unit);
	} else if (den != 1) {
		return -EINVAL;			/* "2.5" of what? */
	}
	if (p != s + len)
		return -EINVAL;
	*ret = v > NUM_UNLIMITED ? NUM_UNLIMITED : (uint64_t)v;
	return v > NUM_UNLIMITED ? -ERANGE : 0;
}

int num_size(const char *s, enum num_unit unit, uint64_t *ret)
{
	uint64_t v;
	int r = parse_size(s, strlen(s), unit, &v);

	if (r != -EINVAL)
		*ret = v;
	return r;
}

int num_pair(const char *s, enum num_unit unit, struct num_pair *ret)
{
	size_t len = strcspn(s, ":");
	struct num_pair p = { .set = true };
	int a = parse_size(s, len, unit, &p.bar);
	int b = 0;

	if (a == -EINVAL)
		return a;
	if (s[len] == ':')
		b = parse_size(s + len + 1, strlen(s + len + 1), unit, &p.lim);
	else
		p.lim = p.bar;
	if (b == -EINVAL)
		return b;
	*ret = p;
	return a < 0 ? a : b;
}

void num_print(struct buf *b, uint64_t v)
{
	if (v >= NUM_UNLIMITED)
		buf_adds(b, "unlimited");
	else
		buf_addf(b, "%" PRIu64, v);
}

void num_pair_print(struct buf *b, const struct num_pair *p)
{
	num_print(b, p->bar);
	if (p->bar == p->lim)
		return;
	buf_addc(b, ':');
	num_print(b, p->lim);
}

static void set_bits(uint64_t *mask, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		mask[i / 64] |= (uint64_t)1 << (i % 64);
}

int num_cpulist(const char *s, uint64_t *mask, unsigned max)
{
	wide from, to;

	if (max == 0 || max > 4096)
		return -ERANGE;
	memset(mask, 0, (max + 63) / 64 * sizeof(*mask));
	if (!strcmp(s, "all")) {
		set_bits(mask, 0, max - 1);
		return 0;
	}
	for (;;) {
		if (!read_digits(&s, &from))
			return -EINVAL;
		to = from;
		if (*s == '-' && (s++, !read_digits(&s, &to)))
			return -EINVAL;
		if (to < from)
			return -EINVAL;
		if (to >= max)
			return -ERANGE;
		set_bits(mask, (unsigned)from, (unsigned)to);
		if (!*s)
			return 0;
		if (*s++ != ',')
			return -EINVAL;
	}
}
