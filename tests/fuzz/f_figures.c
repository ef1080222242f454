/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that figures are read from: io.stat and blkio, *.pressure, /proc/meminfo, /proc/stat. Any text is read to its end and no
 * further; labels of metrics come out as one line of UTF-8. */
#include <string.h>

#include "cgroups/cg_priv.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzd/metrics_text.h"
#include "vzd/node.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);
	auto_buf struct buf b = BUF_INIT;
	struct cg_psi psi = { 0 };
	struct cg_io_stat io = { 0 };
	struct node_fig f = { 0 };
	uint64_t r = 0, w = 0, usec[2];
	double avg[2];

	FUZZ_CHECK(s);
	cg_io_parse_v1(s, &r, &w);
	cg_io_parse_v2(s, &io);
	cg_psi_parse(s, &psi);
	node_parse_psi(s, usec, avg);
	node_parse_meminfo(s, &f);
	node_parse_stat(s, &f);
	m_label(&b, "k", s);
	FUZZ_CHECK(!strchr(buf_str(&b), '\n') && b.len >= 4 && b.s[b.len - 1] == '"');
	for (const char *p = buf_str(&b) + 3; p < b.s + b.len - 1; p++) {
		FUZZ_CHECK(*p != '"');
		if (*p == '\\')
			FUZZ_CHECK(strchr("\\\"n", *++p));
	}
}
