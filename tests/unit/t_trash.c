/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Areas are taken away by a rename, removed behind the caller's back, and never two removers on one. */
#include <sys/file.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

static bool slot_free(int dir, unsigned slot)
{
	char name[16];
	struct stat st;

	str_fmt(name, sizeof(name), "%u", slot);
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

TEST_ROOT(trash_put_away)
{
	struct box b;
	auto_area struct ct_area a = { 0 };
	auto_free char *trash = NULL;
	const char *const left = BOX "/vztmp/vzctl-rm-me.dead01", *const busy = BOX "/vztmp/vzctl-rm-me.busy01";
	unsigned slot = 7;

	box_init(&b, NULL);
	auto_close int dir = ct_idmap_dir(&b.e);
	CHECK_OK(ct_area_of(&a, BOX "/private/7", 7, &b.e), &b.e);
	CHECK_OK(path_mkdir_host(BOX "/private/7/upper/a/b", 0700, &b.e), &b.e);
	CHECK_OK(ct_slot_claim(dir, slot, 7, &b.e), &b.e);
	CHECK_OK(ct_trash_plan(&a, &trash, &b.e), &b.e);
	CHECK(str_starts(trash, BOX "/vztmp/vzctl-rm-me.") && strlen(trash) == strlen(BOX "/vztmp/vzctl-rm-me.") + 6);
	CHECK_OK(ct_trash_move(&a, trash, &b.e), &b.e);
	CHECK(!box_is_there(a.path) && box_is_there(trash));
	CHECK_OK(ct_trash_move(&a, trash, &b.e), &b.e);		/* again: gone already */
	CHECK_OK(ct_slot_retire(dir, slot, 7, trash, &b.e), &b.e);
	/* one left by a dead remover, one another is at */
	CHECK(mkdir(left, 0700) == 0 && mkdir(busy, 0700) == 0 && mkdir(BOX "/vztmp/keep", 0700) == 0);
	auto_close int own = open(busy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(own >= 0 && flock(own, LOCK_EX | LOCK_NB) == 0);
	CHECK_OK(ct_trash_empty(trash, &slot, 1, &b.e), &b.e);
	SOON(!box_is_there(trash) && !box_is_there(left) && slot_free(dir, slot));
	CHECK(box_is_there(busy) && box_is_there(BOX "/vztmp/keep"));
	box_done(&b);
}

/* The directory of areas is a mount of its own: the trash stays on it. */
TEST_ROOT(trash_on_a_mount)
{
	struct box b;
	auto_area struct ct_area a = { 0 };
	auto_free char *trash = NULL;

	box_init(&b, NULL);
	CHECK(mount("box", BOX "/private", "tmpfs", 0, "mode=700") == 0);
	CHECK(mkdir(BOX "/private/7", 0700) == 0);
	CHECK_OK(ct_area_of(&a, BOX "/private/$VEID", 7, &b.e), &b.e);
	CHECK_OK(ct_trash_plan(&a, &trash, &b.e), &b.e);
	CHECK(str_starts(trash, BOX "/private/.vztmp/vzctl-rm-me."));
	CHECK_OK(ct_trash_move(&a, trash, &b.e), &b.e);
	CHECK_OK(ct_trash_empty(trash, NULL, 0, &b.e), &b.e);
	SOON(!box_is_there(trash));
	box_done(&b);
}
