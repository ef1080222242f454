/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capability names of OpenVZ and the sets a child ends with. Golden masks are typed out here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/caps.h"
#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"

/* Bits 0 to 15, 18, 19, 21 to 24, 26 to 29, 31. Not: SYS_MODULE 16, SYS_RAWIO 17, SYS_PACCT 20, SYS_TIME 25,
 * AUDIT_CONTROL 30, and all above 31: MAC, SYSLOG, WAKE_ALARM, PERFMON, BPF ... */
#define DEFAULT_MASK 0xbdecffffull

static uint64_t mask_of(const char *items)
{
	struct str_list l = { 0 };
	struct err e = { 0 };
	uint64_t m = 0;

	CHECK_OK(str_list_split(&l, items, " ", &e), &e);
	CHECK_OK(ct_caps_mask(&l, &m, &e), &e);
	str_list_clear(&l);
	return m;
}

TEST(caps_default_mask)
{
	CHECK_EQ(mask_of(""), DEFAULT_MASK);
	CHECK_EQ(mask_of("") >> 32, 0);
}

TEST(caps_on_and_off)
{
	CHECK_EQ(mask_of("net_admin:off"), DEFAULT_MASK & ~(1ull << 12));
	CHECK_EQ(mask_of("NET_ADMIN:off net_admin:on"), DEFAULT_MASK);
	CHECK_EQ(mask_of("sys_time:on"), DEFAULT_MASK | 1ull << 25);
	CHECK_EQ(mask_of("ve_admin:off"), DEFAULT_MASK & ~(1ull << 12 | 1ull << 21));
	CHECK_EQ(mask_of("setfcap:off"), DEFAULT_MASK & ~(1ull << 31));
}

TEST(caps_refused)
{
	static const struct { const char *item, *text; } t[] = {
		{ "nonsense:on", "Capability nonsense is unknown" }, { "chow:on", "Capability chow is unknown" },
		{ "chown", "Capability chown: write NAME:on or NAME:off" },
		{ "chown:maybe", "Capability chown:maybe: write NAME:on or NAME:off" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct str_list l = { .v = (char *[]){ (char *)t[i].item, NULL }, .n = 1 };
		struct err e = { 0 };
		uint64_t m;

		CHECK_ERR(ct_caps_mask(&l, &m, &e), EINVAL);
		CHECK_STR(e.text, t[i].text);
	}
}

static uint64_t status_field(const char *name)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	uint64_t v = ~0ull;
	const char *p;

	if (fio_read_at(AT_FDCWD, "/proc/self/status", &b, &e) < 0)
		return v;
	p = strstr(buf_str(&b), name);
	if (p)
		sscanf(p + strlen(name), " %" SCNx64, &v);
	return v;
}

/* All five sets, in a child: exactly the mask, nothing inheritable, nothing ambient. */
TEST_ROOT(caps_apply_sets_all_five)
{
	const uint64_t want = 0x21ull;		/* chown, kill */
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };

		if (ct_caps_apply(want, &e) < 0)
			_exit(10);
		if (status_field("CapBnd:") != want || status_field("CapPrm:") != want)
			_exit(11);
		if (status_field("CapEff:") != want)
			_exit(12);
		_exit(status_field("CapInh:") || status_field("CapAmb:") ? 13 : 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(WEXITSTATUS(status), 0);
}

TEST(caps_netfilter)
{
	CHECK_EQ(ct_caps_netfilter(0xffff, "disabled"), 0xefff);	/* without bit 12, CAP_NET_ADMIN */
	CHECK_EQ(ct_caps_netfilter(0xffff, "full"), 0xffff);
	CHECK_EQ(ct_caps_netfilter(0xffff, NULL), 0xffff);
}
