/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/incus.c: what is taken of a stranger's metadata.yaml is one plain word. */
#include <string.h>

#include "templates/incus.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"
#include "util/str.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	char arch[32];
	int rc = incus_arch((const char *)data, size, arch, &e);

	FUZZ_CHECK(rc == 0 || (e.code == -rc && e.text[0] && !str_has_ctrl(e.text)));
	FUZZ_CHECK(rc < 0 || (strlen(arch) < sizeof(arch) && strspn(arch, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(arch)));
}
