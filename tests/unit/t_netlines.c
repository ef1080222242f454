/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/netlines.c: the lines that configuration and files make. */
#include "libct/netlines.h"

#include "libct/record.h"
#include "tests/unit/t_ct_box.h"

static void add_all(struct str_list *l, const char *const *v, size_t n)
{
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		CHECK_OK(str_list_add(l, v[i], &e), &e);
}

static void lines_are(const struct str_list *l, const char *text)
{
	auto_buf struct buf b = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", l->v[i]);
	CHECK_STR(buf_str(&b), text);
}

TEST_ROOT(netlines_groups_and_zones_as_they_are_now)
{
	static const char *const was[] = {
		"fw zone red", "fw from gone", "fw if vz101", "fw policy in drop", "fw rule in accept ssh", "fw group web",
		"fw rule in accept yesterday", "nat fwd tcp 80",
	};
	auto_list struct str_list l = { 0 }, now = { 0 }, none = { 0 };
	struct err e = { 0 };
	struct box box;

	box_init(&box, NULL);
	CHECK_OK(path_mkdir_host(CT_FW_DIR, 0755, &e), &e);
	box_put(CT_FW_DIR "/zones", "ALLOW=\"red blue; green red; green blue; red red\"\n");
	box_put(CT_FW_DIR "/web.conf", "RULES=\"http ; udp 53\"\n");
	add_all(&l, was, ARRAY_SIZE(was));
	CHECK_OK(ct_net_regroup(&l, &now, &e), &e);
	lines_are(&now, "fw zone red|fw from blue|fw from green|fw if vz101|fw policy in drop|fw rule in accept ssh|fw group web|"
			"fw rule in accept http|fw rule in accept udp 53|nat fwd tcp 80");
	box_put(CT_FW_DIR "/web.conf", "RULES=\"http; nonsense\"\n");
	CHECK_ERR(ct_net_regroup(&l, &none, &e), EINVAL);
	CHECK(strstr(e.text, "nonsense") && strstr(e.text, "web.conf"));
	err_clear(&e);
	CHECK_ERR(ct_fw_group("mail", &none, &e), ENOENT);
	CHECK(strstr(e.text, "vzfw group create mail"));
	err_clear(&e);
	CHECK_ERR(ct_fw_group("../zones", &none, &e), EINVAL);
	box_done(&box);
}

TEST_ROOT(netlines_of_the_host)
{
	auto_list struct str_list net = { 0 }, ct = { 0 }, none = { 0 };
	struct err e = { 0 };
	struct box box;

	box_init(&box, NULL);
	CHECK_OK(ct_net_host_lines(CT_NET_FROM_NET, &net, &e), &e);
	CHECK_EQ(net.n, 0);
	CHECK_OK(path_mkdir_host(CT_FW_DIR, 0755, &e), &e);
	box_put(CT_FW_DIR "/host", "NET_POLICY=\"drop,log\"\nNET_RULES=\"in accept ssh; in accept ping;\"\n");
	CHECK_OK(ct_net_host_lines(CT_NET_FROM_NET, &net, &e), &e);
	lines_are(&net, "fw if @net|fw policy in drop,log|fw rule in accept ssh|fw rule in accept ping");
	CHECK_OK(ct_net_host_lines(CT_NET_FROM_CT, &ct, &e), &e);
	CHECK_EQ(ct.n, 0);
	box_put(CT_FW_DIR "/host", "CT_POLICY=\"perhaps\"\n");
	CHECK_ERR(ct_net_host_lines(CT_NET_FROM_CT, &none, &e), EINVAL);
	CHECK(strstr(e.text, "perhaps"));
	box_done(&box);
}

TEST(netlines_pairs_of_zones)
{
	char pair[2][CT_FW_NAME];
	struct err e = { 0 };

	CHECK_OK(ct_fw_zone_pair(" red  blue", pair, &e), &e);
	CHECK_STR(pair[0], "red");
	CHECK_STR(pair[1], "blue");
	CHECK_ERR(ct_fw_zone_pair("red", pair, &e), EINVAL);
	CHECK_ERR(ct_fw_zone_pair("red blue green", pair, &e), EINVAL);
	CHECK_ERR(ct_fw_zone_pair("red /etc", pair, &e), EINVAL);
}

TEST(netlines_that_are_too_long)
{
	auto_list struct str_list l = { 0 };
	static char text[4096];
	struct err e = { 0 };

	memset(text, 'a', sizeof(text) - 1);
	CHECK_ERR(ct_net_add(&l, &e, "fw rule %s", text), E2BIG);
	CHECK_EQ(l.n, 0);
}
