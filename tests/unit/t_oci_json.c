/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/oci_json.c: which image is chosen, and what no image may say. */
#include "templates/oci.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OCI "application/vnd.oci.image."
#define M(sha, arch, tag) "{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" sha "\",\"size\":7," \
	"\"platform\":{\"architecture\":\"" arch "\",\"os\":\"linux\"},\"annotations\":{\"org.opencontainers.image.ref.name\":\"" tag "\"}}"
#define INDEX(list) "{\"schemaVersion\":2,\"manifests\":[" list "]}"

TEST(index_choice)
{
	static const struct { const char *text, *tag, *sha; int code; } t[] = {
		{ INDEX(M(A, "amd64", "x")), NULL, A, 0 },
		{ INDEX(M(A, "arm64", "x") "," M(B, "amd64", "x")), NULL, B, 0 },
		{ INDEX(M(A, "amd64", "x") "," M(B, "amd64", "y")), NULL, NULL, EINVAL },
		{ INDEX(M(A, "amd64", "x") "," M(B, "amd64", "y")), "y", B, 0 },
		{ INDEX(M(A, "amd64", "x")), "y", NULL, ENOENT },
		{ INDEX(M(A, "arm64", "x")), NULL, NULL, ENOENT },
		{ INDEX(M("../../../../etc/passwd", "amd64", "x")), NULL, NULL, EBADMSG },
		{ INDEX("7,null,{}"), NULL, NULL, ENOENT }, { "[]", NULL, NULL, EBADMSG }, { "{}", NULL, NULL, EBADMSG },
		{ "", NULL, NULL, EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct oci_ref r = { 0 };
		struct err e = { 0 };
		int rc = oci_index_parse(t[i].text, strlen(t[i].text), "amd64", t[i].tag, &r, &e);

		if (rc != -t[i].code || (t[i].sha && strcmp(r.blob.sha256, t[i].sha) != 0))
			test_fail(__FILE__, __LINE__, "%zu: %d \"%s\"", i, rc, e.text);
	}
}

TEST(what_there_is_is_told)
{
	static const char two[] = INDEX(M(A, "arm64", "x") "," M(B, "riscv64", "y"));
	static const char odd[] = INDEX(M(A, "arm\\u0007", "x") "," M(B, "arm64", "y"));
	struct oci_ref r = { 0 };
	struct err e = { 0 };
	auto_buf struct buf many = BUF_INIT;

	CHECK_ERR(oci_index_parse(two, strlen(two), "amd64", NULL, &r, &e), ENOENT);
	CHECK(strstr(e.text, "linux/amd64 in its index, which has") && strstr(e.text, "/arm64 x, ") && strstr(e.text, "/riscv64 y"));
	CHECK_ERR(oci_index_parse(odd, strlen(odd), "amd64", NULL, &r, &e), ENOENT);
	CHECK(!strchr(e.text, 7) && strstr(e.text, "/arm64 y"));
	buf_adds(&many, "{\"manifests\":[");
	for (int i = 0; i < 300; i++)
		buf_addf(&many, "%s%s", i ? "," : "", M(A, "arm64", "a_tag_that_is_somewhat_long"));
	buf_adds(&many, "]}");
	CHECK_ERR(oci_index_parse(buf_str(&many), many.len, "amd64", NULL, &r, &e), ENOENT);
	CHECK(strlen(e.text) < 300);
}

#define BLOB(sha, type) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" sha "\",\"size\":7}"
#define CONF "\"config\":" BLOB(A, OCI "config.v1+json")

TEST(manifest)
{
	static const char good[] = "{" CONF ",\"layers\":[" BLOB(A, OCI "layer.v1.tar+gzip") "," BLOB(B, OCI "layer.v1.tar") "]}";
	static const struct { const char *text; int code; } t[] = {
		{ "{" CONF ",\"layers\":[]}", EBADMSG }, { "{" CONF "}", EBADMSG }, { "{\"layers\":[7]}", EBADMSG },
		{ "{" CONF ",\"layers\":[" BLOB(A, OCI "layer.v1.squashfs") "]}", ENOTSUP },
		{ "{" CONF ",\"layers\":[" BLOB(A, OCI "layer.v1.tar+encrypted") "]}", ENOTSUP },
		{ "{" CONF ",\"layers\":[" BLOB("xyz", OCI "layer.v1.tar") "]}", EBADMSG },
	};
	struct oci_image img;
	struct err e = { 0 };

	CHECK_OK(oci_manifest_parse(good, strlen(good), &img, &e), &e);
	CHECK_EQ(img.n_layers, 2);
	CHECK_STR(img.layer[1].sha256, B);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		err_clear(&e);
		CHECK_ERR(oci_manifest_parse(t[i].text, strlen(t[i].text), &img, &e), t[i].code);
	}
}

TEST(config)
{
	static const char good[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=b\"],\"Entrypoint\":[\"/x\"],"
		"\"Cmd\":[\"-y\",\"z\"],\"User\":\"www\",\"WorkingDir\":\"/d\"}}";
	static const struct { const char *text; int code; } t[] = {
		{ "{\"architecture\":\"arm64\"}", ENOTSUP }, { "{\"os\":\"windows\"}", ENOTSUP }, { "7", EBADMSG },
		{ "{\"config\":{\"Env\":[\"A=\\u001b[2J\"]}}", EBADMSG }, { "{\"config\":{\"Cmd\":[7]}}", EBADMSG },
		{ "{\"config\":{\"User\":\"a\\nb\"}}", EBADMSG },
	};
	struct oci_config c = { .user = "" };
	struct err e = { 0 };

	CHECK_OK(oci_config_parse(good, strlen(good), "amd64", &c, &e), &e);
	CHECK_EQ(c.entry.n, 3);
	CHECK_STR(c.entry.v[2], "z");
	CHECK_STR(c.env.v[0], "A=b");
	CHECK_STR(c.user, "www");
	oci_config_done(&c);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		err_clear(&e);
		CHECK_ERR(oci_config_parse(t[i].text, strlen(t[i].text), "amd64", &c, &e), t[i].code);
		CHECK(!c.env.v && !c.entry.v);
	}
}
