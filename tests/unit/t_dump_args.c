/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/dump_args.c: command lines of vzdump and vzrestore, as scripts and people write them; what is no command line says why. */
#include <string.h>

#include "tests/lib/test.h"
#include "vzctl/dump.h"

#define WORDS(...) ((char *[]){ (char *)"prog", __VA_ARGS__, NULL })
#define W(s) (char *)s

static void bad_dump(char **argv, const char *why)
{
	struct dump_opts o = { 0 };
	struct err e = { 0 };

	CHECK_ERR(dump_args(argv, &o, &e), EINVAL);
	CHECK(strstr(e.text, why));
	dump_opts_done(&o);
}

static void bad_restore(char **argv, const char *why)
{
	struct restore_opts o = { 0 };
	struct err e = { 0 };

	CHECK(restore_args(argv, &o, &e) < 0);
	CHECK(strstr(e.text, why));
	restore_opts_done(&o);
}

TEST(dump_args_backup)
{
	struct dump_opts o = { 0 };
	struct err e = { 0 };

	CHECK_OK(dump_args(WORDS(W("--dumpdir"), W("/d"), W("-suspend"), W("101"), W("--incremental"), W("102"), W("--level"), W("9"),
				 W("--exclude-path"), W("/tmp/*"), W("--bwlimit=100"), W("--maxfiles"), W("3")), &o, &e), &e);
	CHECK(o.what == DUMP_BACKUP && o.mode == CT_BACKUP_SUSPEND && o.incremental && o.level == 9 && o.ids.n == 2);
	CHECK(o.bytes_per_s == 102400 && o.keeps && o.keep.last == 3 && o.exclude.n == 1);
	CHECK_STR(o.dumpdir, "/d");
	dump_opts_done(&o);
}

TEST(dump_args_as_of_old)
{
	struct dump_opts o = { 0 };
	struct err e = { 0 };

	CHECK_OK(dump_args(WORDS(W("-all"), W("-exclude"), W("103,104"), W("-compress"), W("1"), W("-mode"), W("stop"), W("-tmpdir"),
				 W("/t")), &o, &e), &e);
	CHECK(o.all && o.skip.n == 2 && o.mode == CT_BACKUP_STOP);
	CHECK_STR(o.nothing, "tmpdir");
	dump_opts_done(&o);
	o = (struct dump_opts){ 0 };
	CHECK_OK(dump_args(WORDS(W("-restore"), W("/d/x.tgz"), W("777")), &o, &e), &e);
	CHECK(o.what == DUMP_RESTORE && o.ids.n == 2);
	CHECK_STR(o.ids.v[1], "777");
	dump_opts_done(&o);
}

TEST(dump_args_list)
{
	struct dump_opts o = { 0 };
	struct err e = { 0 };

	CHECK_OK(dump_args(WORDS(W("--list"), W("--json"), W("--owner"), W("acme"), W("--after"), W("x"), W("--limit"), W("3"),
				 W("101"), W("102")), &o, &e), &e);
	CHECK(o.what == DUMP_LIST && o.json && o.limit == 3 && o.ids.n == 2);
	dump_opts_done(&o);
}

TEST(dump_args_refused)
{
	bad_dump(WORDS(W("--quiet")), "which container");
	bad_dump(WORDS(W("--all"), W("101")), "exclude each other");
	bad_dump(WORDS(W("--exclude"), W("5"), W("101")), "--exclude-path");
	bad_dump(WORDS(W("--stdout"), W("101"), W("102")), "one container");
	bad_dump(WORDS(W("--stdout"), W("--maxfiles"), W("1"), W("101")), "--stdout");
	bad_dump(WORDS(W("--prune")), "--keep");
	bad_dump(WORDS(W("--list"), W("--check"), W("x")), "one thing at a time");
	bad_dump(WORDS(W("--mount"), W("x")), "--mount takes");
	bad_dump(WORDS(W("--restore"), W("x")), "--restore takes");
	bad_dump(WORDS(W("--level"), W("20"), W("101")), "--level");
	bad_dump(WORDS(W("--mode"), W("fast"), W("101")), "--mode");
	bad_dump(WORDS(W("--bwlimit"), W("much"), W("101")), "--bwlimit");
	bad_dump(WORDS(W("--maxfiles"), W("0"), W("101")), "--maxfiles");
	bad_dump(WORDS(W("--compress"), W("gzip"), W("101")), "zstd");
	bad_dump(WORDS(W("--keep"), W("all"), W("101")), "keep-last");
	bad_dump(WORDS(W("--limit"), W("2"), W("101")), "belong to --list");
	bad_dump(WORDS(W("--limit"), W("0"), W("--list")), "--limit");
	bad_dump(WORDS(W("--no-such"), W("101")), "no-such");
}

TEST(restore_args_all)
{
	struct restore_opts o = { 0 };
	struct err e = { 0 };

	CHECK_OK(restore_args(WORDS(W("/d/x.tgz"), W("777"), W("-force"), W("--quiet")), &o, &e), &e);
	CHECK(o.force && o.quiet && !o.params && !o.trust);
	CHECK_STR(o.file, "/d/x.tgz");
	CHECK_STR(o.id, "777");
	restore_opts_done(&o);
	o = (struct restore_opts){ 0 };
	CHECK_OK(restore_args(WORDS(W("--layout"), W("dir"), W("x"), W("777"), W("--trust")), &o, &e), &e);
	CHECK_STR(o.params, "layout");
	CHECK_STR(o.conf.layout, "dir");
	CHECK(o.trust);
	restore_opts_done(&o);
	o = (struct restore_opts){ 0 };
	CHECK_OK(restore_args(WORDS(W("x"), W("--to"), W("/t"), W("--file"), W("/etc/"), W("--file"), W("./a//b")), &o, &e), &e);
	CHECK_EQ(o.select.n, 2);
	CHECK_STR(o.select.v[0], "etc");
	CHECK_STR(o.to, "/t");
	restore_opts_done(&o);
}

TEST(restore_args_refused)
{
	bad_restore(WORDS(W("--quiet")), "which archive");
	bad_restore(WORDS(W("x")), "under which id");
	bad_restore(WORDS(W("x"), W("1"), W("2")), "Extra argument");
	bad_restore(WORDS(W("x"), W("101"), W("--list")), "no id");
	bad_restore(WORDS(W("x"), W("101"), W("--file"), W("etc")), "--file needs");
	bad_restore(WORDS(W("x"), W("--to"), W("d"), W("--stdout")), "exclude each other");
	bad_restore(WORDS(W("x"), W("--to"), W("d"), W("--file"), W("/")), "--file takes");
	bad_restore(WORDS(W("x"), W("101"), W("--trust"), W("--no-trust")), "exclude each other");
	bad_restore(WORDS(W("x"), W("--check"), W("--force")), "--force");
	bad_restore(WORDS(W("x"), W("101"), W("--storage"), W("local")), "--private");
	bad_restore(WORDS(W("x"), W("101"), W("--diskspace"), W("lots")), "--diskspace");
}
