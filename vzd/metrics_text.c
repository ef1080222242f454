/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text formats of metrics_text.h. They differ in where "_total" stands, and in the last line. */
#include "vzd/metrics_text.h"

#include <math.h>
#include <string.h>

#include "vzd/counters.h"

static const char *const types[] = { [M_GAUGE] = "gauge", [M_COUNTER] = "counter", [M_HISTOGRAM] = "histogram" };

void m_family(struct m_out *o, const char *name, enum m_type type, const char *help)
{
	const char *suffix = type == M_COUNTER && !o->openmetrics ? "_total" : "";

	buf_addf(&o->b, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, types[type]);
}

static void put_u64(struct buf *b, uint64_t v)
{
	char text[24];
	size_t i = sizeof(text);

	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, text + i, sizeof(text) - i);
}

static void head(struct m_out *o, const char *name, enum m_type type, const char *labels, const char *extra)
{
	buf_adds(&o->b, name);
	if (type == M_COUNTER)
		buf_add(&o->b, "_total", 6);
	if (*labels || (extra && *extra)) {
		buf_addc(&o->b, '{');
		buf_adds(&o->b, labels);
		if (*labels && extra && *extra)
			buf_addc(&o->b, ',');
		if (extra)
			buf_adds(&o->b, extra);
		buf_addc(&o->b, '}');
	}
	buf_addc(&o->b, ' ');
}

void m_u64(struct m_out *o, const char *name, enum m_type type, const char *labels, const char *extra, uint64_t v)
{
	head(o, name, type, labels, extra);
	put_u64(&o->b, v);
	buf_addc(&o->b, '\n');
}

void m_usec(struct m_out *o, const char *name, enum m_type type, const char *labels, const char *extra, uint64_t usec)
{
	char frac[8] = ".000000";
	uint64_t rest = usec % 1000000;

	for (int i = 6; i > 0; i--, rest /= 10)
		frac[i] = (char)('0' + rest % 10);
	head(o, name, type, labels, extra);
	put_u64(&o->b, usec / 1000000);
	buf_add(&o->b, frac, 7);
	buf_addc(&o->b, '\n');
}

void m_inf(struct m_out *o, const char *name, const char *labels, const char *extra)
{
	head(o, name, M_GAUGE, labels, extra);
	buf_adds(&o->b, "+Inf\n");
}

void m_double(struct m_out *o, const char *name, const char *labels, double v)
{
	head(o, name, M_GAUGE, labels, NULL);
	buf_addf(&o->b, "%.6g\n", v);
}

void m_hist(struct m_out *o, const char *name, const struct count_hist *h)
{
	uint64_t sum = 0;

	for (int i = 0; i < COUNT_BUCKETS; i++) {
		sum += h->n[i];
		buf_addf(&o->b, "%s_bucket{le=\"", name);
		if (isinf(count_le[i]))
			buf_adds(&o->b, "+Inf");
		else
			buf_addf(&o->b, count_le[i] >= 1 ? "%.1f" : "%g", count_le[i]);
		buf_addf(&o->b, "\"} %llu\n", (unsigned long long)sum);
	}
	buf_addf(&o->b, "%s_sum %.6f\n%s_count %llu\n", name, (double)h->usec / 1e6, name, (unsigned long long)sum);
}

/* Length of the UTF-8 sequence at @s, 0: none. */
static size_t utf8(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return n;
}

void m_label(struct buf *b, const char *key, const char *value)
{
	buf_adds(b, key);
	buf_addc(b, '=');
	buf_addc(b, '"');
	for (const unsigned char *s = (const unsigned char *)value; *s;) {
		size_t n = utf8(s);

		if (*s == '\\' || *s == '"') {
			buf_addc(b, '\\');
			buf_addc(b, (char)*s);
		} else if (*s == '\n') {
			buf_adds(b, "\\n");
		} else if (n && *s != '\r' && *s != 0x7f && *s >= 0x20) {
			buf_add(b, s, n);
		} else {
			buf_addc(b, '?');
		}
		s += n ? n : 1;
	}
	buf_addc(b, '"');
}

void m_end(struct m_out *o)
{
	if (o->openmetrics)
		buf_adds(&o->b, "# EOF\n");
}
