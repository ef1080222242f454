/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which templates a container's files come from. */
#include <errno.h>
#include <fcntl.h>

#include "libct/layers.h"

int ct_templates(const struct ct *ct, struct str_list *ret, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_free struct ct_layers *l = malloc(sizeof(*l));

	if (!path || !l)
		return err_set(e, ENOMEM, "layers of CT %u", ct->id);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "private area %s", path);
	/* in layout dir the area is the guest's own root, and a file of that name the guest's */
	if (!str_eq(ct->conf.layout, "overlay"))
		return 0;
	if (ct_layers_load(dir, CT_LAYERS_FILE, l, e) < 0)
		return e->code == ENOENT ? (err_clear(e), 0) : err_add(e, "private area %s", path);
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].kind == CT_LAYER_TMPL && !str_list_has(ret, l->v[i].id) && str_list_add(ret, l->v[i].id, e) < 0)
			return -e->code;
	return 0;
}
