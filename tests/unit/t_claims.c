/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/claims.c: what is promised while an operation is under way. */
#include "tests/unit/t_api_env.h"
#include "net/nat.h"
#include "vzd/console.h"

static struct api_env v;

static unsigned has(unsigned ctid, const char *text)
{
	struct err e = { 0 };
	struct cidr c = { .bits = 0 };

	CHECK_OK(cidr_parse(text, &c, &e), &e);
	return claims_ip(&v.v.d, ctid, &c);
}

static unsigned port(unsigned ctid, const char *text)
{
	struct err e = { 0 };
	struct nat_fwd f;

	CHECK_OK(nat_fwd_parse(text, &f, &e), &e);
	return claims_port(&v.v.d, ctid, &f);
}

static void promise(unsigned ctid, const char *ips, const char *name)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err e = { 0 };

	CHECK_OK(str_list_split(&l, ips, " ", &e), &e);
	CHECK_OK(claims_add(&v.v.d, ctid, &l, name, &e), &e);
}

TEST_ROOT(claims_of_addresses_and_names)
{
	struct vzd *d = &v.v.d;

	box_init(&v.box, "");
	v.boxed = true;
	api_env_open(&v);
	CHECK_EQ(has(150, "10.9.0.1"), 0);
	promise(150, "10.9.0.1/8 0.0.0.0 10.9.1.0/24 2001:db8::/64", "www");
	CHECK_EQ(has(151, "10.9.0.1"), 150);
	CHECK_EQ(has(150, "10.9.0.1"), 0);		/* its own */
	CHECK_EQ(has(151, "10.9.0.2"), 0);		/* a mask is no network */
	CHECK_EQ(has(151, "10.9.1.77"), 150);		/* of a prefix all */
	CHECK_EQ(has(151, "10.9.0.0/16"), 150);
	CHECK_EQ(has(151, "2001:db8::5"), 150);
	CHECK_EQ(has(151, "2001:db8:0:1::5"), 0);
	CHECK_EQ(claims_name(d, 151, "www"), 150);
	CHECK_EQ(claims_name(d, 150, "www"), 0);
	CHECK_EQ(claims_name(d, 151, "ww"), 0);
	CHECK_EQ(claims_name(d, 151, ""), 0);
	claims_words(d, 160, "[\"vzctl\",\"create\",\"160\",\"--ipadd=10.9.2.1\",\"--name=mail\",\"--ipadd=10.9.2.2\"]");
	CHECK_EQ(has(151, "10.9.2.1"), 160);
	CHECK_EQ(has(151, "10.9.2.2"), 160);
	CHECK_EQ(claims_name(d, 151, "mail"), 160);
	claims_words(d, 161, "[\"--forward_add=tcp 8080-8082 to 80\",\"--forward_add=nonsense\"]");
	CHECK_EQ(port(151, "tcp 8081 to 10.9.0.1:80"), 161);
	CHECK_EQ(port(161, "tcp 8081 to 10.9.0.1:80"), 0);
	CHECK_EQ(port(151, "udp 8081 to 10.9.0.1:80"), 0);
	CHECK_EQ(port(151, "tcp 8083 to 10.9.0.1:80"), 0);
	CHECK_EQ(has(151, "0.0.0.0/0"), 150);		/* a port is no address */
	claims_expire(d);				/* nothing is under way on 150 */
	CHECK_EQ(has(151, "10.9.0.1"), 0);
	CHECK_EQ(claims_name(d, 151, "www"), 0);
	api_env_close(&v);
}
