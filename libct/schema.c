/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON Schema (draft 2020-12) of a container's configuration, printed from the rows. A property is a key in lower case. Its
 * JSON form follows from the name of the row's type; a type that is not here is an error, so none is forgotten.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/buf.h"
#include "util/json_text.h"

#include "libct/files.h"

#define SIZE "(unlimited|[0-9]+(\\.[0-9]+)?[TGMKPBtgmkpb]?)"
#define COUNT "(unlimited|[0-9]+)"

static const struct { const char *type; enum ct_form form; const char *unit; } forms[] = {
	{ "number", CT_FORM_INT, NULL }, { "percent", CT_FORM_INT, "percent of one CPU" },
	{ "rate", CT_FORM_INT, "bytes a second" }, { "iops", CT_FORM_INT, "operations a second" },
	{ "rates", CT_FORM_STR, NULL },
	{ "uid", CT_FORM_INT, NULL }, { "size", CT_FORM_INT, "bytes" }, { "yesno", CT_FORM_BOOL, NULL },
	{ "owner", CT_FORM_STR, NULL }, { "restart policy", CT_FORM_STR, NULL }, { "string", CT_FORM_STR, NULL },
	{ "name", CT_FORM_STR, NULL }, { "path", CT_FORM_STR, NULL }, { "layout", CT_FORM_STR, NULL },
	{ "hostname", CT_FORM_STR, NULL }, { "mode", CT_FORM_STR, NULL }, { "meminfo", CT_FORM_STR, NULL },
	{ "factor", CT_FORM_STR, NULL }, { "guarantee", CT_FORM_STR, NULL }, { "cpumask", CT_FORM_STR, NULL },
	{ "nodemask", CT_FORM_STR, NULL }, { "list", CT_FORM_LIST, NULL }, { "addresses", CT_FORM_LIST, NULL },
	{ "domains", CT_FORM_LIST, NULL }, { "interfaces", CT_FORM_LIST, NULL },
	{ "firewall rules", CT_FORM_LIST, NULL }, { "firewall policy", CT_FORM_STR, NULL },
	{ "firewall groups", CT_FORM_LIST, NULL }, { "zone", CT_FORM_STR, NULL }, { "port forwards", CT_FORM_LIST, NULL },
	{ "interfaces of the host", CT_FORM_LIST, NULL }, { "switches", CT_FORM_LIST, NULL },
	{ "devices", CT_FORM_LIST, NULL }, { "modules", CT_FORM_LIST, NULL }, { "containers", CT_FORM_LIST, NULL },
	{ "items", CT_FORM_COUNTS, NULL }, { "inodes", CT_FORM_COUNTS, NULL }, { "bytes", CT_FORM_SIZES, "bytes" },
	{ "pages", CT_FORM_SIZES, "pages" }, { "blocks", CT_FORM_SIZES, "KiB" },
};

static int find_form(const struct param *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (str_eq(forms[i].type, p->type->name))
			return (int)i;
	return -1;
}

int ct_form(const struct param *p)
{
	int i = find_form(p);

	return i < 0 ? -EINVAL : (int)forms[i].form;
}

char ct_form_sep(const struct param *p)
{
	static const struct { const char *type; char sep; } seps[] = {
		{ "firewall rules", ';' }, { "port forwards", ';' }, { "firewall groups", ',' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(seps); i++)
		if (str_eq(seps[i].type, p->type->name))
			return seps[i].sep;
	return ' ';
}

static void member(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(b, ",\n      \"%s\": ", name);
	json_str(b, text);
}

static void put_int(struct buf *b, const struct param *p)
{
	buf_addf(b, "      \"type\": \"integer\",\n      \"minimum\": %" PRIu64, p->min);
	if (p->max && p->max < NUM_UNLIMITED)
		buf_addf(b, ",\n      \"maximum\": %" PRIu64, p->max);
}

static void put_form(struct buf *b, const struct param *p, enum ct_form form)
{
	switch (form) {
	case CT_FORM_INT:
		put_int(b, p);
		return;
	case CT_FORM_BOOL:
		buf_adds(b, "      \"type\": \"boolean\"");
		return;
	case CT_FORM_STR:
		buf_adds(b, "      \"type\": \"string\"");
		return;
	case CT_FORM_LIST:
		buf_adds(b, "      \"type\": \"array\",\n      \"items\": { \"type\": \"string\" }");
		return;
	case CT_FORM_SIZES:
	case CT_FORM_COUNTS:
		buf_adds(b, "      \"type\": [\"integer\", \"string\"],\n      \"minimum\": 0");
		member(b, "pattern", form == CT_FORM_SIZES ? "^" SIZE "(:" SIZE ")?$" : "^" COUNT "(:" COUNT ")?$");
		return;
	}
}

static void put_default(struct buf *b, const struct param *p, enum ct_form form)
{
	if (!p->def)
		return;
	if (form == CT_FORM_INT)
		buf_addf(b, ",\n      \"default\": %s", p->def);
	else if (form == CT_FORM_BOOL)
		buf_addf(b, ",\n      \"default\": %s", str_eq(p->def, "yes") ? "true" : "false");
	else
		member(b, "default", p->def);
}

/* When `set` makes a value count. */
static const char *effect(const struct param *p)
{
	if (p->flags & PARAM_KEPT)
		return "none";
	if (p->flags & PARAM_LIVE)
		return "at once";
	if (p->flags & PARAM_FIXED)
		return "not while it runs";
	if (p->flags & (PARAM_READ | PARAM_SAVE_ONLY))
		return "when it is read";
	return p->flags & PARAM_NO_SET ? "at create" : "at the next start";
}

static int put_row(struct buf *b, const struct param *p, bool first, struct err *e)
{
	int f = find_form(p);

	if (f < 0)
		return err_say(e, EINVAL, "%s: type '%s' has no JSON form in " __FILE__, p->key, p->type->name);
	buf_adds(b, first ? "    \"" : ",\n    \"");
	for (const char *s = p->key; *s; s++)
		buf_addc(b, (char)tolower((unsigned char)*s));
	buf_adds(b, "\": {\n");
	put_form(b, p, forms[f].form);
	put_default(b, p, forms[f].form);
	member(b, "description", p->man);
	member(b, "x-key", p->key);
	member(b, "x-option", p->opt);
	member(b, "x-unit", forms[f].unit);
	member(b, "x-effect", effect(p));
	buf_addf(b, ",\n      \"x-live\": %s\n    }", (p->flags & PARAM_LIVE) && !(p->flags & PARAM_KEPT) ? "true" : "false");
	return 0;
}

int ct_schema_print(struct buf *b, struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base, other;
	bool first = true;

	buf_adds(b, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		    "  \"title\": \"Configuration of a container\",\n  \"type\": \"object\",\n  \"properties\": {\n");
	while ((p = ct_row_next(&it, &base))) {
		if (!p->key || ct_param_by_key(p->key, &other) != p)
			continue;
		if (put_row(b, p, first, e) < 0)
			return -e->code;
		first = false;
	}
	buf_adds(b, "\n  },\n  \"additionalProperties\": true\n}\n");
	return buf_failed(b) ? err_set(e, ENOMEM, "schema") : 0;
}
