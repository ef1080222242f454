/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/remote_conf.c: which host, which token, and files that must not be read by others. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzctl/remote.h"

static struct remote r;
static struct err e;
static char home[256];

static void at_home(void)
{
	char path[300];

	CHECK(str_copy(home, sizeof(home), test_tmp()) == 0);
	CHECK_EQ(setenv("HOME", home, 1), 0);
	CHECK_EQ(unsetenv("VZ_TOKEN"), 0);
	str_fmt(path, sizeof(path), "%s/.config", home);
	CHECK_EQ(mkdir(path, 0755), 0);
	str_fmt(path, sizeof(path), "%s/.config/vz", home);
	CHECK_EQ(mkdir(path, 0700), 0);
}

static void put(const char *host, const char *text, mode_t mode)
{
	char path[400];

	str_fmt(path, sizeof(path), "%s/.config/vz/%s.conf", home, host);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
	CHECK_EQ(fchmod(fd, mode), 0);
}

static int conf(const char *host)
{
	remote_done(&r);
	err_clear(&e);
	return remote_conf(host, &r, &e);
}

TEST(remote_conf_hosts)
{
	static const struct { const char *text, *host, *port; } good[] = {
		{ "node1", "node1", "8443" }, { "node1:", "node1", "8443" }, { "node1.example.org:9000", "node1.example.org", "9000" },
		{ "192.0.2.1:1", "192.0.2.1", "1" }, { "[2001:db8::1]", "[2001:db8::1]", "8443" },
		{ "[2001:db8::1]:9", "[2001:db8::1]", "9" },
	};
	static const char *const bad[] = { "", ":", ":80", "-x", ".x", "a/b", "../x", "a b", "a:b", "a:80:81", "::1", "[::1",
					   "user@host", "a\nb", "h?x", "a%2fb" };

	at_home();
	CHECK_EQ(setenv("VZ_TOKEN", "vz1_x", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_OK(conf(good[i].text), &e);
		CHECK_STR(r.host, good[i].host);
		CHECK_STR(r.port, good[i].port);
		CHECK_STR(r.token, "vz1_x");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(conf(bad[i]), -EINVAL);
	remote_done(&r);
}

TEST(remote_conf_files)
{
	at_home();
	CHECK_EQ(conf("node1"), -ENOENT);
	CHECK(strstr(e.text, "there is no token for node1") != NULL);
	put("node1", "TOKEN=\"vz1_a\"\nPIN=\"sha256//AAAA\"\n", 0600);
	CHECK_OK(conf("node1:9000"), &e);
	CHECK_STR(r.token, "vz1_a");
	CHECK_STR(r.pin, "sha256//AAAA");
	CHECK(!r.ca);
	CHECK_EQ(setenv("VZ_TOKEN", "vz1_b", 1), 0);	/* goes before the file's; the pin is still the file's */
	CHECK_OK(conf("node1"), &e);
	CHECK_STR(r.token, "vz1_b");
	CHECK_STR(r.pin, "sha256//AAAA");
	CHECK_EQ(unsetenv("VZ_TOKEN"), 0);
	put("node1", "TOKEN=\"vz1_a\"\nPIN=\"md5//x\"\n", 0600);
	CHECK_EQ(conf("node1"), -EINVAL);
	for (mode_t m = 0; m < 2; m++) {
		put("node1", "TOKEN=\"vz1_a\"\n", m ? 0640 : 0604);
		CHECK_EQ(conf("node1"), -EPERM);
		CHECK(strstr(e.text, "chmod 600") != NULL);
	}
	put("node2", "CA=\"/etc/ca.pem\"\n", 0600);
	CHECK_EQ(conf("node2"), -ENOENT);
	remote_done(&r);
}
