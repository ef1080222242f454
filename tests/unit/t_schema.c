/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/schema.c: whole properties, typed out. That it is JSON is seen in tests/integration/host.sh, with a JSON reader. */
#include <string.h>

#include "libct/ct.h"
#include "tests/lib/test.h"
#include "util/buf.h"

TEST(schema_properties)
{
	static const char *const have[] = {
		"{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n",
		"    \"cpuunits\": {\n      \"type\": \"integer\",\n      \"minimum\": 8,\n      \"maximum\": 500000,\n"
		"      \"default\": 1000,\n      \"description\": \"Relative weight for the CPU; containers of equal weight share it "
		"equally.\",\n      \"x-key\": \"CPUUNITS\",\n      \"x-option\": \"cpuunits\",\n      \"x-effect\": \"at once\",\n"
		"      \"x-live\": true\n    }",
		"    \"disabled\": {\n      \"type\": \"boolean\",\n      \"default\": false,\n",
		"    \"nameserver\": {\n      \"type\": \"array\",\n      \"items\": { \"type\": \"string\" },\n",
		"    \"numproc\": {\n      \"type\": [\"integer\", \"string\"],\n      \"minimum\": 0,\n"
		"      \"pattern\": \"^(unlimited|[0-9]+)(:(unlimited|[0-9]+))?$\",\n",
		"      \"x-unit\": \"pages\",\n",
		"    \"ve_private\": {\n      \"type\": \"string\",\n      \"default\": \"/vz/private/$VEID\",\n",
		"      \"x-effect\": \"not while it runs\",\n      \"x-live\": false\n",
		"\n  },\n  \"additionalProperties\": true\n}\n",
	};
	static const char *const not[] = { "\"ram\": {", "\"userpasswd\"", "\"ipdel\"", ",\n  }", "(null)" };
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(ct_schema_print(&b, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(have); i++)
		if (!strstr(buf_str(&b), have[i]))
			test_fail(__FILE__, __LINE__, "not there: %s", have[i]);
	for (size_t i = 0; i < ARRAY_SIZE(not); i++)
		if (strstr(buf_str(&b), not[i]))
			test_fail(__FILE__, __LINE__, "there: %s", not[i]);
}

TEST(schema_needs_room)
{
	struct buf auto_buf b;
	struct err e = { 0 };

	buf_init(&b, 100);
	CHECK_EQ(ct_schema_print(&b, &e), -ENOMEM);
}
