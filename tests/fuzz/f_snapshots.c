/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/snaptree.c and layers.c: any text is a tree or refused; a tree prints and parses to the same; a list of layers likewise. */
#include <stdlib.h>
#include <string.h>

#include "libct/layers.h"
#include "libct/snap.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void tree(const char *text, size_t size)
{
	auto_snaps struct ct_snaps a = { 0 }, b = { 0 };
	auto_buf struct buf out = BUF_INIT;
	struct err e = { 0 };

	if (ct_snaps_parse(&a, text, size, &e) < 0)
		return;
	FUZZ_CHECK(ct_snaps_print(&a, &out, &e) == 0);
	FUZZ_CHECK(ct_snaps_parse(&b, buf_str(&out), out.len, &e) == 0);
	FUZZ_CHECK(a.n == b.n && str_eq(a.current, b.current));
	for (size_t i = 0; i < a.n; i++)
		FUZZ_CHECK(str_eq(a.v[i].guid, b.v[i].guid) && str_eq(a.v[i].name, b.v[i].name) && a.v[i].date == b.v[i].date);
	while (a.n)
		ct_snaps_del(&a, a.v[0].guid);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct ct_layers l;
	struct err e = { 0 };

	if (!text)
		return;
	tree(text, strlen(text));
	if (ct_layers_parse(text, "layers", &l, &e) == 0)
		FUZZ_CHECK(l.n > 0 && l.n <= CT_LAYERS_MAX);
	free(text);
}
