/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/dump_list.c: what vzdump --list and vzrestore --list print, and which of many they pick. */
#include "vzctl/dump.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/test.h"
#include "util/buf.h"

static struct ct_dump archive(const char *name, unsigned ctid, const char *owner)
{
	struct ct_dump d = { .ctid = ctid, .when = 1795788131, .ours = true, .size = 3 << 20, .sealed = owner != NULL,
			     .end = { .bytes = 5 << 20, .entries = 42 } };

	str_copy(d.name, sizeof(d.name), name);
	str_copy(d.end.owner, sizeof(d.end.owner), owner ? owner : "");
	return d;
}

static void utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

TEST(dump_table_of_each_kind)
{
	struct ct_dump v[] = { archive("whole", 101, NULL), archive("changes", 101, NULL), archive("foreign", 102, NULL),
			       archive("broken", 2147483644, NULL) };
	const struct ct_dumps l = { v, ARRAY_SIZE(v) };
	auto_buf struct buf b = BUF_INIT;

	utc();
	v[1].end.depth = 1;
	v[2].ours = false;
	v[2].foreign = true;
	str_copy(v[3].broken, sizeof(v[3].broken), "it ends early");
	dump_table(&b, &l);
	CHECK_STR(buf_str(&b),
		  "      CTID DATE                KIND        SIZE   HOLDS     FILES  NAME\n"
		  "       101 2026-11-27 14:02:11 whole      3.00M   5.00M        42  whole\n"
		  "       101 2026-11-27 14:02:11 changes    3.00M   5.00M        42  changes\n"
		  "       102 2026-11-27 14:02:11 foreign    3.00M       -         -  foreign\n"
		  "2147483644 2026-11-27 14:02:11 broken     3.00M   5.00M        42  broken\n"
		  "           it ends early\n");
}

TEST(dump_json_of_each_kind)
{
	struct ct_dump v[] = { archive("a\"b", 101, "acme"), archive("c", 102, NULL) };
	struct ct_dumps l = { v, ARRAY_SIZE(v) };
	auto_buf struct buf b = BUF_INIT, none = BUF_INIT;

	v[0].end.depth = 2;
	str_copy(v[0].end.parent_name, sizeof(v[0].end.parent_name), "before");
	v[1].ours = false;
	str_copy(v[1].end.owner, sizeof(v[1].end.owner), "claimed");
	str_copy(v[1].broken, sizeof(v[1].broken), "no end");
	dump_json(&b, &l);
	CHECK_STR(buf_str(&b),
		  "[\n  {\"name\": \"a\\\"b\", \"ctid\": 101, \"created\": 1795788131, \"size\": 3145728, \"kind\": \"changes\", "
		  "\"bytes\": 5242880, \"files\": 42, \"builds_on\": \"before\", \"sealed\": true, \"owner\": \"acme\", "
		  "\"problem\": null},\n"
		  "  {\"name\": \"c\", \"ctid\": 102, \"created\": 1795788131, \"size\": 3145728, \"kind\": \"broken\", "
		  "\"builds_on\": null, \"sealed\": false, \"owner\": null, \"problem\": \"no end\"}\n]\n");
	l.n = 0;
	dump_json(&none, &l);
	CHECK_STR(buf_str(&none), "[]\n");
}

/* The names of what is left, one after the other. */
static const char *picked(const struct dump_opts *o)
{
	struct ct_dump v[] = { archive("d", 101, "acme"), archive("b", 102, "acme"), archive("c", 101, NULL),
			       archive("a", 103, "other") };
	struct ct_dumps l = { v, ARRAY_SIZE(v) };
	static char names[16];

	str_copy(v[2].end.owner, sizeof(v[2].end.owner), "acme");	/* it says so, but no seal of this host's does */
	dump_pick(&l, o);
	names[0] = '\0';
	for (size_t i = 0; i < l.n; i++)
		strncat(names, l.v[i].name, 1);
	return names;
}

TEST(dump_pick_by_what_was_asked)
{
	struct dump_opts o = { 0 }, one = { .named = "b" }, tenant = { .owner = "acme" }, after = { .after = "b" },
			 page = { .after = "a", .limit = 2 }, first = { .limit = 1 }, past = { .after = "z", .limit = 5 };

	CHECK_STR(picked(&o), "dbca");
	CHECK_STR(picked(&one), "b");
	CHECK_STR(picked(&tenant), "db");
	CHECK_STR(picked(&after), "cd");
	CHECK_STR(picked(&page), "bc");
	CHECK_STR(picked(&first), "a");
	CHECK_STR(picked(&past), "");
	CHECK_OK(str_list_add(&o.ids, "101", &(struct err){ 0 }), &(struct err){ 0 });
	CHECK_STR(picked(&o), "dc");
	str_list_clear(&o.ids);
}

TEST(dump_owners_counts_what_is_sealed)
{
	struct ct_dump v[] = { archive("1", 101, "b"), archive("2", 101, "a"), archive("3", 101, NULL), archive("4", 102, "b"),
			       archive("5", 102, "") };
	struct ct_dumps l = { v, ARRAY_SIZE(v) }, none = { 0 };
	auto_buf struct buf b = BUF_INIT, empty = BUF_INIT;

	str_copy(v[2].end.owner, sizeof(v[2].end.owner), "a");
	dump_owners(&b, &l);
	CHECK_STR(buf_str(&b), "{\"a\": 1, \"b\": 2}\n");
	dump_owners(&empty, &none);
	CHECK_STR(buf_str(&empty), "{}\n");
}

static void line(const struct bk_row *r, const char *want)
{
	auto_buf struct buf b = BUF_INIT;

	dump_file_line(&b, r);
	CHECK_STR(buf_str(&b), want);
}

TEST(dump_file_lines)
{
	struct bk_row r = { .type = 'f', .mode = 0644, .uid = 1000, .gid = 5, .size = 1234567, .mtime = 1795788131,
			    .path = (char *)"etc/motd" };

	utc();
	line(&r, "-rw-r--r--  1000     5    1234567 2026-11-27 14:02 etc/motd\n");
	r.mode = 07777;
	line(&r, "-rwsrwsrwt  1000     5    1234567 2026-11-27 14:02 etc/motd\n");
	r.mode = 07666;
	line(&r, "-rwSrwSrwT  1000     5    1234567 2026-11-27 14:02 etc/motd\n");
	r.type = 'd';
	r.mode = 0750;
	line(&r, "drwxr-x---  1000     5    1234567 2026-11-27 14:02 etc/motd\n");
	r.type = 'l';
	r.mode = 0777;
	r.target = (char *)"../x";
	line(&r, "lrwxrwxrwx  1000     5    1234567 2026-11-27 14:02 etc/motd -> ../x\n");
	r.type = 'h';
	line(&r, "-rwxrwxrwx  1000     5    1234567 2026-11-27 14:02 etc/motd link to ../x\n");
}

/* A guest chose the name: nothing in it reaches the terminal as it is, nor ends the line. */
TEST(dump_file_names_are_harmless)
{
	struct bk_row r = { .type = 'f', .path = (char *)"a\nb\033[2J\\c\x7f\xc3\xa4" };

	utc();
	line(&r, "----------     0     0          0 1970-01-01 00:00 a\\012b\\033[2J\\134c\\177\xc3\xa4\n");
}
