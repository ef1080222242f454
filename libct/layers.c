/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of layers: read, checked, written, followed. */
#include "libct/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/fio.h"

static bool is_guid(const char *s)
{
	char low[CT_GUID_SIZE];

	return strlen(s) == CT_GUID_SIZE - 1 && ct_guid_parse(s, low) == 0 && str_eq(low, s);
}

static bool is_digest(const char *s)
{
	return strlen(s) == TMPL_DIGEST_LEN && strspn(s, "0123456789abcdef") == TMPL_DIGEST_LEN;
}

int ct_layer_parse(const char *line, struct ct_layer *ret)
{
	*ret = (struct ct_layer){ .kind = CT_LAYER_TMPL };
	if (str_starts(line, "snap:")) {
		ret->kind = CT_LAYER_SNAP;
		line += strlen("snap:");
	} else if (str_starts(line, "share:")) {
		ret->kind = CT_LAYER_SHARE;
		line += strlen("share:");
		if (strlen(line) < CT_GUID_SIZE || line[CT_GUID_SIZE - 1] != '/')
			return -EINVAL;
		memcpy(ret->home, line, CT_GUID_SIZE - 1);
		if (!is_guid(ret->home))
			return -EINVAL;
		line += CT_GUID_SIZE;
	}
	if (ret->kind == CT_LAYER_TMPL ? !is_digest(line) : !is_guid(line))
		return -EINVAL;
	return str_copy(ret->id, sizeof(ret->id), line);
}

int ct_layers_parse(const char *text, const char *what, struct ct_layers *ret, struct err *e)
{
	auto_call(str_list_clear) struct str_list lines = { 0 };

	ret->n = 0;
	if (str_list_split(&lines, text, "\n", e) < 0)
		return -e->code;
	if (lines.n > CT_LAYERS_MAX)
		return err_say(e, E2BIG, "%s names more than %d layers", what, CT_LAYERS_MAX);
	for (size_t i = 0; i < lines.n; i++)
		if (ct_layer_parse(lines.v[i], &ret->v[ret->n++]) < 0)
			return err_say(e, EBADMSG, "%s, line %zu: \"%.100s\" names no layer", what, i + 1, lines.v[i]);
	return ret->n ? 0 : err_say(e, EBADMSG, "%s names no layer", what);
}

int ct_layers_load(int dir, const char *name, struct ct_layers *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = 65536 };

	return fio_read_at(dir, name, &b, e) < 0 ? -e->code : ct_layers_parse(buf_str(&b), name, ret, e);
}

static void print_layer(struct buf *b, const struct ct_layer *l)
{
	switch (l->kind) {
	case CT_LAYER_TMPL:
		buf_addf(b, "%s\n", l->id);
		return;
	case CT_LAYER_SNAP:
		buf_addf(b, "snap:%s\n", l->id);
		return;
	case CT_LAYER_SHARE:
		buf_addf(b, "share:%s/%s\n", l->home, l->id);
		return;
	case CT_LAYER_KIND_N:
		return;
	}
}

int ct_layers_save(int dir, const char *name, const struct ct_layers *l, struct err *e)
{
	auto_buf struct buf b = { .cap = 65536 };

	for (unsigned i = 0; i < l->n; i++)
		print_layer(&b, &l->v[i]);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", name);
	return fio_replace_file(dir, name, buf_str(&b), b.len, 0600, e);
}

#define BELOW "%.36s.below"

int ct_below_load(int area, const char *guid, struct ct_layers *ret, struct err *e)
{
	char name[64];

	str_fmt(name, sizeof(name), CT_SNAP_DIR "/" BELOW, guid);
	return ct_layers_load(area, name, ret, e);
}

int ct_below_save(int area, const char *guid, const struct ct_layers *l, struct err *e)
{
	auto_close int snap = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char name[64];

	if (snap < 0)
		return err_set(e, errno, "open " CT_SNAP_DIR);
	str_fmt(name, sizeof(name), BELOW, guid);
	return ct_layers_save(snap, name, l, e);
}

bool ct_layers_own(const struct ct_layers *l, const char *guid)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].kind == CT_LAYER_SNAP && str_eq(l->v[i].id, guid))
			return true;
	return false;
}

void ct_layers_head(const struct ct_layers *l, struct ct_layers *ret)
{
	ret->n = 0;
	while (ret->n < l->n) {
		ret->v[ret->n] = l->v[ret->n];
		if (ret->v[ret->n++].kind == CT_LAYER_SNAP)
			return;
	}
}

/* Each step adds at least one, so a list that leads back to itself ends at the limit. */
int ct_layers_stack(int area, const char *guid, struct ct_layers *ret, struct err *e)
{
	struct ct_layers part;

	ret->n = 0;
	ret->v[ret->n] = (struct ct_layer){ .kind = CT_LAYER_SNAP };
	str_copy(ret->v[ret->n++].id, sizeof(ret->v[0].id), guid);
	while (ret->v[ret->n - 1].kind == CT_LAYER_SNAP) {
		if (ct_below_load(area, ret->v[ret->n - 1].id, &part, e) < 0)
			return err_add(e, "what snapshot {%s} stands on", guid);
		if (ret->n + part.n > CT_LAYERS_MAX)
			return err_say(e, E2BIG, "snapshot {%s} stands on more than %d layers", guid, CT_LAYERS_MAX);
		memcpy(&ret->v[ret->n], part.v, part.n * sizeof(part.v[0]));
		ret->n += part.n;
	}
	return 0;
}
