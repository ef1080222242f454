/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzpool used, gc: images of a pool whose last container is gone, on whatever node that was. */
#include <errno.h>
#include <stdio.h>

#include "libct/snapshot.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"
#include "vzctl/vzpool.h"

#define auto_users __attribute__((cleanup(ct_garbage_done)))
#define auto_list __attribute__((cleanup(str_list_clear)))

int vzpool_used(struct vzpool *v, struct err *e)
{
	struct ct_garbage users auto_users = { .host = v->host };
	struct str_list l auto_list = { 0 };
	auto_buf struct buf b = BUF_INIT;

	if (ct_garbage_users(&users, &l, e) < 0 || tmpl_pool_used_print(&l, &b, e) < 0)
		return -e->code;
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

static void say(void *arg, const char *text)
{
	(void)arg;
	puts(text);
	fflush(stdout);
}

int vzpool_gc(struct vzpool *v, struct err *e)
{
	struct ct_garbage users auto_users = { .host = v->host };
	struct str_list l auto_list = { 0 };
	const struct tmpl_ui ui = { .say = say };
	struct tmpl_pool_gc g = { .used = &l, .dry_run = v->given & VZPOOL_DRY, .ui = &ui };

	if (!v->used.n && !(v->given & VZPOOL_ALONE))
		return err_say(e, EINVAL, "what the nodes of this pool stand on is not known: give --used FILE for each, "
			       "as 'vzpool used' there prints it, or --alone if only this host has the pool; nothing was "
			       "removed");
	if (ct_garbage_users(&users, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < v->keep.n; i++)
		if (str_list_add(&l, v->keep.v[i], e) < 0)
			return -e->code;
	for (size_t i = 0; i < v->used.n; i++)
		if (tmpl_pool_used_load(v->used.v[i], &l, e) < 0)
			return err_add(e, "nothing was removed");
	if (tmpl_pool_gc(v->word[0], &g, e) < 0)
		return -e->code;
	printf("%llu images, %llu bytes%s\n", (unsigned long long)g.n, (unsigned long long)g.bytes,
	       g.dry_run ? " would be removed" : " removed");
	return 0;
}
