/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Principals: whoever calls, and what follows from it without any table. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/auth_priv.h"

struct principal *principal_ref(struct principal *p)
{
	if (p)
		p->refs++;
	return p;
}

void principal_unref(struct principal *p)
{
	if (!p || --p->refs)
		return;
	free(p->cts);
	free(p);
}

struct principal *principal_new(uint32_t scopes, const char *remote, struct err *e)
{
	struct principal *p = calloc(1, sizeof(*p));

	if (!p) {
		err_set(e, ENOMEM, "caller");
		return NULL;
	}
	p->scopes = scopes;
	p->refs = 1;
	str_copy(p->remote, sizeof(p->remote), remote ? remote : "local");
	return p;
}

bool principal_in_group(const char *group, gid_t gid, pid_t pid)
{
	struct group gr, *found = NULL;
	struct buf auto_buf b = BUF_INIT;
	char name[32], text[1024];
	struct err e = { 0 };
	char *line, *save = NULL;

	if (!group || !*group || getgrnam_r(group, &gr, text, sizeof(text), &found) != 0 || !found)
		return false;
	if (gr.gr_gid == gid)
		return true;
	str_fmt(name, sizeof(name), "/proc/%d/status", (int)pid);
	if (fio_read_at(AT_FDCWD, name, &b, &e) < 0 || !(line = strstr(b.s, "\nGroups:")))
		return false;
	line[strcspn(line + 1, "\n") + 1] = '\0';
	for (char *w = strtok_r(line + strlen("\nGroups:"), " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		uint64_t v;

		if (num_u64(w, &v) == 0 && v == gr.gr_gid)
			return true;
	}
	return false;
}

bool auth_has(const struct principal *p, enum scope s)
{
	if (s == SCOPE_NONE)
		return true;
	return p && s < SCOPE_NONE && (p->scopes >> s & 1);
}

bool auth_sees(const struct principal *p, const struct inv_ct *ct)
{
	if (!p || (p->tenant[0] && strcmp(p->tenant, ct->owner ? ct->owner : "") != 0))
		return false;
	for (size_t i = 0; i < p->n_cts; i++)
		if (p->cts[i] == ct->id)
			return true;
	return p->n_cts == 0;
}
