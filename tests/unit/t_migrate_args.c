/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/migrate_args.c */
#include "vzctl/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"

#define ARGS(...) ((char *[]){ (char *)"vzmigrate", __VA_ARGS__ __VA_OPT__(,) NULL })

TEST(migrate_options)
{
	struct migrate_opts o = { 0 };
	struct err e = { 0 };

	CHECK_OK(migrate_args(ARGS((char *)"h1", (char *)"101", (char *)"--ssh=-p 22 -i /k", (char *)"--nodeps=cpu,ipv6",
				   (char *)"-r", (char *)"no", (char *)"-tvv", (char *)"--rsync", (char *)"-az"), &o, &e), &e);
	CHECK_STR(o.host, "h1");
	CHECK_STR(o.ct, "101");
	CHECK(o.keep_src && o.force_ip && o.times && o.verbose == 2 && !o.live && !o.check_only && !o.keep_dst);
	CHECK(o.ssh.n == 4 && !strcmp(o.ssh.v[1], "22") && o.rsync.n == 1);
	migrate_opts_done(&o);
	o = (struct migrate_opts){ 0 };
	CHECK_OK(migrate_args(ARGS((char *)"--online", (char *)"--dry-run", (char *)"-f", (char *)"--keep-dst", (char *)"-r",
				   (char *)"yes", (char *)"root@h", (char *)"web"), &o, &e), &e);
	CHECK(o.live && o.check_only && o.force_ip && o.keep_dst && !o.keep_src);
	o = (struct migrate_opts){ 0 };
	CHECK(migrate_args(ARGS(), &o, &e) == 0 && o.help);
	o = (struct migrate_opts){ 0 };
	CHECK(migrate_args(ARGS((char *)"-h"), &o, &e) == 0 && o.help);
}

TEST(migrate_options_refused)
{
	char *const *const bad[] = {
		ARGS((char *)"h1"), ARGS((char *)"h1", (char *)"101", (char *)"102"), ARGS((char *)"h1", (char *)"101", (char *)"--frob"),
		ARGS((char *)"h1", (char *)"101", (char *)"-r", (char *)"maybe"), ARGS((char *)"--", (char *)"-oProxyCommand=x", (char *)"1"),
		ARGS((char *)"h 1", (char *)"101"), ARGS((char *)"h;reboot", (char *)"101"), ARGS((char *)"", (char *)"101"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct migrate_opts o = { 0 };
		struct err e = { 0 };

		if (migrate_args((char **)bad[i], &o, &e) == 0 || !e.text[0])
			test_fail(__FILE__, __LINE__, "line %zu was taken", i);
		migrate_opts_done(&o);
	}
	CHECK(migrate_host_ok("[2001:db8::1]") && migrate_host_ok("user@host.example.com") && migrate_host_ok("fe80::1%eth0"));
}

TEST(migrate_quotes)
{
	struct buf auto_buf b = BUF_INIT;

	migrate_quote(&b, "a b");
	migrate_quote(&b, "it's $HOME");
	migrate_quote(&b, "");
	CHECK_STR(buf_str(&b), "'a b''it'\\''s $HOME'''");
}

TEST(migrate_paths_of_the_destination)
{
	static const char *const bad[] = {
		"", "\n", "/vz/root/1", "vz|/p", "/r|p", "/|/p", "/r r|/p", "/r|/p;x", "/r|/p/../x", "/r|/p/..", "/r|/p'", "/r|/p\t",
	};
	auto_free char *root = NULL, *priv = NULL;
	struct err e = { 0 };

	CHECK_OK(migrate_paths("noise from a profile\n/vz/root/101|/vz/private/101\n\n", &root, &priv, &e), &e);
	CHECK_STR(root, "/vz/root/101");
	CHECK_STR(priv, "/vz/private/101");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_free char *r = NULL, *p = NULL;

		if (migrate_paths(bad[i], &r, &p, &e) == 0)
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
	}
}

TEST(migrate_answers)
{
	char word[16];

	CHECK(migrate_status_word("motd\nCTID 101 exist mounted running\n", 101, word, sizeof(word)) == 0);
	CHECK_STR(word, "exist");
	CHECK(migrate_status_word("CTID 101 deleted unmounted down", 101, word, sizeof(word)) == 0);
	CHECK_STR(word, "deleted");
	CHECK(migrate_status_word("CTID 1010 exist", 101, word, sizeof(word)) < 0);
	CHECK(migrate_has_ip("Version: 2.5\n10.0.0.1 101 0\n", "10.0.0.1/24"));
	CHECK(!migrate_has_ip("10.0.0.10 10.0.0", "10.0.0.1"));
	CHECK(migrate_has_ip("x fd00::1\n", "fd00::1"));
	CHECK(!migrate_has_ip("", "10.0.0.1"));
}
