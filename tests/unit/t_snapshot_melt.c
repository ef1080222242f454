/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/snapshot_melt.c: layers that the tree does not name go, into what stands on them, and never what is needed. */
#include "libct/overlay.h"

#include <unistd.h>

#include "libct/snap.h"
#include "tests/unit/t_ct_box.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "cccccccc-0000-4000-8000-000000000003"
#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AREA BOX "/private/101"
#define SNAP AREA "/snap/"

static struct box b;
static struct ct *ct;
static int area = -1;

static void dir(const char *path)
{
	CHECK_OK(path_mkdir_host(path, 0700, &b.e), &b.e);
}

/* No snapshot any more. */
#define NONE "DONE=\"" A "\"\n"

/* upper stands on B, B on A, A on the template; each has a file of its own, and all of them write one. */
static void stack(const char *tree)
{
	static const char *const layers[] = { SNAP A, SNAP B, AREA "/upper" };

	for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
		char path[128], name[2] = { (char)('1' + i), '\0' };

		dir(layers[i]);
		str_fmt(path, sizeof(path), "%s/own%s", layers[i], name);
		box_put(path, name);
		str_fmt(path, sizeof(path), "%s/all", layers[i]);
		box_put(path, name);
	}
	dir(AREA "/work");
	box_put(SNAP A ".below", D "\n");
	box_put(SNAP B ".below", "snap:" A "\n");
	box_put(AREA "/layers", "snap:" B "\nsnap:" A "\n" D "\n");
	box_put(SNAP "snapshots", tree);
}

static void begin(const char *tree)
{
	box_init(&b, NULL);
	box_conf(101, "VE_LAYOUT=\"overlay\"\nOSTEMPLATE=\"x\"\n");
	stack(tree);
	ct = box_open(&b, "101", 0);
	area = open(AREA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(area >= 0);
}

static void end(void)
{
	close(area);
	ct_close(ct);
	box_done(&b);
}

/* What the guest sees of a name: the topmost layer's. */
static void seen(const char *name, const char *want)
{
	struct ct_layers l;
	char path[160];

	str_fmt(path, sizeof(path), AREA "/upper/%s", name);
	if (box_is_there(path)) {
		CHECK(box_file_is(path, want));
		return;
	}
	CHECK_OK(ct_layers_load(area, "layers", &l, &b.e), &b.e);
	for (unsigned i = 0; i < l.n; i++) {
		str_fmt(path, sizeof(path), SNAP "%s/%s", l.v[i].id, name);
		if (l.v[i].kind == CT_LAYER_SNAP && box_is_there(path)) {
			CHECK(box_file_is(path, want));
			return;
		}
	}
	test_fail(__FILE__, __LINE__, "nobody sees %s", name);
}

static void all_is_seen(void)
{
	seen("own1", "1");
	seen("own2", "2");
	seen("own3", "3");
	seen("all", "3");
}

TEST_ROOT(melt_keeps_what_the_tree_names)
{
	begin("CURRENT=\"" B "\"\nGUID=\"" A "\"\nGUID=\"" B "\"\nPARENT=\"" A "\"\n");
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(box_is_there(SNAP A "/own1") && box_is_there(SNAP B "/own2"));
	CHECK(box_file_is(AREA "/layers", "snap:" B "\nsnap:" A "\n" D "\n"));
	all_is_seen();
	end();
}

TEST_ROOT(melt_into_the_snapshot_above)
{
	begin("CURRENT=\"" B "\"\nGUID=\"" B "\"\n");
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(!box_is_there(SNAP A) && !box_is_there(SNAP A ".below"));
	CHECK(box_file_is(SNAP B "/own1", "1") && box_file_is(SNAP B "/all", "2"));
	CHECK(box_file_is(SNAP B ".below", D "\n"));
	CHECK(box_file_is(AREA "/layers", "snap:" B "\n" D "\n"));
	all_is_seen();
	end();
}

TEST_ROOT(melt_all_into_the_root)
{
	begin(NONE);
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(!box_is_there(SNAP A) && !box_is_there(SNAP B) && !box_is_there(SNAP A ".below") && !box_is_there(SNAP B ".below"));
	CHECK(box_file_is(AREA "/layers", D "\n"));
	all_is_seen();
	end();
}

/* Two stand on A: it stays as it is. One of them goes: A melts into the other. */
TEST_ROOT(melt_waits_for_a_single_child)
{
	begin("CURRENT=\"" B "\"\nGUID=\"" B "\"\nGUID=\"" C "\"\n");
	dir(SNAP C);
	box_put(SNAP C ".below", "snap:" A "\n");
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(box_is_there(SNAP A "/own1") && !box_is_there(SNAP B "/own1"));
	box_put(SNAP "snapshots", "CURRENT=\"" B "\"\nGUID=\"" B "\"\n");
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(!box_is_there(SNAP C) && !box_is_there(SNAP A) && box_file_is(SNAP B "/own1", "1"));
	all_is_seen();
	end();
}

/* A clone stands on A: it stays where the clone looks for it. */
TEST_ROOT(melt_leaves_what_is_shared)
{
	auto_buf struct buf line = BUF_INIT;

	begin(NONE);
	box_put(AREA "/home", C "\n");
	dir(BOX "/private/102");
	box_put(BOX "/private/102/layers", "share:" C "/" A "\n" D "\n");
	CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
	CHECK(box_is_there(SNAP A "/own1") && !box_is_there(SNAP B));
	CHECK(box_file_is(AREA "/layers", "snap:" A "\n" D "\n"));
	all_is_seen();
	end();
}

static void again_from_the_start(void)
{
	auto_close int all = open(BOX "/private", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_OK(path_rmtree(all, "101", &b.e), &b.e);
	CHECK_OK(path_mkdir_host(AREA, 0700, &b.e), &b.e);
	close(area);
	area = open(AREA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stack(NONE);
}

/* Whatever fails, and whenever: the guest sees the same, and the next one finishes it. */
TEST_ROOT(melt_fails_at_any_step)
{
	begin(NONE);
	EACH_FAULT(FAULT_IO) {
		int rc;

		test_fault_off();
		again_from_the_start();
		err_clear(&b.e);
		test_fault_on();
		rc = ct_overlay_melt(ct, area, &b.e);
		test_fault_off();
		CHECK(rc == 0 || test_fault_hit());
		err_clear(&b.e);
		all_is_seen();
		CHECK_OK(ct_overlay_melt(ct, area, &b.e), &b.e);
		all_is_seen();
		CHECK(!box_is_there(SNAP A) && !box_is_there(SNAP B) && box_file_is(AREA "/layers", D "\n"));
	}
	end();
}
