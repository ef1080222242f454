/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/web_cert.c: pairs that are made, loaded, refused. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/web_priv.h"

static char cert[256], key[256], other[256], other_key[256];

static void paths(void)
{
	struct err e = { 0 };

	str_fmt(cert, sizeof(cert), "%s/c", test_tmp());
	str_fmt(key, sizeof(key), "%s/k", test_tmp());
	str_fmt(other, sizeof(other), "%s/c2", test_tmp());
	str_fmt(other_key, sizeof(other_key), "%s/k2", test_tmp());
	CHECK(freopen("/dev/null", "w", stdout));
	CHECK_OK(web_cert_make(cert, key, &e), &e);
	CHECK_OK(web_cert_make(other, other_key, &e), &e);
}

static int load(const char *c, const char *k, struct err *e)
{
	auto_close int cfd = open(c, O_RDONLY | O_CLOEXEC), kfd = open(k, O_RDONLY | O_CLOEXEC);

	return web_cert_load(cfd, kfd, e);
}

TEST(web_cert_made_and_loaded)
{
	struct err e = { 0 };
	struct stat st;

	paths();
	CHECK_EQ(stat(key, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK_OK(load(cert, key, &e), &e);
	CHECK_OK(load(cert, key, &e), &e);
	CHECK_OK(load(other, other_key, &e), &e);
	web_cert_done();
}

TEST(web_cert_of_another_key)
{
	struct err e = { 0 };

	paths();
	CHECK_ERR(load(cert, other_key, &e), EINVAL);
	CHECK_STR(e.text, "the key does not belong to the certificate");
	CHECK_ERR(load(key, key, &e), EINVAL);
	CHECK_ERR(load(cert, cert, &e), EINVAL);
	CHECK_ERR(load(cert, "/dev/null", &e), EINVAL);
	CHECK_ERR(load("/nothing", key, &e), EBADF);
	web_cert_done();
}

/* Killed between the two, or an administrator's own key: the certificate is made for the key that is there. */
TEST(web_cert_for_a_key_that_is_there)
{
	struct err e = { 0 };

	paths();
	CHECK_EQ(unlink(cert), 0);
	CHECK_OK(web_cert_make(cert, key, &e), &e);
	CHECK_OK(load(cert, key, &e), &e);
	CHECK_EQ(unlink(cert), 0);
	CHECK_EQ(truncate(other_key, 40), 0);
	CHECK_ERR(web_cert_make(cert, other_key, &e), EINVAL);	/* half a key is told, not replaced */
	CHECK(strstr(e.text, other_key));
	CHECK(access(cert, F_OK) < 0);
	web_cert_done();
}

TEST(web_cert_overwrites_nothing)
{
	struct err e = { 0 };
	struct stat st;

	paths();
	CHECK_ERR(web_cert_make(cert, other_key, &e), EEXIST);
	CHECK_EQ(unlink(other_key), 0);
	CHECK_ERR(web_cert_make(cert, other_key, &e), EEXIST);
	CHECK_EQ(stat(other_key, &st), -1);	/* no half of a pair is left */
	web_cert_done();
}
