/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration between rows, JSON and vzctl's words; see the header for the rules. */
#include "vzd/conf_json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"

/* Options that only edit part of another row's list, and second spellings. */
static bool is_edit(const struct param *p)
{
	static const char *const edits[] = { "ipdel", "netif_del", "netdev_del", "ifname", "mac", "host_ifname", "host_mac",
					     "bridge", "mac_filter", "guard", "vlan", "trunk", "mtu", "ip_filter", "macvlan",
						"ve_layout", "fw_del", "forward_del" };

	for (size_t i = 0; p->opt && i < ARRAY_SIZE(edits); i++)
		if (str_eq(p->opt, edits[i]))
			return true;
	return false;
}

enum conf_json_kind conf_json_kind(const struct param *p)
{
	switch (ct_form(p)) {
	case CT_FORM_BOOL:
		return CONF_JSON_BOOL;
	case CT_FORM_INT:
		return CONF_JSON_INT;
	case CT_FORM_LIST:
		return CONF_JSON_LIST;
	default:	/* also rows that are only written, whose types need no form: passwords */
		return p->flags & PARAM_LIST ? CONF_JSON_LIST : CONF_JSON_TEXT;
	}
}

const char *conf_json_name(const struct param *p, char out[64])
{
	const char *name = p->key ? p->key : p->opt;
	size_t i;

	if (!name || is_edit(p))
		return NULL;
	for (i = 0; i < 63 && name[i]; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[i] = '\0';
	return out;
}

typedef int row_fn(const struct param *p, size_t base, void *arg);

/* Every row the API shows; ends when @fn returns non-zero. */
static int each_row(row_fn *fn, void *arg)
{
	char name[64];
	int rc = 0;

	for (size_t g = 0; g < ct_param_groups_n && !rc; g++)
		for (size_t i = 0; i < ct_param_groups[g].n && !rc; i++)
			if (conf_json_name(&ct_param_groups[g].rows[i], name))
				rc = fn(&ct_param_groups[g].rows[i], ct_param_groups[g].base, arg);
	return rc;
}

struct search { const char *name; const struct param *found; size_t base; };

static int match(const struct param *p, size_t base, void *arg)
{
	struct search *s = arg;
	char name[64];

	if (!str_eq(conf_json_name(p, name), s->name))
		return 0;
	s->found = p;
	s->base = base;
	return 1;
}

const struct param *conf_json_find(const char *property)
{
	struct search s = { .name = property };

	each_row(match, &s);
	return s.found;
}

/* --- configuration to JSON --- */

/* Values as the row's own type takes them apart: a rule has blanks in it. */
static json_t *values(const struct param *p, const char *text)
{
	const char end[] = { ct_form_sep(p), '\0' }, skip[] = { ct_form_sep(p), ' ', '\0' };
	json_t *a = json_array();
	size_t n;

	for (; *(text += strspn(text, skip)); text += n) {
		n = strcspn(text, end);
		json_array_append_new(a, json_stringn(text, n));
	}
	return a;
}

static json_t *value_of(const struct param *p, const char *text)
{
	uint64_t v;

	switch (conf_json_kind(p)) {
	case CONF_JSON_BOOL:
		return json_boolean(str_eq(text, "yes"));
	case CONF_JSON_INT:
		return num_u64(text, &v) == 0 && v < UINT64_C(1) << 53 ? json_integer((json_int_t)v) : json_string(text);
	case CONF_JSON_LIST:
		return values(p, text);
	case CONF_JSON_TEXT:
		break;
	}
	return json_string(text);
}

struct out { const struct ct_conf *c; json_t *j; };

static int put(const struct param *p, size_t base, void *arg)
{
	const struct out *o = arg;
	const void *field = (const char *)o->c + base + p->off;
	struct buf auto_buf b = BUF_INIT;
	char name[64];

	if (!p->key || !p->type->is_set(field))
		return 0;
	p->type->print(p, field, &b);
	json_object_set_new(o->j, conf_json_name(p, name), value_of(p, buf_str(&b)));
	return 0;
}

json_t *conf_json(const struct ct_conf *c)
{
	struct out o = { .c = c, .j = json_object() };

	each_row(put, &o);
	return o.j;
}

/* --- JSON to words --- */

void conf_args_done(struct conf_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct conf_args){ .defaults = a->defaults };
}

static int push(struct conf_args *a, char *word, struct err *e)
{
	char **v = word ? reallocarray(a->v, a->n + 2, sizeof(*v)) : NULL;

	if (!v) {
		free(word);
		return err_set(e, ENOMEM, "words of a command");
	}
	a->v = v;
	a->v[a->n++] = word;
	a->v[a->n] = NULL;
	return 0;
}

/* One word, "--ram=512M": a value of its own could be "--skiplock", which vzctl takes out wherever it stands, or vz-seq's ";". */
int conf_args_add(struct conf_args *a, const char *opt, const char *val, struct err *e)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "--%s%s%s", opt, val ? "=" : "", val ? val : "");
	return push(a, buf_take(&b), e);
}

/* What replaces a list must take away what was there: these options only add. */
static const char *eraser(const struct param *p)
{
	static const char *const pairs[][2] = {
		{ "ipadd", "ipdel" }, { "netif_add", "netif_del" }, { "fw_add", "fw_del" }, { "forward_add", "forward_del" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (str_eq(p->opt, pairs[i][0]))
			return pairs[i][1];
	return NULL;
}

struct in {
	struct conf_args *a;
	struct ct_conf *parsed;
	const struct param *p;
	size_t base;
	bool created;
};

static int one_text(struct in *in, const char *text, struct err *e)
{
	void *field = (char *)in->parsed + in->base + in->p->off;

	if (str_has_ctrl(text))
		return err_say(e, EINVAL, "control characters are not allowed");
	if (in->p->type->is_set(field) && !(in->p->flags & (PARAM_LIST | PARAM_UBC)))
		return err_say(e, EINVAL, "another property sets the same");	/* vzctl would take the first, silently */
	if (in->p->type->parse(in->p, text, PARAM_CLI, field, e) < 0)
		return e->text[0] ? -e->code
				  : err_say(e, EINVAL, "'%s' is not %s", text, in->p->arg ? in->p->arg : in->p->type->name);
	return conf_args_add(in->a, in->p->opt, text, e);
}

static int no_default(struct err *e)
{
	err_clear(e);
	return err_say(e, EINVAL, "null sets the default, and this has none: say the value wanted "
		       "(most limits take \"unlimited\")");
}

/* What a number lacks that is as it is stored and shown: on vzctl's command line one of a rate is MB. */
static const char *stored_unit(const struct param *p)
{
	return str_eq(p->type->name, "rate") ? "B" : "";
}

static int to_default(struct in *in, struct err *e)
{
	const struct ct_conf *host = in->a->defaults;
	const void *field = host ? (const char *)host + in->base + in->p->off : NULL;
	struct buf auto_buf b = BUF_INIT;

	if (in->created)
		return 0;		/* what is not said has its default */
	if (field && in->p->type->is_set(field)) {
		in->p->type->print(in->p, field, &b);
		buf_adds(&b, stored_unit(in->p));
		return one_text(in, buf_str(&b), e);
	}
	if (!in->p->def && conf_json_kind(in->p) != CONF_JSON_TEXT)
		return no_default(e);
	return one_text(in, in->p->def ? in->p->def : "", e) < 0 ? no_default(e) : 0;
}

static int one_value(struct in *in, json_t *v, struct err *e)
{
	char num[32];

	if (json_is_null(v))
		return to_default(in, e);
	if (json_is_string(v))
		return one_text(in, json_string_value(v), e);
	if (json_is_boolean(v) && conf_json_kind(in->p) == CONF_JSON_BOOL)
		return one_text(in, json_is_true(v) ? "yes" : "no", e);
	if (json_is_integer(v) && json_integer_value(v) >= 0 && conf_json_kind(in->p) != CONF_JSON_BOOL) {
		str_fmt(num, sizeof(num), "%" JSON_INTEGER_FORMAT "%s", json_integer_value(v), stored_unit(in->p));
		return one_text(in, num, e);
	}
	return err_say(e, EINVAL, "a value of this type is not taken; ctid.conf(5) has the forms");
}

/* For an option that takes its list at once. */
static int joined(struct in *in, json_t *v, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item) {
		if (i)
			buf_addc(&b, ct_form_sep(in->p));
		buf_adds(&b, json_string_value(item));
	}
	return one_text(in, buf_str(&b), e);
}

static int one_list(struct in *in, json_t *v, struct err *e)
{
	const char *erase = in->created ? NULL : eraser(in->p);
	json_t *item;
	size_t i;

	if (erase && conf_args_add(in->a, erase, "all", e) < 0)
		return -e->code;
	if (json_is_null(v) || (json_is_array(v) && !json_array_size(v)))
		return erase || in->created ? 0 : one_text(in, "", e);
	if (json_is_string(v))
		return one_text(in, json_string_value(v), e);
	if (!json_is_array(v))
		return err_say(e, EINVAL, "an array of strings is wanted");
	json_array_foreach(v, i, item) {
		if (!json_is_string(item))
			return err_say(e, EINVAL, "an array of strings is wanted");
	}
	if (!(in->p->flags & PARAM_LIST))
		return joined(in, v, e);
	json_array_foreach(v, i, item) {
		if (one_text(in, json_string_value(item), e) < 0)
			return -e->code;
	}
	return 0;
}

int conf_json_args(json_t *change, bool create, struct conf_args *a, struct ct_conf *parsed, const char **ret_at, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(change, key, v) {
		struct search s = { .name = key };
		struct in in = { .a = a, .parsed = parsed, .created = create };

		*ret_at = key;
		each_row(match, &s);
		if (!s.found || !s.found->opt)
			return err_say(e, EINVAL, "there is no parameter of this name; GET /v1/schema has all");
		if (str_eq(s.found->opt, "userpasswd"))
			return err_say(e, EINVAL, "would be kept with the operation: PUT /v1/cts/{ct}/password sets it");
		if (create ? !(s.found->flags & PARAM_CREATE) : s.found->flags & PARAM_NO_SET)
			return err_say(e, EINVAL, create ? "cannot be given at create: PATCH it afterwards" : "cannot be changed");
		in.p = s.found;
		in.base = s.base;
		if ((conf_json_kind(s.found) == CONF_JSON_LIST ? one_list : one_value)(&in, v, e) < 0)
			return -e->code;
	}
	return 0;
}
