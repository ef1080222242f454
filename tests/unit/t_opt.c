/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/opt.c: the same answers and the same messages as getopt_long. */
#include "util/opt.h"

#include <getopt.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

static struct err e;

static const struct opt_flag flags[] = {
	{ .name = "force", .short_opt = 'f', .id = 1 },
	{ .name = "timeout", .short_opt = 't', .arg = true, .id = 2 },
	{ .short_opt = 'q', .id = 3 },
	{ .name = "format", .id = 4 },
};
static const struct param rows[] = {
	{ .key = "IP_ADDRESS", .opt = "ipadd", .alias_opt = "ip", .type = &param_list },
	{ .key = "HOSTNAME", .opt = "hostname", .type = &param_str },
	{ .key = "CPUS", .opt = "cpus", .short_opt = 'c', .type = &param_u64 },
	{ .key = "CPUUNITS", .opt = "cpuunits", .type = &param_u64 },
	{ .key = "MORE", .opt = "cpus_more", .type = &param_u64 },
	{ .key = "NAME", .opt = "secret", .type = &param_str, .flags = PARAM_NO_SET },
	{ .key = "INTERNAL", .type = &param_str },
};
static const struct param_group group = { .name = "g", .rows = rows, .n = ARRAY_SIZE(rows), .base = 7 };

static struct opt open_opt(const char *const *argv)
{
	return (struct opt){
		.prog = "vzctl", .flags = flags, .n_flags = ARRAY_SIZE(flags), .groups = &group, .n_groups = 1,
		.deny = PARAM_NO_SET, .argv = (char *const *)argv,
	};
}

/* The whole line as text: "F1=arg" flags, "P:key=arg" parameters, "O=operand", "!message". */
static void show(struct opt *o, struct buf *b)
{
	struct opt_found f;
	int r;

	while ((r = opt_next(o, &f, &e)) > 0) {
		if (b->len)
			buf_addc(b, ' ');
		if (r == OPT_FLAG)
			buf_addf(b, "F%d", f.flag->id);
		else if (r == OPT_PARAM)
			buf_addf(b, "P:%s", f.row->key);
		else
			buf_addc(b, 'O');
		if (r == OPT_PARAM)
			CHECK(f.group == &group);
		if (f.arg)
			buf_addf(b, "=%s", f.arg);
	}
	if (r < 0) {
		CHECK_EQ(r, -EINVAL);
		buf_addf(b, "!%s", e.text);
	}
}

#define LINE(...) (const char *const[]){ __VA_ARGS__, NULL }

TEST(lines)
{
	const struct { const char *const *argv; const char *want; } t[] = {
		{ LINE("101", "--ipadd", "10.0.0.1", "--force"), "O=101 P:IP_ADDRESS=10.0.0.1 F1" },
		{ LINE("--ipadd=a", "--ip", "b", "--ipa", "c"), "P:IP_ADDRESS=a P:IP_ADDRESS=b P:IP_ADDRESS=c" },
		{ LINE("--host=x=y"), "P:HOSTNAME=x=y" },
		{ LINE("--hostname", "--force"), "P:HOSTNAME=--force" },
		{ LINE("--hostname="), "P:HOSTNAME=" },
		{ LINE("-fq", "-t5", "-t", "6", "-qft7"), "F1 F3 F2=5 F2=6 F3 F1 F2=7" },
		{ LINE("-c2", "-c", "3"), "P:CPUS=2 P:CPUS=3" },
		{ LINE("--cpus", "2"), "P:CPUS=2" },
		{ LINE("--", "-f", "--x"), "O=-f O=--x" },
		{ LINE("a", "--", "--force"), "O=a O=--force" },
		{ LINE("-", "--"), "O=-" },
		{ LINE("--", "--"), "O=--" },
		{ LINE(""), "O=" },
		{ LINE("--x"), "!vzctl: unrecognized option '--x'" },
		{ LINE("--x=y"), "!vzctl: unrecognized option '--x=y'" },
		{ LINE("--secret", "x"), "!vzctl: unrecognized option '--secret'" },
		{ LINE("--hostname"), "!vzctl: option '--hostname' requires an argument" },
		{ LINE("--host"), "!vzctl: option '--hostname' requires an argument" },
		{ LINE("--force=1"), "!vzctl: option '--force' doesn't allow an argument" },
		{ LINE("--fo"), "!vzctl: option '--fo' is ambiguous; possibilities: '--force' '--format'" },
		{ LINE("--cpu", "2"), "!vzctl: option '--cpu' is ambiguous; possibilities: '--cpus' '--cpuunits' '--cpus_more'" },
		{ LINE("--cpus_", "1", "--cpuu=2"), "P:MORE=1 P:CPUUNITS=2" },
		{ LINE("-z"), "!vzctl: invalid option -- 'z'" },
		{ LINE("-fz"), "F1!vzctl: invalid option -- 'z'" },
		{ LINE("-t"), "!vzctl: option requires an argument -- 't'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_buf struct buf b = BUF_INIT;
		struct opt o = open_opt(t[i].argv);

		show(&o, &b);
		CHECK_STR(buf_str(&b), t[i].want);
	}
}

TEST(need)
{
	auto_buf struct buf b = BUF_INIT;
	struct opt o = open_opt(LINE("--secret", "x", "--hostname", "y"));

	o.deny = 0;
	o.need = PARAM_NO_SET;
	show(&o, &b);
	CHECK_STR(buf_str(&b), "P:NAME=x!vzctl: unrecognized option '--hostname'");
}

TEST(stop_at_operand)
{
	auto_buf struct buf b = BUF_INIT;
	struct opt o = open_opt(LINE("-f", "101", "ls", "-l", "--", "x"));

	o.stop_at_operand = true;
	show(&o, &b);
	CHECK_STR(buf_str(&b), "F1 O=101 O=ls O=-l O=-- O=x");
}

/* The C library prints the same text for the same mistake. */
TEST(messages_are_getopts)
{
	static const struct option longs[] = {
		{ "force", no_argument, NULL, 'f' }, { "timeout", required_argument, NULL, 't' },
		{ "format", no_argument, NULL, 4 }, { 0 },
	};
	static const char *const bad[] = { "--x", "--x=1", "--timeout", "--tim", "--force=1", "--fo", "-z", "-t", "-fz" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *argv[] = { "vzctl", bad[i], NULL };
		struct opt o = open_opt(argv + 1);
		auto_buf struct buf ours = BUF_INIT;
		char text[512] = "";
		FILE *saved = stderr, *f = fmemopen(text, sizeof(text) - 1, "w");

		CHECK(f);
		stderr = f;
		optind = 0;
		while (getopt_long(2, (char *const *)argv, "ft:", longs, NULL) != -1)
			;
		stderr = saved;
		fclose(f);
		text[strcspn(text, "\n")] = '\0';
		show(&o, &ours);
		CHECK_STR(strchr(buf_str(&ours), '!') + 1, text);
	}
}
