/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/conf_json.c: any object; what passes is options with their values in one word, never a word that vzctl or vz-seq would
 * take for something else. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/str.h"
#include "vzd/conf_json.h"

static void one(json_t *j, bool create)
{
	struct conf_args a = { 0 };
	struct ct_conf parsed = { 0 };
	const char *at = NULL;
	struct err e = { 0 };
	int rc = conf_json_args(j, create, &a, &parsed, &at, &e);

	if (rc < 0)
		FUZZ_CHECK(e.text[0] && at && json_object_get(j, at));
	for (size_t i = 0; i < a.n; i++) {
		FUZZ_CHECK(str_starts(a.v[i], "--") && strchr(a.v[i], '=') && !str_has_ctrl(a.v[i]));
		FUZZ_CHECK(!str_starts(a.v[i], "--skip") && !str_starts(a.v[i], "--userpasswd"));
	}
	if (rc == 0) {		/* what it would show can be shown */
		json_t *shown = conf_json(&parsed);

		FUZZ_CHECK(json_is_object(shown));
		json_decref(shown);
	}
	conf_args_done(&a);
	ct_conf_done(&parsed);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	json_t *j = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(j)) {
		one(j, true);
		one(j, false);
	}
	json_decref(j);
}
