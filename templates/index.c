/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes index.json. Its signature was checked before anything of it is read, but it came over a network and its
 * issuer may err: whatever becomes a path, a URL or a size is judged here, once.
 */
#include "templates/index.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/path.h"
#include "util/str.h"

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define auto_json __attribute__((cleanup(json_cleanup)))

void index_done(struct index *ix)
{
	free(ix->v);
	*ix = (struct index){ 0 };
}

/* Relative: plain components. It is resolved against where the index came from, and then opened or asked for. */
bool index_url_ok(const char *url)
{
	bool web = str_starts(url, "http://") || str_starts(url, "https://");

	if (!*url || strlen(url) >= 1024)
		return false;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '"' || *p == '\\')
			return false;
	if (web)
		return strchr(url + 8, '/') != NULL && strstr(url, "/../") == NULL;
	if (strpbrk(url, ":?#%"))
		return false;
	for (const char *p = url; *p; ) {
		size_t n = strcspn(p, "/");
		char part[256];

		if (n == 0 || n >= sizeof(part))
			return false;
		memcpy(part, p, n);
		part[n] = '\0';
		if (!path_is_component(part) || part[0] == '.')
			return false;
		p += n;
		if (*p == '/' && !*++p)
			return false;
	}
	return true;
}

/* A text of one line that fits; absent is "" unless @need. */
static int text_of(const json_t *o, const char *key, char *dst, size_t size, bool need)
{
	const json_t *j = json_object_get(o, key);
	const char *s = json_string_value(j);

	dst[0] = '\0';
	if (!j && !need)
		return 0;
	if (!s || json_string_length(j) != strlen(s) || str_has_ctrl(s) || (need && !*s))
		return -EBADMSG;
	return str_copy(dst, size, s) < 0 ? -EBADMSG : 0;
}

static int number_of(const json_t *o, const char *key, uint64_t max, uint64_t *ret)
{
	const json_t *j = json_object_get(o, key);

	if (!json_is_integer(j) || json_integer_value(j) < 0 || (uint64_t)json_integer_value(j) > max)
		return -EBADMSG;
	*ret = (uint64_t)json_integer_value(j);
	return 0;
}

static int bad(struct err *e, size_t i, const struct index_item *it, const char *what)
{
	return err_say(e, EBADMSG, "item %zu of the index (\"%s\"): %s is missing or not valid", i, it->name, what);
}

static int item_parse(const json_t *o, size_t i, struct index_item *it, struct err *e)
{
	const json_t *archive = json_object_get(o, "archive");
	const char *suffix;

	if (text_of(o, "name", it->name, sizeof(it->name), true) < 0 || !tmpl_name_ok(it->name)) {
		it->name[0] = '\0';
		return bad(e, i, it, "name");
	}
	if (text_of(archive, "url", it->url, sizeof(it->url), true) < 0 || !index_url_ok(it->url))
		return bad(e, i, it, "archive.url");
	suffix = tmpl_suffix_of(it->url);
	if (!suffix)
		return err_say(e, EBADMSG, "item %zu of the index (\"%s\"): archive.url does not end like a template", i, it->name);
	str_copy(it->suffix, sizeof(it->suffix), suffix);
	if (text_of(archive, "sha256", it->sha256, sizeof(it->sha256), true) < 0 || !tmpl_is_digest(it->sha256))
		return bad(e, i, it, "archive.sha256");
	if (number_of(archive, "size", INDEX_ARCHIVE_MAX, &it->size) < 0 || it->size == 0)
		return bad(e, i, it, "archive.size");
	if (text_of(o, "os", it->os, sizeof(it->os), false) < 0 || text_of(o, "arch", it->arch, sizeof(it->arch), false) < 0 ||
	    text_of(o, "version", it->version, sizeof(it->version), false) < 0)
		return bad(e, i, it, "os, version or arch");
	it->deprecated = json_is_true(json_object_get(o, "deprecated"));
	return 0;
}

static int time_parse(const char *s, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		return -EBADMSG;
	*ret = (int64_t)timegm(&tm);
	return 0;
}

static int head_parse(const json_t *o, struct index *ret, struct err *e)
{
	char expires[64];
	uint64_t schema;

	if (!json_is_object(o) || number_of(o, "schema", UINT32_MAX, &schema) < 0)
		return err_say(e, EBADMSG, "it is not an index of templates: there is no \"schema\"");
	if (schema != 1)
		return err_say(e, ENOTSUP, "it is an index of schema %llu; this program reads schema 1",
			       (unsigned long long)schema);
	if (text_of(o, "id", ret->id, sizeof(ret->id), false) < 0 || (ret->id[0] && !path_is_component(ret->id)))
		return err_say(e, EBADMSG, "the index's id is not valid");
	if (number_of(o, "serial", INT64_MAX, &ret->serial) < 0)
		return err_say(e, EBADMSG, "the index's serial is missing or not valid");
	if (text_of(o, "expires", expires, sizeof(expires), true) < 0 || time_parse(expires, &ret->expires) < 0)
		return err_say(e, EBADMSG, "the index's expires is missing or not like 2030-12-31T00:00:00Z");
	return 0;
}

static bool named_before(const struct index *ix, const char *name)
{
	for (size_t i = 0; i < ix->n; i++)
		if (str_eq(ix->v[i].name, name))
			return true;
	return false;
}

static int items_parse(const json_t *items, struct index *ret, struct err *e)
{
	size_t n = json_array_size(items);

	if (!json_is_array(items) || n > INDEX_ITEMS_MAX)
		return err_say(e, EBADMSG, "the index's items are missing, or more than %d", INDEX_ITEMS_MAX);
	ret->v = calloc(n + 1, sizeof(*ret->v));
	if (!ret->v)
		return err_set(e, ENOMEM, "index");
	for (size_t i = 0; i < n; i++) {
		if (item_parse(json_array_get(items, i), i, &ret->v[i], e) < 0)
			return -e->code;
		if (named_before(ret, ret->v[i].name))
			return err_say(e, EBADMSG, "the index has \"%s\" twice", ret->v[i].name);
		ret->n++;
	}
	return 0;
}

int index_parse(const char *text, size_t len, struct index *ret, struct err *e)
{
	auto_index struct index ix = { 0 };
	json_error_t why;
	auto_json json_t *o = NULL;

	if (len > INDEX_TEXT_MAX)
		return err_say(e, EFBIG, "an index of more than %u bytes", INDEX_TEXT_MAX);
	o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!o)
		return err_say(e, EBADMSG, "it is not JSON, line %d", why.line);
	if (head_parse(o, &ix, e) < 0 || items_parse(json_object_get(o, "items"), &ix, e) < 0)
		return -e->code;
	*ret = ix;
	ix = (struct index){ 0 };
	return 0;
}

static json_t *item_json(const struct index_item *it)
{
	json_t *o = json_pack("{s:s, s:{s:s, s:s, s:I}}", "name", it->name, "archive", "url", it->url, "sha256", it->sha256,
			      "size", (json_int_t)it->size);
	const struct { const char *key, *val; } more[] = { { "os", it->os }, { "version", it->version }, { "arch", it->arch } };

	for (size_t i = 0; o && i < ARRAY_SIZE(more); i++)
		if (more[i].val[0])
			json_object_set_new(o, more[i].key, json_string(more[i].val));
	if (o && it->deprecated)
		json_object_set_new(o, "deprecated", json_true());
	return o;
}

int index_print(const struct index *ix, struct buf *b, struct err *e)
{
	auto_json json_t *o = NULL;
	auto_free char *text = NULL;
	json_t *items = json_array();
	time_t t = (time_t)ix->expires;
	char expires[32];
	struct tm tm;

	for (size_t i = 0; items && i < ix->n; i++)
		if (json_array_append_new(items, item_json(&ix->v[i])) < 0)
			return json_decref(items), err_say(e, EINVAL, "%s cannot be written as JSON", ix->v[i].name);
	strftime(expires, sizeof(expires), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	o = json_pack("{s:i, s:s, s:I, s:s, s:o}", "schema", 1, "id", ix->id, "serial", (json_int_t)ix->serial, "expires",
		      expires, "items", items);
	text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	if (!text)
		return err_set(e, ENOMEM, "index");
	buf_adds(b, text);
	buf_addc(b, '\n');
	return buf_failed(b) ? err_set(e, EFBIG, "index") : 0;
}
