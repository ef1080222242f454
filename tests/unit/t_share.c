/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/share.c, libct/areas.c: who stands on whose layers, and that nothing goes that somebody stands on. */
#include "libct/share.h"

#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AREAS BOX "/private"

static struct box b;

static int area(const char *path, const char *layers)
{
	char name[128];
	int fd = path_mkdir_host(path, 0700, &b.e) < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_OK(fd, &b.e);
	str_fmt(name, sizeof(name), "%s/layers", path);
	if (layers)
		box_put(name, layers);
	return fd;
}

static void layer(const char *path, const char *guid, const char *below)
{
	char name[128];

	str_fmt(name, sizeof(name), "%s/snap/%s", path, guid);
	CHECK_OK(path_mkdir_host(name, 0700, &b.e), &b.e);
	str_fmt(name, sizeof(name), "%s/snap/%s.below", path, guid);
	box_put(name, below);
}

/* 101 with snapshots A and B, offered to others by the name that it then has. */
static int source(char home[CT_GUID_SIZE])
{
	int fd = area(AREAS "/101", "snap:" B "\n" D "\n");

	layer(AREAS "/101", A, D "\n");
	layer(AREAS "/101", B, "snap:" A "\n");
	CHECK_OK(ct_share_offer(fd, "101", home, &b.e), &b.e);
	return fd;
}

/* An area is gone, as after a destroy. */
static void gone(const char *name)
{
	auto_close int dir = open(AREAS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_OK(path_rmtree(dir, name, &b.e), &b.e);
}

static void clone_of(const char *home, const char *guid)
{
	char text[256];

	str_fmt(text, sizeof(text), "share:%s/%s\n" D "\n", home, guid);
	close(area(AREAS "/102", text));
}

TEST_ROOT(share_home_is_given_once)
{
	char home[CT_GUID_SIZE], again[CT_GUID_SIZE];

	box_init(&b, NULL);
	auto_close int fd = area(AREAS "/101", D "\n");
	CHECK_ERR(ct_share_home(fd, false, home, &b.e), ENOENT);
	err_clear(&b.e);
	CHECK_OK(ct_share_home(fd, true, home, &b.e), &b.e);
	CHECK_OK(ct_share_home(fd, true, again, &b.e), &b.e);
	CHECK_STR(again, home);
	box_put(AREAS "/101/home", "../../etc\n");
	CHECK_ERR(ct_share_home(fd, true, home, &b.e), EBADMSG);
	box_done(&b);
}

TEST_ROOT(share_is_used_by_layer)
{
	char home[CT_GUID_SIZE];

	box_init(&b, NULL);
	auto_close int fd = source(home);
	CHECK_EQ(ct_share_used(b.host, fd, NULL, &b.e), 0);
	clone_of(home, A);
	CHECK_EQ(ct_share_used(b.host, fd, NULL, &b.e), 1);
	CHECK_EQ(ct_share_used(b.host, fd, A, &b.e), 1);
	CHECK_EQ(ct_share_used(b.host, fd, B, &b.e), 0);
	/* a snapshot of the clone stands on it, too */
	box_put(AREAS "/102/layers", D "\n");
	CHECK_EQ(ct_share_used(b.host, fd, A, &b.e), 0);
	auto_buf struct buf line = BUF_INIT;
	buf_addf(&line, "share:%s/" A "\n", home);
	layer(AREAS "/102", B, buf_str(&line));
	CHECK_EQ(ct_share_used(b.host, fd, A, &b.e), 1);
	box_done(&b);
}

/* An area may lie where only its container's file says, and have no container any more. */
TEST_ROOT(share_is_asked_of_all_areas)
{
	char home[CT_GUID_SIZE], text[256];

	box_init(&b, NULL);
	auto_close int fd = source(home);
	str_fmt(text, sizeof(text), "share:%s/" B "\n", home);
	close(area("/run/elsewhere/7", text));
	CHECK_EQ(ct_share_used(b.host, fd, NULL, &b.e), 0);
	box_conf(7, "VE_PRIVATE=\"/run/elsewhere/$VEID\"\n");
	CHECK_EQ(ct_share_used(b.host, fd, NULL, &b.e), 1);
	box_conf(7, "");
	box_put(CT_CONF_DIR "/8.conf.migrated", "VE_PRIVATE=\"/run/elsewhere/$VEID\"\n");
	CHECK_EQ(ct_share_used(b.host, fd, NULL, &b.e), 1);
	/* what cannot be read may stand on it: nobody is told no */
	box_put("/run/elsewhere/7/layers", "rubbish\n");
	CHECK_ERR(ct_share_used(b.host, fd, NULL, &b.e), EBADMSG);
	CHECK_STR(b.e.text, "/run/elsewhere/7/layers: layers, line 1: \"rubbish\" names no layer");
	box_done(&b);
}

/* The source is destroyed: what the clone stands on stays, all else goes; with the clone goes the rest. */
TEST_ROOT(share_outlives_its_container)
{
	char home[CT_GUID_SIZE], path[192];
	struct ct_layer l = { .kind = CT_LAYER_SHARE, .id = A };

	box_init(&b, NULL);
	close(source(home));
	clone_of(home, A);
	str_copy(l.home, sizeof(l.home), home);
	auto_close int clone = open(AREAS "/102", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int before = ct_share_open(clone, &l, &b.e);
	CHECK_OK(before, &b.e);
	auto_free char *plan = ct_share_plan(AREAS, home);
	CHECK(rename(AREAS "/101", plan) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK_OK(ct_share_settle(b.host, AREAS, home, &b.e), &b.e);
		str_fmt(path, sizeof(path), "%s/snap/" A, plan);
		CHECK(box_is_there(path));
		str_fmt(path, sizeof(path), "%s/snap/" B, plan);
		CHECK(!box_is_there(path));
		str_fmt(path, sizeof(path), "%s/layers", plan);
		CHECK(!box_is_there(path));
	}
	auto_close int after = ct_share_open(clone, &l, &b.e);
	CHECK_OK(after, &b.e);
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	CHECK(box_is_there(plan));
	gone("102");
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	CHECK(!box_is_there(AREAS "/.shared"));
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	box_done(&b);
}

/* An offer that nobody took: the link goes with the container that made it, not before. */
TEST_ROOT(share_link_goes_with_its_area)
{
	char home[CT_GUID_SIZE], again[CT_GUID_SIZE], link[128];

	box_init(&b, NULL);
	auto_close int fd = source(home);
	str_fmt(link, sizeof(link), AREAS "/.shared/%s", home);
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	CHECK(box_is_there(link));
	CHECK(rename(AREAS "/101", AREAS "/103") == 0);
	CHECK_OK(ct_share_offer(fd, "103", again, &b.e), &b.e);	/* moved: the link follows */
	CHECK_STR(again, home);
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	CHECK(box_is_there(link));
	gone("103");
	CHECK_OK(ct_share_collect(b.host, AREAS, &b.e), &b.e);
	CHECK(!box_is_there(AREAS "/.shared"));
	box_done(&b);
}

TEST(share_is_seen_in_a_list)
{
	static const struct { const char *text; bool shared; } t[] = {
		{ D, false }, { "snap:" A "\n" D, false }, { "share:" A "/" B, true }, { "snap:" A "\nshare:" A "/" B "\n" D, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ct_layers l;

		CHECK_OK(ct_layers_parse(t[i].text, "layers", &l, &b.e), &b.e);
		CHECK_EQ(ct_layers_shared(&l), t[i].shared);
	}
}
