/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/incus.c: which machine an image is for. */
#include <errno.h>
#include <string.h>

#include "templates/incus.h"
#include "tests/lib/test.h"

TEST(incus_architecture)
{
	static const struct { const char *text; int rc; const char *arch; } t[] = {
		{ "architecture: x86_64\n", 0, "x86_64" },
		{ "creation_date: 1\narchitecture: \"amd64\"\n", 0, "x86_64" },
		{ "architecture: 'arm64'\r\nx: y", 0, "aarch64" },
		{ "architecture:armhf", 0, "armv7l" },
		{ "properties:\n  architecture: s390x\n", 0, "" },
		{ "", 0, "" },
		{ "architecture:\n", -EBADMSG, "" },
		{ "architecture: ../../x\n", -EBADMSG, "" },
		{ "architecture: x86_64 # and more\n", -EBADMSG, "" },
		{ "architecture: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", -EBADMSG, "" },
	};
	char arch[32];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		CHECK_EQ(incus_arch(t[i].text, strlen(t[i].text), arch, &e), t[i].rc);
		CHECK_STR(t[i].rc ? "" : arch, t[i].arch);
	}
	CHECK_EQ(incus_arch("a\0b", 3, arch, &(struct err){ 0 }), -EBADMSG);
}
