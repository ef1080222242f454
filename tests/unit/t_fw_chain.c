/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/fw_chain.c: what the chains ask, seen by connections: lengths of addresses and ports, answers, zones. */
#include "tests/unit/t_net_lab.h"

#include "net/fw.h"

struct end { int ns; unsigned id; struct str_list lines; };

/* From now on the container has these lines: words between semicolons, behind its interface. */
static void has(struct lab *l, struct end *c, const char *text)
{
	struct str_list now = { .set = true }, words = { 0 };
	char line[128];

	str_fmt(line, sizeof(line), "fw if vz%u", c->id);
	CHECK_EQ(str_list_add(&now, line, &l->e), 0);
	CHECK_OK(str_list_split(&words, text, ";", &l->e), &l->e);
	for (size_t i = 0; i < words.n; i++) {
		str_fmt(line, sizeof(line), "fw %s", str_trim(words.v[i]));
		CHECK_EQ(str_list_add(&now, line, &l->e), 0);
	}
	CHECK_OK(net_lines_change(l->net, c->id, &c->lines, &now, &l->e), &l->e);
	SWAP(c->lines, now);
	str_list_clear(&now);
	str_list_clear(&words);
}

static void done(struct lab *l, struct end *a, struct end *b)
{
	str_list_clear(&a->lines);
	str_list_clear(&b->lines);
	close(a->ns);
	close(b->ns);
	lab_done(l);
}

TEST_ROOT(fw_chain_the_most_specific_decides)
{
	/* a connection from 10.9.0.1 to port LAB_PORT + 1 of 10.9.0.2 */
	static const struct { const char *rules; bool passes; } t[] = {
		{ "policy in drop; rule in accept tcp 7778", true },
		{ "policy in drop; rule in accept tcp 7777", false },
		{ "policy in drop; rule in accept tcp 7000-7999", true },
		{ "policy in drop; rule in accept tcp 7779-7999", false },
		{ "policy in drop; rule in accept udp 7778", false },
		{ "rule in drop tcp; rule in accept tcp 7778", true },
		{ "rule in accept tcp from 10.9.0.0/16; rule in drop tcp from 10.9.0.0/24", false },
		{ "rule in drop any; rule in accept any from 10.9.0.1", true },
		{ "rule in accept tcp 7778; rule in drop any from 10.9.0.1", false },
		{ "policy in drop; rule in accept any from 10.8.0.0/15", true },
		{ "policy in drop; rule in accept any from 10.6.0.0/15", false },
		{ "policy out drop", true },			/* it answers */
	};
	struct end a = { .id = 1, .lines = { .set = true } }, b = { .id = 2, .lines = { .set = true } };
	struct lab l;

	lab_init(&l, NULL, NULL);
	a.ns = lab_up(&l, 1, "10.9.0.1");
	b.ns = lab_up(&l, 2, "10.9.0.2");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		has(&l, &b, t[i].rules);
		if (lab_tcp(&l, a.ns, b.ns, "10.9.0.2") != t[i].passes)
			test_fail(__FILE__, __LINE__, "%s: should %s", t[i].rules, t[i].passes ? "pass" : "be dropped");
	}
	done(&l, &a, &b);
}

TEST_ROOT(fw_chain_zones)
{
	struct end a = { .id = 1, .lines = { .set = true } }, b = { .id = 2, .lines = { .set = true } };
	struct lab l;

	lab_init(&l, NULL, NULL);
	a.ns = lab_up(&l, 1, "10.9.0.1");
	b.ns = lab_up(&l, 2, "10.9.0.2");
	has(&l, &a, "zone red");
	CHECK(lab_tcp(&l, a.ns, b.ns, "10.9.0.2"));	/* who is in no zone is reached by all */
	has(&l, &b, "zone blue");
	CHECK(!lab_tcp(&l, a.ns, b.ns, "10.9.0.2"));
	has(&l, &b, "zone blue; from red");
	has(&l, &a, "zone red; from blue");
	CHECK(lab_tcp(&l, a.ns, b.ns, "10.9.0.2"));
	has(&l, &a, "zone blue");
	has(&l, &b, "zone blue");
	CHECK(lab_tcp(&l, a.ns, b.ns, "10.9.0.2"));
	done(&l, &a, &b);
}
