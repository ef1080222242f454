/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/ploop_desc.c: whatever the bytes, an error with a text, or images with plain names, each of them once. */
#include <string.h>

#include "templates/unploop_proto.h"
#include "tests/fuzz/fuzz.h"
#include "util/path.h"
#include "util/str.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static struct tmpl_ploop p;
	struct err e = { 0 };
	int rc = ploop_desc_parse((const char *)data, size, &p, &e);

	FUZZ_CHECK(rc <= 0 && e.code == -rc && (rc == 0) == !e.text[0]);
	FUZZ_CHECK(!str_has_ctrl(e.text));
	if (rc < 0)
		return;
	FUZZ_CHECK(p.n >= 1 && p.n <= TMPL_PLOOP_MAX);
	for (uint32_t i = 0; i < p.n; i++) {
		FUZZ_CHECK(path_is_component(p.image[i].file) && strlen(p.image[i].guid) == 38);
		for (uint32_t k = 0; k < i; k++)
			FUZZ_CHECK(strcmp(p.image[i].guid, p.image[k].guid) != 0);
	}
}
