/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No two containers ever share a range of ids. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST(idmap_slots)
{
	struct err e = { 0 };
	unsigned slot;
	auto_close int dir = test_tmp_fd();

	CHECK_EQ(ct_slot_of(CT_UID_FIRST, &slot), 0);
	CHECK_EQ(slot, 0);
	CHECK_EQ(ct_slot_of(CT_UID_FIRST + 5ull * CT_UID_COUNT, &slot), 0);
	CHECK_EQ(slot, 5);
	CHECK_EQ(ct_slot_of(CT_UID_END - CT_UID_COUNT, &slot), 0);
	CHECK_ERR(ct_slot_of(CT_UID_END, &slot), EINVAL);
	CHECK_ERR(ct_slot_of(CT_UID_FIRST + 1, &slot), EINVAL);
	CHECK_ERR(ct_slot_of(100000, &slot), EINVAL);
	CHECK_ERR(ct_slot_of(0, &slot), EINVAL);
	CHECK_ERR(ct_slot_of(UINT64_MAX, &slot), EINVAL);

	CHECK_OK(ct_slot_alloc(dir, 7, &slot, &e), &e);
	CHECK_EQ(slot, 7);
	CHECK_OK(ct_slot_alloc(dir, 7 + CT_UID_SLOTS, &slot, &e), &e);
	CHECK_EQ(slot, 8);
	CHECK_OK(ct_slot_alloc(dir, 8, &slot, &e), &e);
	CHECK_EQ(slot, 9);
	/* the same container again: the same slot */
	CHECK_OK(ct_slot_alloc(dir, 8, &slot, &e), &e);
	CHECK_EQ(slot, 9);
	CHECK_ERR(ct_slot_claim(dir, 7, 8, &e), EEXIST);
	CHECK_OK(ct_slot_free(dir, 7, 8, &e), &e);		/* not its own: untouched */
	CHECK_ERR(ct_slot_claim(dir, 7, 8, &e), EEXIST);
	CHECK_OK(ct_slot_free(dir, 7, 7, &e), &e);
	CHECK_OK(ct_slot_claim(dir, 7, 8, &e), &e);
}

TEST(idmap_retired)
{
	struct err e = { 0 };
	auto_close int dir = test_tmp_fd();
	char trash[256];
	unsigned slot;

	str_fmt(trash, sizeof(trash), "%s/trash", test_tmp());
	CHECK(mkdirat(dir, "trash", 0700) == 0);
	CHECK_OK(ct_slot_alloc(dir, 3, &slot, &e), &e);
	CHECK_OK(ct_slot_retire(dir, slot, 4, trash, &e), &e);		/* another's: nothing happens */
	CHECK_EQ(ct_slot_reap(dir, slot), -EBUSY);
	CHECK_OK(ct_slot_retire(dir, slot, 3, trash, &e), &e);
	CHECK_EQ(ct_slot_reap(dir, slot), -EBUSY);
	CHECK_ERR(ct_slot_claim(dir, slot, 3, &e), EEXIST);
	CHECK_OK(ct_slot_alloc(dir, 3, &slot, &e), &e);
	CHECK_EQ(slot, 4);
	CHECK(unlinkat(dir, "trash", AT_REMOVEDIR) == 0);
	CHECK_OK(ct_slot_claim(dir, 3, 9, &e), &e);			/* gone: the slot is free again */
}

#define IDS 600
/* Six ids want each of a hundred slots. */
static unsigned id_of(unsigned k)
{
	return k / 6 * 37 + k % 6 * CT_UID_SLOTS;
}

TEST(idmap_random)
{
	static unsigned held[IDS];			/* slot + 1, 0: none */
	static unsigned owner[CT_UID_SLOTS];		/* id + 1 */
	char shm[] = "/dev/shm/vz-test.XXXXXX";		/* memory: a hundred thousand links are nothing there */
	const char *path = mkdtemp(shm) ? shm : test_tmp();
	struct err e = { 0 };
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	srandom(1);
	for (int i = 0; i < 100000; i++) {
		unsigned k = (unsigned)random() % IDS, slot;
		unsigned id = id_of(k);

		if (held[k]) {
			CHECK_OK(ct_slot_free(dir, held[k] - 1, id, &e), &e);
			owner[held[k] - 1] = 0;
			held[k] = 0;
			continue;
		}
		CHECK_OK(ct_slot_alloc(dir, id, &slot, &e), &e);
		CHECK(slot < CT_UID_SLOTS);
		CHECK_EQ(owner[slot], 0);
		owner[slot] = id + 1;
		held[k] = slot + 1;
	}
	for (unsigned k = 0; k < IDS; k++) {
		if (held[k])
			CHECK_OK(ct_slot_free(dir, held[k] - 1, id_of(k), &e), &e);
	}
	CHECK(rmdir(path) == 0);		/* nothing is left */
}

TEST_ROOT(idmap_get)
{
	struct box b;
	uint32_t base;

	box_init(&b, "LOCAL_UID=\"100000\"\n");
	box_conf(101, "ONBOOT=\"no\"\n");
	box_conf(102, "LOCAL_UID=\"100000\"\n");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK_EQ(base, CT_UID_FIRST + 101 * CT_UID_COUNT);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\n"));	/* not ours to change unasked */
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK_EQ(base, CT_UID_FIRST + 101 * CT_UID_COUNT);
	ct_close(ct);
	/* what OpenVZ gave to all of them is nobody's */
	ct = box_open(&b, "102", 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK_EQ(base, CT_UID_FIRST + 102 * CT_UID_COUNT);
	ct_close(ct);
	/* a copied file does not share its original's */
	box_conf(103, "LOCAL_UID=\"275054592\"\n");
	ct = box_open(&b, "103", 0);
	box_failed(&b, ct_idmap_get(ct, &base, &b.e), VZ_INVALID_CONFIG,
		   "LOCAL_UID 275054592 belongs to container 101: take the line out of /etc/vz/conf/103.conf to get a range of its own");
	ct_close(ct);
	/* 101 is gone: its range may be taken by name */
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_idmap_free(ct, &b.e), &b.e);
	ct_close(ct);
	ct = box_open(&b, "103", 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK_EQ(base, 275054592);
	ct_close(ct);
	box_said(&b, "");
	box_done(&b);
}

TEST_ROOT(idmap_birth)
{
	struct box b;
	uint32_t base;
	struct ct *ct;
	uint64_t birth;

	box_init(&b, "");
	box_conf(101, "OSTEMPLATE=\"x\"\n");
	ct = box_open(&b, "101", 0);
	CHECK_EQ(ct_birth(ct), 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	birth = ct_birth(ct);
	CHECK(birth);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK(ct_birth(ct) == birth);
	CHECK_OK(ct_idmap_free(ct, &b.e), &b.e);
	CHECK_EQ(ct_birth(ct), 0);
	CHECK_OK(ct_idmap_get(ct, &base, &b.e), &b.e);
	CHECK(ct_birth(ct) && ct_birth(ct) != birth);
	ct_close(ct);
	box_done(&b);
}
