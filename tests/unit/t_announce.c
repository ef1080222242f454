/* SPDX-License-Identifier: GPL-2.0-or-later */
/* veip, vepid and the link for `ip netns`: what is written, what belongs to others, what a boot takes away. */
#include <unistd.h>

#include "libct/announce.h"
#include "tests/unit/t_ct_box.h"

#define VEIP "/var/lib/vzctl/veip/"
#define VEPID "/var/lib/vzctl/vepid/"
#define NETNS "/var/run/netns/"

static void link_is(const char *path, const char *want)
{
	char got[64] = "";

	CHECK(readlink(path, got, sizeof(got) - 1) > 0);
	CHECK_STR(got, want);
}

TEST_ROOT(announce_files)
{
	struct str_list ips = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(str_list_split(&ips, "10.0.0.1 10.0.0.2/24 fd00::1/64", " ", &b.e), &b.e);
	ct_announce_up(ct, 4711, &ips);
	CHECK(box_file_is(VEIP "101", "10.0.0.1 10.0.0.2 fd00::1\n"));
	CHECK(box_file_is(VEPID "101", "4711\n"));
	link_is(NETNS "101", "/proc/4711/ns/net");
	struct str_list more = { 0 };
	CHECK_OK(str_list_split(&more, "10.0.0.1 10.9.9.9", " ", &b.e), &b.e);
	CHECK_OK(ct_announced_ips(ct, &more, &b.e), &b.e);
	CHECK(more.n == 4 && !strcmp(more.v[2], "10.0.0.2") && !strcmp(more.v[3], "fd00::1"));
	str_list_clear(&more);
	str_list_del(&ips, "10.0.0.2/24");
	ct_announce_ips(ct, &ips);
	CHECK(box_file_is(VEIP "101", "10.0.0.1 fd00::1\n"));
	ct_announce_up(ct, 4712, &ips);		/* after a start that nobody undid */
	link_is(NETNS "101", "/proc/4712/ns/net");
	box_said(&b, "");
	box_put(VEIP ".101.tmp", "10.");	/* a set that was killed */
	CHECK_OK(ct_announce_down(ct, &b.e), &b.e);
	CHECK_OK(ct_announce_down(ct, &b.e), &b.e);
	CHECK(!box_is_there(VEIP ".101.tmp"));
	CHECK(ct_announced_ips(ct, &more, &b.e) == 0 && more.n == 0);
	CHECK(!box_is_there(VEIP "101") && !box_is_there(VEPID "101") && !box_is_there(NETNS "101"));
	str_list_clear(&ips);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(announce_leaves_strangers_alone)
{
	static const char *const targets[] = { NULL, "/proc/4711/ns/mnt", "/proc/self/ns/net", "/tmp/x", "/proc//ns/net" };
	const struct str_list none = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(path_mkdir_host(NETNS, 0755, &b.e), &b.e);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (targets[i])
			CHECK(symlink(targets[i], NETNS "101") == 0);
		else
			box_put(NETNS "101", "");
		ct_announce_up(ct, 4711, &none);
		box_said(&b, "E Warning: /var/run/netns/101 is not of this container and is left alone; 'ip netns exec 101' does not "
			     "enter it\n");
		CHECK_OK(ct_announce_down(ct, &b.e), &b.e);
		CHECK(box_is_there(NETNS "101"));
		CHECK(unlink(NETNS "101") == 0);
	}
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(announce_never_fails)
{
	const struct str_list none = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	box_put("/var/lib/vzctl", "a file");
	ct_announce_up(ct, 4711, &none);
	CHECK(strstr(buf_str(&b.said), "E Warning: /var/lib/vzctl/vepid/101: ") == buf_str(&b.said));
	link_is(NETNS "101", "/proc/4711/ns/net");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(announce_sweep_at_boot)
{
	struct box b;

	box_init(&b, NULL);
	CHECK_OK(path_mkdir_host(VEIP, 0755, &b.e), &b.e);
	CHECK_OK(path_mkdir_host(VEPID, 0755, &b.e), &b.e);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR "/102", 0755, &b.e), &b.e);
	box_put(VEIP "101", "10.0.0.1\n");
	box_put(VEPID "101", "1\n");
	box_put(VEIP "102", "10.0.0.2\n");
	ct_announce_sweep();
	CHECK(!box_is_there(VEIP "101") && !box_is_there(VEPID "101") && box_is_there(VEIP "102"));
	box_done(&b);
}
