/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/index.c: what an index may say, what it may not, and that what is written is read. */
#include "templates/index.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ITEM(name, url) "{\"name\":\"" name "\",\"archive\":{\"url\":\"" url "\",\"sha256\":\"" SHA "\",\"size\":9}}"
#define HEAD "\"schema\":1,\"serial\":7,\"expires\":\"2030-12-31T00:00:00Z\""
#define INDEX(items) "{" HEAD ",\"items\":[" items "]}"

TEST(good)
{
	static const char text[] = INDEX(ITEM("a", "a.tar.zst") "," ITEM("b", "http://x/b.tar.xz"));
	auto_index struct index ix = { 0 }, again = { 0 };
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(index_parse(text, strlen(text), &ix, &e), &e);
	CHECK_EQ(ix.n, 2);
	CHECK_EQ(ix.serial, 7);
	CHECK_EQ(ix.expires, 1924905600);
	CHECK_STR(ix.v[0].suffix, ".tar.zst");
	CHECK_STR(ix.v[1].suffix, ".tar.xz");
	ix.v[1].deprecated = true;
	str_copy(ix.v[0].os, sizeof(ix.v[0].os), "debian");
	CHECK_OK(index_print(&ix, &b, &e), &e);
	CHECK_OK(index_parse(buf_str(&b), b.len, &again, &e), &e);
	CHECK_EQ(again.n, 2);
	CHECK(again.v[1].deprecated && !again.v[0].deprecated && again.v[0].size == 9);
	CHECK_STR(again.v[0].os, "debian");
	CHECK_EQ(again.expires, ix.expires);
}

TEST(bad)
{
	static const struct { const char *text, *says; } t[] = {
		{ "", "not JSON" }, { "[]", "no \"schema\"" }, { "{\"schema\":1", "not JSON" },
		{ "{\"schema\":2}", "schema 2" }, { "{\"schema\":1,\"schema\":1}", "not JSON" },
		{ "{\"schema\":1,\"serial\":-1}", "serial" },
		{ "{\"schema\":1,\"serial\":1,\"expires\":\"soon\"}", "expires" },
		{ "{\"schema\":1,\"serial\":1,\"expires\":\"2030-12-31T00:00:00Z and more\"}", "expires" },
		{ "{" HEAD ",\"id\":\"../x\"}", "id is not valid" }, { "{" HEAD "}", "items are missing" },
		{ INDEX("3"), "name" }, { INDEX(ITEM("../a", "a.tar")), "name" }, { INDEX(ITEM(".a", "a.tar")), "name" },
		{ INDEX(ITEM("-a", "a.tar")), "name" }, { INDEX(ITEM("a\\u0000b", "a.tar")), "not JSON" },
		{ INDEX(ITEM("a\\nb", "a.tar")), "name" }, { INDEX(ITEM("a", "../a.tar")), "archive.url" },
		{ INDEX(ITEM("a", "/etc/a.tar")), "archive.url" }, { INDEX(ITEM("a", "x/../../a.tar")), "archive.url" },
		{ INDEX(ITEM("a", "file:///a.tar")), "archive.url" }, { INDEX(ITEM("a", "a b.tar")), "archive.url" },
		{ INDEX(ITEM("a", "ftp://x/a.tar")), "archive.url" }, { INDEX(ITEM("a", "http://x/../a.tar")), "archive.url" },
		{ INDEX(ITEM("a", "a.zip")), "like a template" },
		{ INDEX("{\"name\":\"a\",\"archive\":{\"url\":\"a.tar\",\"sha256\":\"12\",\"size\":9}}"), "archive.sha256" },
		{ INDEX("{\"name\":\"a\",\"archive\":{\"url\":\"a.tar\",\"sha256\":\"" SHA "\",\"size\":0}}"), "archive.size" },
		{ INDEX("{\"name\":\"a\",\"archive\":{\"url\":\"a.tar\",\"sha256\":\"" SHA "\",\"size\":1e9}}"), "archive.size" },
		{ INDEX("{\"name\":\"a\",\"os\":7,\"archive\":{\"url\":\"a.tar\",\"sha256\":\"" SHA "\",\"size\":1}}"), "os," },
		{ INDEX(ITEM("a", "a.tar") "," ITEM("a", "b.tar")), "\"a\" twice" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_index struct index ix = { 0 };
		struct err e = { 0 };

		if (index_parse(t[i].text, strlen(t[i].text), &ix, &e) == 0 || !strstr(e.text, t[i].says) || ix.v)
			test_fail(__FILE__, __LINE__, "%s: %d \"%s\"", t[i].text, e.code, e.text);
	}
}
