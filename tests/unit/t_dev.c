/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DEVICES and DEVNODES turned into rules; what would reach the host's disks or files is refused. */
#include <errno.h>
#include <string.h>

#include "libct/dev.h"
#include "tests/lib/test.h"

static int parse(const char *dev, const char *node, struct cg_dev *d, size_t *n, struct err *e)
{
	char *devs[] = { (char *)dev, NULL }, *nodes[] = { (char *)node, NULL };
	struct ct_conf c = {
		.devices = { .v = devs, .n = dev != NULL, .set = true },
		.devnodes = { .v = nodes, .n = node != NULL, .set = true },
	};

	return ct_devices(&c, d, 2, n, e);
}

TEST(dev_rules)
{
	static const struct { const char *text; struct cg_dev want; } t[] = {
		{ "c:10:200:rw", { 'c', 10, 200, "rw" } }, { "b:8:all:r", { 'b', 8, -1, "r" } },
		{ "c:108:0:rwq", { 'c', 108, 0, "rw" } }, { "c:4:64:none", { 'c', 4, 64, "" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cg_dev d[2];
		struct err e = { 0 };
		size_t n = 0;

		CHECK_OK(parse(t[i].text, NULL, d, &n, &e), &e);
		CHECK_EQ(n, 1);
		CHECK_EQ(d[0].type, t[i].want.type);
		CHECK_EQ(d[0].major, t[i].want.major);
		CHECK_EQ(d[0].minor, t[i].want.minor);
		CHECK_STR(d[0].perm, t[i].want.perm);
	}
}

TEST(dev_refused)
{
	static const char *const t[] = { "", "c", "c:1", "c:1:3", "x:1:3:rw", "c:1:3:rwx", "c:1:3:m", "c:-1:3:rw", "c:1:z:rw",
		"b:7:0:rw", "b:7:all:r", "c:1:3:", "c:99999999999:1:rw" };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cg_dev d[2];
		struct err e = { 0 };
		size_t n;

		CHECK_ERR(parse(t[i], NULL, d, &n, &e), EINVAL);
		CHECK(e.text[0] != '\0');
	}
}

TEST(dev_nodes)
{
	struct cg_dev d[2];
	struct err e = { 0 };
	size_t n = 0;

	CHECK_OK(parse(NULL, "null:rw", d, &n, &e), &e);
	CHECK(d[0].type == 'c' && d[0].major == 1 && d[0].minor == 3);
	CHECK(parse(NULL, "no/such/node:rw", d, &n, &e) < 0);
	CHECK(strstr(e.text, "Incorrect device name /dev/no/such/node") != NULL);
	err_clear(&e);
	CHECK_ERR(parse(NULL, "../etc/passwd:rw", d, &n, &e), EINVAL);
	err_clear(&e);
	CHECK_ERR(parse(NULL, "null", d, &n, &e), EINVAL);
	err_clear(&e);
	CHECK_ERR(parse(NULL, "shm:rw", d, &n, &e), EINVAL);	/* a directory */
}

TEST(dev_feature_ppp)
{
	char *features[] = { (char *)"ppp:on", NULL };
	const struct ct_conf c = { .features = { features, 1, true } };
	struct cg_dev d[2];
	struct err e = { 0 };
	size_t n;

	CHECK_OK(ct_devices(&c, d, ARRAY_SIZE(d), &n, &e), &e);
	CHECK(n == 1 && d[0].type == 'c' && d[0].major == 108 && d[0].minor == 0 && str_eq(d[0].perm, "rw"));
}
