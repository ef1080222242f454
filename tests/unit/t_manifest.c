/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/manifest.c: what is written of a template is read again; one without notes, form or numbers is read, too. */
#include "templates/tmpl_priv.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/path.h"

#define D64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The entry of D64 in the store, as a maker's directory. */
static void entry(struct tmpl_tmp *ret)
{
	auto_close int top = test_tmp_fd();
	struct err e = { 0 };
	char path[128];

	store_path(path, D64, "");
	*ret = (struct tmpl_tmp){ .top = -1, .dir = path_mkdirs(top, path, 0700, &e) };
	CHECK(ret->dir >= 0);
}

TEST(manifest_written_and_read)
{
	struct tmpl t = { .name = "os" };
	auto_close int top = test_tmp_fd(), archive = -1;
	struct unpack_result r = { .digest = D64 };
	struct tmpl_info i = { 0 };
	struct tmpl_tmp tmp;
	struct err e = { 0 };

	entry(&tmp);
	CHECK_OK(fio_replace(top, "os.tar", "12345", 5, 0600, &e), &e);
	archive = openat(top, "os.tar", O_RDONLY | O_CLOEXEC);
	r.count.entries = 7;
	r.count.bytes = 1ull << 33;
	r.count.nodes_skipped = 2;
	r.count.xattrs_dropped = 3;
	r.count.odd.n[TMPL_ODD_SETID] = 5;
	r.count.odd.unusual[TMPL_ODD_SETID] = 1;
	CHECK_EQ(str_copy(r.count.odd.notes, sizeof(r.count.odd.notes), "set-id 4755 0:0 /opt/x\n"), 0);
	CHECK_OK(store_manifest(&tmp, &t, archive, &r, &e), &e);
	CHECK_EQ(mkdirat(tmp.dir, "tree", 0755), 0);
	CHECK_OK(store_info(top, D64, &i, &e), &e);
	CHECK(i.unpacked && i.entries == 7 && i.bytes == 1ull << 33 && i.nodes_skipped == 2 && i.xattrs_dropped == 3);
	CHECK(i.odd[TMPL_ODD_SETID] == 5 && i.unusual[TMPL_ODD_SETID] == 1 && i.odd[TMPL_ODD_CAPS] == 0);
	CHECK_STR(i.notes, "set-id 4755 0:0 /opt/x\n");
	CHECK_STR(i.form, "tree");
	CHECK_EQ(mkdirat(tmp.dir, "image", 0755), 0);
	CHECK_OK(store_info(top, D64, &i, &e), &e);
	CHECK_STR(i.form, "damaged image");
	close(tmp.dir);
}

TEST(manifest_of_an_older_version)
{
	auto_close int top = test_tmp_fd();
	struct tmpl_info i = { 0 };
	struct tmpl_tmp tmp;
	struct err e = { 0 };

	CHECK_ERR(store_info(top, D64, &i, &e), ENOENT);
	entry(&tmp);
	CHECK_ERR(store_info(top, D64, &i, &e), ENOENT);
	err_clear(&e);
	CHECK_OK(fio_replace(tmp.dir, "manifest", "ENTRIES=\"4\"\nUNPACKED_BYTES=\"x\"\n", 31, 0600, &e), &e);
	CHECK_OK(store_info(top, D64, &i, &e), &e);
	CHECK(i.entries == 4 && i.bytes == 0 && i.odd[TMPL_ODD_SETID] == 0);
	CHECK_STR(i.notes, "");
	close(tmp.dir);
}
