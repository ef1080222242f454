/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A webhook as somebody asked for it: events that exist, containers and tenant of his, an address that may be one. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/bus.h"
#include "vzd/webhook_priv.h"

static int known_type(const char *word)
{
	for (size_t i = 0; i < bus_types_n; i++)
		if (str_eq(bus_types[i].name, word) || (str_ends(word, ".") && str_starts(bus_types[i].name, word)))
			return 0;
	return -ENOENT;
}

static int patch_types(struct webhook *h, json_t *list, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *s = json_string_value(item);

		if (!s || known_type(s) < 0)
			return err_say(e, EINVAL, "types: there are no events '%.32s'", s ? s : "?");
		buf_addf(&b, "%s%s", i ? " " : "", s);
	}
	buf_adds(&b, "");
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "webhook");
	free(h->types);
	h->types = strdup(buf_str(&b));
	return h->types ? 0 : err_set(e, ENOMEM, "webhook");
}

static bool has_ct(const struct principal *by, unsigned id)
{
	for (size_t i = 0; i < by->n_cts; i++)
		if (by->cts[i] == id)
			return true;
	return by->n_cts == 0;
}

static int patch_cts(struct webhook *h, const struct principal *by, json_t *list, struct err *e)
{
	size_t n = json_array_size(list), i;
	unsigned *v = calloc((n ? n : by->n_cts) + 1, sizeof(*v));
	json_t *item;

	if (!v)
		return err_set(e, ENOMEM, "webhook");
	free(h->cts);
	h->cts = v;
	h->n_cts = 0;
	if (!n && by->n_cts) {
		memcpy(v, by->cts, by->n_cts * sizeof(*v));
		h->n_cts = by->n_cts;
	}
	json_array_foreach(list, i, item) {
		uint64_t id = 0;

		if (!json_is_string(item) || num_u64(json_string_value(item), &id) < 0 || !id || id > CT_ID_MAX)
			return err_say(e, EINVAL, "cts: item %zu is no CTID", i);
		if (!has_ct(by, (unsigned)id))
			return err_say(e, EPERM, "cts: you do not have container %u", (unsigned)id);
		v[h->n_cts++] = (unsigned)id;
	}
	return 0;
}

static int patch_text(char **field, const json_t *body, const char *name, struct err *e)
{
	const json_t *v = json_object_get(body, name);
	char *copy;

	if (!v && *field)
		return 0;
	copy = strdup(json_is_string(v) ? json_string_value(v) : "");
	if (!copy)
		return err_set(e, ENOMEM, "webhook");
	free(*field);
	*field = copy;
	return 0;
}

static int patch_tenant(struct webhooks *w, struct webhook *h, const struct principal *by, const json_t *body, struct err *e)
{
	const char *name = json_string_value(json_object_get(body, "tenant"));

	if (!name)
		name = by->tenant;
	if ((by->tenant[0] && strcmp(name, by->tenant) != 0) || (*name && !auth_tenant_exists(w->d->auth, name)) ||
	    str_copy(h->tenant, sizeof(h->tenant), name) < 0)
		return err_say(e, EINVAL, "tenant: there is no tenant '%.40s'", name);
	return 0;
}

static int check_secret(const struct webhook *h, struct err *e)
{
	size_t n = strlen(h->secret);

	if (n && (n < HOOK_SECRET_MIN || n > 256))
		return err_say(e, EINVAL, "secret: %u to 256 bytes; without one, one is made", HOOK_SECRET_MIN);
	return 0;
}

int webhook_patch(struct webhooks *w, struct webhook *h, const struct principal *by, const json_t *body, struct err *e)
{
	json_t *types = json_object_get(body, "types"), *cts = json_object_get(body, "cts"), *on = json_object_get(body, "enabled");
	bool fresh = !h->url;

	if (fresh && patch_tenant(w, h, by, body, e) < 0)
		return -e->code;
	if (patch_text(&h->url, body, "url", e) < 0 || patch_text(&h->secret, body, "secret", e) < 0 ||
	    patch_text(&h->description, body, "description", e) < 0)
		return -e->code;
	if ((fresh || types) && patch_types(h, types, e) < 0)
		return -e->code;
	if ((fresh || cts) && patch_cts(h, by, cts, e) < 0)
		return -e->code;
	if (fresh || on)
		h->enabled = !json_is_false(on);
	return hook_url_check(h->url, e) < 0 ? -e->code : check_secret(h, e);
}
