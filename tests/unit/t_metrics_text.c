/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/metrics_text.c: the two formats to the letter. What a parser of others says of a whole text: tests/integration/vzd_stats.sh */
#include "vzd/metrics_text.h"

#include <string.h>

#include "tests/lib/test.h"
#include "vzd/counters.h"

static const char *label(const char *value)
{
	static struct buf b = BUF_INIT;

	buf_reset(&b);
	m_label(&b, "k", value);
	return buf_str(&b);
}

TEST(labels)
{
	CHECK_STR(label("web1"), "k=\"web1\"");
	CHECK_STR(label(""), "k=\"\"");
	CHECK_STR(label("a\"b\\c\nd"), "k=\"a\\\"b\\\\c\\nd\"");
	CHECK_STR(label("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "k=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	CHECK_STR(label("\xc3"), "k=\"?\"");
	CHECK_STR(label("\xff\xfe" "x"), "k=\"??x\"");
	CHECK_STR(label("\xed\xa0\x80"), "k=\"???\"");	/* a surrogate */
	CHECK_STR(label("\xc0\x80"), "k=\"??\"");
	CHECK_STR(label("a\r\t\x7f"), "k=\"a???\"");
}

static void fill(struct m_out *o)
{
	m_family(o, "vz_x", M_COUNTER, "Things.");
	m_u64(o, "vz_x", M_COUNTER, "a=\"1\"", "b=\"2\"", 18446744073709551615ull);
	m_usec(o, "vz_x", M_COUNTER, "", NULL, 1000005);
	m_family(o, "vz_y", M_GAUGE, "Others.");
	m_u64(o, "vz_y", M_GAUGE, "", "b=\"2\"", 0);
	m_inf(o, "vz_y", "a=\"1\"", NULL);
	m_double(o, "vz_y", "", 0.25);
	m_end(o);
}

TEST(formats)
{
	struct m_out o = { .b = BUF_INIT, .openmetrics = true }, p = { .b = BUF_INIT };

	fill(&o);
	CHECK_STR(buf_str(&o.b), "# HELP vz_x Things.\n# TYPE vz_x counter\nvz_x_total{a=\"1\",b=\"2\"} 18446744073709551615\n"
				 "vz_x_total 1.000005\n# HELP vz_y Others.\n# TYPE vz_y gauge\nvz_y{b=\"2\"} 0\nvz_y{a=\"1\"} +Inf\n"
				 "vz_y 0.25\n# EOF\n");
	fill(&p);
	CHECK_STR(buf_str(&p.b), "# HELP vz_x_total Things.\n# TYPE vz_x_total counter\n"
				 "vz_x_total{a=\"1\",b=\"2\"} 18446744073709551615\n"
				 "vz_x_total 1.000005\n# HELP vz_y Others.\n# TYPE vz_y gauge\nvz_y{b=\"2\"} 0\nvz_y{a=\"1\"} +Inf\n"
				 "vz_y 0.25\n");
	buf_done(&o.b);
	buf_done(&p.b);
}

TEST(histogram)
{
	struct m_out o = { .b = BUF_INIT };
	struct count_hist h = { .n = { 1, 0, 2 }, .usec = 15500 };

	m_hist(&o, "h", &h);
	CHECK_STR(buf_str(&o.b), "h_bucket{le=\"0.001\"} 1\nh_bucket{le=\"0.005\"} 1\nh_bucket{le=\"0.01\"} 3\nh_bucket{le=\"0.05\"} 3\n"
				 "h_bucket{le=\"0.1\"} 3\nh_bucket{le=\"0.5\"} 3\nh_bucket{le=\"1.0\"} 3\nh_bucket{le=\"10.0\"} 3\n"
				 "h_bucket{le=\"+Inf\"} 3\nh_sum 0.015500\nh_count 3\n");
	buf_done(&o.b);
}
