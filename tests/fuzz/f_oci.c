/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/oci_json.c: what is accepted of an image names blobs by digests only, and no text of it can steer a terminal. */
#include <string.h>

#include "templates/oci.h"
#include "templates/tmpl_priv.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"

static void check_err(int rc, const struct err *e)
{
	FUZZ_CHECK(rc == 0 || (e->code == -rc && e->text[0] && !str_has_ctrl(e->text)));
}

static void check_words(const struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		FUZZ_CHECK(!str_has_ctrl(l->v[i]));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	static struct oci_image img;
	struct oci_ref ref = { 0 };
	struct oci_config c = { .user = "" };
	struct err e = { 0 };
	int rc = oci_index_parse(text, size, "amd64", NULL, &ref, &e);

	check_err(rc, &e);
	FUZZ_CHECK(rc < 0 || tmpl_is_digest(ref.blob.sha256));
	e = (struct err){ 0 };
	rc = oci_manifest_parse(text, size, &img, &e);
	check_err(rc, &e);
	for (size_t i = 0; rc == 0 && i < img.n_layers; i++)
		FUZZ_CHECK(tmpl_is_digest(img.layer[i].sha256));
	e = (struct err){ 0 };
	rc = oci_config_parse(text, size, "amd64", &c, &e);
	check_err(rc, &e);
	if (rc < 0)
		return;
	check_words(&c.env);
	check_words(&c.entry);
	FUZZ_CHECK(!str_has_ctrl(c.user) && !str_has_ctrl(c.dir));
	oci_config_done(&c);
}
