/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/vzd_param.c */
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/vzd.h"

static struct err e;
static char path[256];

static int conf(struct vzd_conf *c, const char *text)
{
	auto_close int dir = test_tmp_fd();

	CHECK(str_fmt(path, sizeof(path), "%s/vzd.conf", test_tmp()) == 0);
	if (text)
		CHECK_OK(fio_replace_run(dir, "vzd.conf", text, strlen(text), 0644, &e), &e);
	return vzd_conf_read(c, path, &e);
}

TEST(no_file_is_all_defaults)
{
	struct vzd_conf c = { 0 };

	CHECK_OK(conf(&c, NULL), &e);
	CHECK_STR(c.listen, "");
	CHECK_STR(c.metrics_listen, "");
	CHECK_STR(c.tls_cert, "/etc/vz/vzd/cert.pem");
	CHECK_STR(c.tls_key, "/etc/vz/vzd/key.pem");
	CHECK_STR(c.web_user, "vzweb");
	CHECK_STR(c.group, "vz");
	CHECK_EQ(c.rate.v, 100);
	CHECK_EQ(c.burst.v, 200);
	CHECK_EQ(c.web_max_conns.v, 2000);
	CHECK_EQ(c.web_max_per_ip.v, 64);
	CHECK_EQ(c.autostart.v, 1);
	CHECK(c.parallel.v >= 4);
	CHECK_EQ(c.sample_sec.v, 30);
	CHECK_EQ(c.overcommit.v, 0);
	CHECK_EQ(c.reclaim_psi.v, 0);
	CHECK_EQ(c.ksm.v, 0);
	vzd_conf_done(&c);
	CHECK(!c.listen && !c.group);
}

TEST(values_replace_defaults_and_unknown_keys_are_left_alone)
{
	struct vzd_conf c = { 0 };

	CHECK_OK(conf(&c, "# one\nAPI_LISTEN=\"[::]:8443\"\nAUTOSTART=yes\nSOMETHING_NEW=\"7\"\nOVERCOMMIT=\"150\"\n"), &e);
	CHECK_STR(c.listen, "[::]:8443");
	CHECK_EQ(c.autostart.v, 1);
	CHECK_EQ(c.overcommit.v, 150);
	CHECK_OK(conf(&c, "API_RATE=5\n"), &e);
	CHECK_STR(c.listen, "");
	CHECK_EQ(c.rate.v, 5);
	vzd_conf_done(&c);
}

TEST(wrong_values_are_refused_and_change_nothing)
{
	static const struct { const char *text, *why; } t[] = {
		{ "API_LISTEN=\"8443\"\n", ":1: API_LISTEN: '8443' is not ADDRESS:PORT" },
		{ "API_LISTEN=\"localhost:8443\"\n", "'localhost' is not an IP address" },
		{ "API_LISTEN=\"::1:8443\"\n", "(IPv6 ones stand in brackets)" },
		{ "API_LISTEN=\"127.0.0.1:0\"\n", "ADDRESS:PORT" },
		{ "API_LISTEN=\"127.0.0.1:65536\"\n", "ADDRESS:PORT" },
		{ "API_LISTEN=\"[127.0.0.1]:80\"\n", "not an IP address" },
		{ "\nWEB_MAX_CONNS=\"0\"\n", ":2: WEB_MAX_CONNS: 0 is not between 1 and" },
		{ "API_RATE=\"many\"\n", "API_RATE" },
		{ "AUTOSTART=\"perhaps\"\n", "AUTOSTART" },
		{ "WEB_USER=\"root\"\n", "WEB_USER must not be root" },
		{ "WEB_USER=\"a:b\"\n", "'a:b' is not the name of an account" },
		{ "TLS_KEY=\"key.pem\"\n", "'key.pem' is not an absolute path" },
		{ "RECLAIM_PSI=\"101\"\n", "between 0 and 100" },
		{ "KSM=\"yes\nRATE\n", ":1: not KEY=" },
	};
	struct vzd_conf c = { 0 };

	CHECK_OK(conf(&c, "API_RATE=7\n"), &e);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		err_clear(&e);
		CHECK_ERR(conf(&c, t[i].text), EINVAL);
		if (!strstr(e.text, t[i].why))
			test_fail(__FILE__, __LINE__, "%s: %s", t[i].text, e.text);
		CHECK_EQ(c.rate.v, 7);
	}
	vzd_conf_done(&c);
}

TEST(addresses)
{
	struct sockaddr_storage sa;
	struct sockaddr_in *in = (void *)&sa;
	struct sockaddr_in6 *in6 = (void *)&sa;
	socklen_t len = 0;

	CHECK_OK(vzd_addr_parse("192.0.2.1:8443", &sa, &len, &e), &e);
	CHECK_EQ(len, sizeof(*in));
	CHECK_EQ(in->sin_family, AF_INET);
	CHECK_EQ(ntohs(in->sin_port), 8443);
	CHECK_EQ(ntohl(in->sin_addr.s_addr), 0xc0000201);
	CHECK_OK(vzd_addr_parse("[2001:db8::1]:1", &sa, &len, &e), &e);
	CHECK_EQ(len, sizeof(*in6));
	CHECK_EQ(ntohs(in6->sin6_port), 1);
	CHECK_EQ(in6->sin6_addr.s6_addr[15], 1);
}

TEST(every_row_has_a_key_and_a_text)
{
	for (size_t i = 0; i < vzd_param_group.n; i++) {
		CHECK(vzd_param_group.rows[i].key && vzd_param_group.rows[i].arg);
		CHECK(vzd_param_group.rows[i].man && str_ends(vzd_param_group.rows[i].man, "."));
	}
}
