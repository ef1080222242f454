/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/origin.c: the templates of a layered root, each once; of no other root, whatever lies in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/layers.h"
#include "libct/record.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define E "fedcba98765432100123456789abcdef0123456789abcdef0123456789abcdef"

TEST(origin)
{
	static const struct { const char *layout, *layers; int rc; const char *want; } t[] = {
		{ "overlay", NULL, 0, "" },
		{ "overlay", D "\n", 0, D " " },
		{ "overlay", "snap:" A "\n" D "\n" E "\n", 0, D " " E " " },
		{ "overlay", "snap:" A "\n" D "\nshare:" A "/" A "\n" D "\n", 0, D " " },
		{ "overlay", "snap:../../etc\n", -EBADMSG, "" },
		{ "dir", D "\n", 0, "" },		/* the guest's own file */
		{ "image", NULL, 0, "" },
	};
	char *area = NULL, *layout = NULL;

	CHECK(asprintf(&area, "%s/$VEID", test_tmp()) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ct ct = { .id = 101, .conf = { .private_dir = area } };
		auto_list struct str_list l = { 0 };
		auto_close int dir = -1;
		auto_buf struct buf got = BUF_INIT;
		struct err e = { 0 };

		layout = strdup(t[i].layout);
		ct.conf.layout = layout;
		if (i == 0)
			CHECK_OK(ct_templates(&ct, &l, &e), &e);	/* not even an area */
		dir = test_tmp_fd();
		CHECK(mkdirat(dir, "101", 0700) == 0 || errno == EEXIST);
		auto_close int at = openat(dir, "101", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		unlinkat(at, CT_LAYERS_FILE, 0);
		if (t[i].layers)
			CHECK_OK(fio_replace_run(at, CT_LAYERS_FILE, t[i].layers, strlen(t[i].layers), 0600, &e), &e);
		CHECK_EQ(ct_templates(&ct, &l, &e), t[i].rc);
		for (size_t k = 0; k < l.n; k++)
			buf_addf(&got, "%s ", l.v[k]);
		CHECK_STR(buf_str(&got), t[i].want);
		free(layout);
	}
	free(area);
}
