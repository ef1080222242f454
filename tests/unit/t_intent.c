/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records survive a kill at any byte: whole, or as if nothing had begun. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define RECORD CT_INTENT_DIR "/101"

TEST_ROOT(intent_life)
{
	const char *const pairs[] = { "PRIVATE", "/a b/\"c\"", "NONE", NULL, "TMP", "x", NULL };
	struct box b;
	auto_kv struct kv kv = { 0 }, again = { 0 };

	box_init(&b, NULL);
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK(!ct_intent_load(ct, &kv));
	CHECK_OK(ct_intent_begin(ct, "create", pairs, &b.e), &b.e);
	CHECK(ct_intent_load(ct, &kv));
	CHECK_STR(kv_get(&kv, "VERB"), "create");
	CHECK_STR(kv_get(&kv, "PRIVATE"), "/a b/\"c\"");
	CHECK_STR(kv_get(&kv, "TMP"), "x");
	CHECK(!kv_get(&kv, "NONE") && !kv_get(&kv, "COMMIT"));
	CHECK_OK(ct_intent_commit(ct, &b.e), &b.e);
	CHECK(ct_intent_load(ct, &again) && kv_get(&again, "COMMIT"));
	CHECK_OK(ct_intent_end(ct, &b.e), &b.e);
	CHECK_OK(ct_intent_end(ct, &b.e), &b.e);
	CHECK(!box_is_there(RECORD));
	CHECK(ct_intent_commit(ct, &b.e) < 0);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(intent_torn)
{
	const char *const pairs[] = { "PRIVATE", BOX "/private/101", "TMP", "101.tmp", "CONF", "new", NULL };
	struct box b;
	auto_buf struct buf whole = BUF_INIT;

	box_init(&b, NULL);
	box_conf(101, "ONBOOT=\"no\"\n");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_intent_begin(ct, "create", pairs, &b.e), &b.e);
	CHECK_OK(fio_read_at(AT_FDCWD, RECORD, &whole, &b.e), &b.e);
	for (size_t n = 0; n < whole.len; n++) {
		auto_free char *cut = strndup(whole.s, n);

		box_put(RECORD, cut);
		CHECK_OK(ct_recover_intent(ct, &b.e), &b.e);
		CHECK(!box_is_there(RECORD));
		CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\n"));	/* nothing was undone */
	}
	ct_close(ct);
	box_done(&b);
}

/* A newer version's verb is nothing to guess at. */
TEST_ROOT(intent_unknown_verb)
{
	struct box b;

	box_init(&b, NULL);
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_intent_begin(ct, "transmogrify", NULL, &b.e), &b.e);
	CHECK_ERR(ct_recover_intent(ct, &b.e), ENOTSUP);
	CHECK(strstr(b.e.text, "transmogrify") && box_is_there(RECORD));
	ct_close(ct);
	box_done(&b);
}

/* On a full disk one record still fits, and the next sync of one makes room for another day. */
TEST_ROOT(intent_full_disk)
{
	const char *const pairs[] = { "PRIVATE", "/p", NULL };
	struct box b;
	auto_kv struct kv kv = { 0 };
	auto_close int fill = -1;
	char block[4096] = { 1 };

	box_init(&b, NULL);
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(path_mkdir_host(CT_INTENT_DIR, 0700, &b.e), &b.e);
	CHECK(mount("box", CT_INTENT_DIR, "tmpfs", 0, "size=64k") == 0);
	CHECK_OK(ct_intent_begin(ct, "create", pairs, &b.e), &b.e);
	CHECK_OK(ct_intent_end(ct, &b.e), &b.e);
	CHECK(box_is_there(CT_INTENT_DIR "/.reserve"));
	fill = open(CT_INTENT_DIR "/fill", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fio_write_all(fill, block, sizeof(block)) == 0)
		;
	CHECK_ERR(ct_intent_begin(ct, "create", pairs, &b.e), ENOSPC);	/* not for what needs more room */
	err_clear(&b.e);
	CHECK(!box_is_there(RECORD) && box_is_there(CT_INTENT_DIR "/.reserve"));
	CHECK_OK(ct_intent_begin(ct, "destroy", pairs, &b.e), &b.e);
	CHECK(ct_intent_load(ct, &kv));
	CHECK_STR(kv_get(&kv, "VERB"), "destroy");
	CHECK(!box_is_there(CT_INTENT_DIR "/.reserve"));
	CHECK_OK(ct_intent_end(ct, &b.e), &b.e);
	CHECK(unlink(CT_INTENT_DIR "/fill") == 0);
	auto_close_(&fill);
	CHECK_OK(ct_intent_begin(ct, "destroy", pairs, &b.e), &b.e);
	CHECK(box_is_there(CT_INTENT_DIR "/.reserve"));
	CHECK_OK(ct_intent_end(ct, &b.e), &b.e);
	ct_close(ct);
	box_done(&b);
}
