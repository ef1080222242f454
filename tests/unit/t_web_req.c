/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/api.h"
#include "vzd/web_priv.h"

/* What vzweb says by itself is what vzd would say: one table of problems for clients. */
TEST(web_problems_are_those_of_the_api)
{
	for (size_t i = 0; i < web_problems_n; i++) {
		const struct web_problem *p = &web_problems[i];
		size_t k = 0;

		while (k < api_problems_n && strcmp(api_problems[k].slug, p->slug))
			k++;
		if (k == api_problems_n)
			test_fail(__FILE__, __LINE__, "the API knows no %s", p->slug);
		CHECK_EQ(p->status, api_problems[k].status);
		CHECK_STR(p->title, api_problems[k].title);
	}
}

TEST(web_queue)
{
	struct web_q q = { .b = { .cap = 200000 }, .keep = 100 };
	char block[70000];

	memset(block, 'x', sizeof(block));
	buf_add(&q.b, "abc", 3);
	web_q_drop(&q, 1);
	CHECK_EQ(web_q_left(&q), 2);
	CHECK(!memcmp(web_q_head(&q), "bc", 2));
	web_q_drop(&q, 2);
	CHECK_EQ(web_q_left(&q), 0);
	CHECK(q.b.s);			/* small: kept */
	buf_add(&q.b, block, sizeof(block));
	buf_adds(&q.b, "end");
	web_q_drop(&q, sizeof(block));
	CHECK_EQ(q.off, 0);		/* moved to the front */
	CHECK_STR(web_q_head(&q), "end");
	web_q_drop(&q, 3);
	CHECK(!q.b.s);			/* large: given back */
	buf_add(&q.b, block, sizeof(block));
	buf_add(&q.b, block, sizeof(block));
	buf_add(&q.b, block, sizeof(block));
	CHECK(buf_failed(&q.b));
	web_q_done(&q);
}

TEST_ROOT(web_box_refuses_root)
{
	struct web_opts o = { .max_conns = 10 };
	struct err e = { 0 };

	CHECK_ERR(web_box_user(&o, &e), EPERM);
	o.user = "root";
	CHECK_ERR(web_box_user(&o, &e), EPERM);
	o.user = "there-is-none";
	CHECK_ERR(web_box_user(&o, &e), EPERM);
}
