/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON texts of an OCI image: index, manifest, configuration. All of it is a stranger's: digests are hexadecimal and
 * sizes small, or the image is refused; of a configuration only texts without control characters are taken.
 */
#include "templates/oci.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"

#define BLOB_MAX (64ll << 30)
#define WORDS_MAX 1000

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define auto_json __attribute__((cleanup(json_cleanup)))

static json_t *load(const char *text, size_t len, const char *what, struct err *e)
{
	json_error_t why;
	json_t *o;

	if (len > OCI_JSON_MAX)
		return err_say(e, EFBIG, "the image's %s has more than %u bytes", what, OCI_JSON_MAX), NULL;
	o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_say(e, EBADMSG, "the image's %s is not a JSON object, line %d", what, why.line), NULL;
	}
	return o;
}

static int blob_of(const json_t *o, struct oci_blob *ret, const char *what, struct err *e)
{
	const char *digest = json_string_value(json_object_get(o, "digest"));
	const json_t *size = json_object_get(o, "size");

	if (!digest || !str_starts(digest, "sha256:") || !tmpl_is_digest(digest + 7))
		return err_say(e, EBADMSG, "the digest of the image's %s is not a SHA-256", what);
	if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > BLOB_MAX)
		return err_say(e, EBADMSG, "the size of the image's %s is missing or not valid", what);
	str_copy(ret->sha256, sizeof(ret->sha256), digest + 7);
	ret->size = (uint64_t)json_integer_value(size);
	return 0;
}

static const char *text_in(const json_t *o, const char *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(o, object), key));
}

static bool kind_of(const json_t *m, enum oci_kind *ret)
{
	const char *type = json_string_value(json_object_get(m, "mediaType"));

	if (!type)
		return false;
	if (str_eq(type, "application/vnd.oci.image.index.v1+json") ||
	    str_eq(type, "application/vnd.docker.distribution.manifest.list.v2+json"))
		*ret = OCI_INDEX;
	else if (str_eq(type, "application/vnd.oci.image.manifest.v1+json") ||
		 str_eq(type, "application/vnd.docker.distribution.manifest.v2+json"))
		*ret = OCI_MANIFEST;
	else
		return false;
	return true;
}

static bool fits(const json_t *m, const char *arch, const char *tag)
{
	const char *a = text_in(m, "platform", "architecture"), *os = text_in(m, "platform", "os");
	const char *ref = text_in(m, "annotations", "org.opencontainers.image.ref.name");

	return (!a || str_eq(a, arch)) && (!os || str_eq(os, "linux")) && (!tag || str_eq(ref, tag));
}

/* "linux/arm64 v1, linux/riscv64": platforms and tags, of which there may be any number and in which there may be anything. */
static void what_there_is(const json_t *list, char *ret, size_t size)
{
	size_t at = 0;

	str_copy(ret, size, "nothing");
	for (size_t i = 0; i < json_array_size(list) && at < size - 1; i++) {
		const json_t *m = json_array_get(list, i);
		const char *a = text_in(m, "platform", "architecture"), *os = text_in(m, "platform", "os");
		const char *ref = text_in(m, "annotations", "org.opencontainers.image.ref.name");
		char one[96];

		if (str_fmt(one, sizeof(one), "%s%s/%s%s%s", at ? ", " : "", os ? os : "any", a ? a : "any", ref ? " " : "",
			    ref ? ref : "") < 0 || str_has_ctrl(one))
			continue;
		str_copy(ret + at, size - at, one);
		at += strlen(ret + at);
	}
}

int oci_index_parse(const char *text, size_t len, const char *arch, const char *tag, struct oci_ref *ret, struct err *e)
{
	auto_json json_t *o = load(text, len, "index", e);
	const json_t *list = json_object_get(o, "manifests");
	struct oci_ref found = { 0 };
	char has[200];
	size_t n = 0;

	if (!o)
		return -e->code;
	if (!json_is_array(list))
		return err_say(e, EBADMSG, "the image's index names no manifests");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i);
		enum oci_kind kind;

		if (!kind_of(m, &kind) || !fits(m, arch, tag))
			continue;
		if (blob_of(m, &found.blob, "manifest", e) < 0)
			return -e->code;
		found.kind = kind;
		n++;
	}
	what_there_is(list, has, sizeof(has));
	if (n == 0)
		return err_say(e, ENOENT, "there is no image for linux/%s%s%s in its index, which has %s", arch,
			       tag ? " with the tag " : "", tag ? tag : "", has);
	if (n > 1)
		return err_say(e, EINVAL, "there are %zu images in it: choose one by its tag (--tag): %s", n, has);
	*ret = found;
	return 0;
}

int oci_manifest_parse(const char *text, size_t len, struct oci_image *ret, struct err *e)
{
	auto_json json_t *o = load(text, len, "manifest", e);
	const json_t *layers = json_object_get(o, "layers");
	size_t n = json_array_size(layers);

	if (!o)
		return -e->code;
	if (!json_is_array(layers) || n == 0 || n > OCI_LAYERS_MAX)
		return err_say(e, EBADMSG, "the image has no layers, or more than %d", OCI_LAYERS_MAX);
	memset(ret, 0, sizeof(*ret));
	if (blob_of(json_object_get(o, "config"), &ret->config, "configuration", e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		const json_t *l = json_array_get(layers, i);
		const char *type = json_string_value(json_object_get(l, "mediaType"));

		if (!type || !strstr(type, "tar") || strstr(type, "encrypted"))
			return err_say(e, ENOTSUP, "layer %zu of the image is not a tar archive", i);
		if (blob_of(l, &ret->layer[i], "layer", e) < 0)
			return -e->code;
		ret->n_layers++;
	}
	return 0;
}

static int words_of(const json_t *list, struct str_list *ret, const char *what, struct err *e)
{
	if (json_array_size(list) > WORDS_MAX)
		return err_say(e, EBADMSG, "the image's %s is too long", what);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *w = json_array_get(list, i);
		const char *s = json_string_value(w);

		if (!s || strlen(s) != json_string_length(w) || str_has_ctrl(s))
			return err_say(e, EBADMSG, "the image's %s has control characters, or is no text", what);
		if (str_list_add(ret, s, e) < 0)
			return -e->code;
	}
	return 0;
}

static int text_to(const json_t *c, const char *key, char *dst, size_t size, struct err *e)
{
	const char *s = json_string_value(json_object_get(c, key));

	if (s && (str_has_ctrl(s) || str_copy(dst, size, s) < 0))
		return err_say(e, EBADMSG, "the image's %s is not valid", key);
	return 0;
}

void oci_config_done(struct oci_config *c)
{
	str_list_clear(&c->env);
	str_list_clear(&c->entry);
}

int oci_config_parse(const char *text, size_t len, const char *arch, struct oci_config *ret, struct err *e)
{
	auto_json json_t *o = load(text, len, "configuration", e);
	const char *a = json_string_value(json_object_get(o, "architecture"));
	const char *os = json_string_value(json_object_get(o, "os"));
	const json_t *c = json_object_get(o, "config");
	int rc;

	*ret = (struct oci_config){ .user = "" };
	if (!o)
		return -e->code;
	if ((a && !str_eq(a, arch)) || (os && !str_eq(os, "linux")))
		return err_say(e, ENOTSUP, "the image is for another machine than linux/%s", arch);
	rc = words_of(json_object_get(c, "Env"), &ret->env, "Env", e);
	if (rc == 0)
		rc = words_of(json_object_get(c, "Entrypoint"), &ret->entry, "Entrypoint", e);
	if (rc == 0)
		rc = words_of(json_object_get(c, "Cmd"), &ret->entry, "Cmd", e);
	if (rc == 0)
		rc = text_to(c, "User", ret->user, sizeof(ret->user), e);
	if (rc == 0)
		rc = text_to(c, "WorkingDir", ret->dir, sizeof(ret->dir), e);
	if (rc < 0)
		oci_config_done(ret);
	return rc;
}
