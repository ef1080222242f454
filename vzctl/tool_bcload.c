/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beancounters of what runs, or of a file. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "vzctl/tool.h"

#define FILE_MAX (16u << 20)

struct collect {
	struct tool_bc *v;
	size_t n;
};

static int add(const struct tool_ct *t, void *arg)
{
	struct collect *c = arg;
	struct tool_bc *more;

	if (t->info.run != CT_RUNNING)
		return 0;
	more = reallocarray(c->v, c->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	c->v = more;
	more[c->n] = (struct tool_bc){ .id = t->id };
	memcpy(more[c->n].row, t->info.ubc, sizeof(more->row));
	for (int i = 0; i < CG_UBC_N; i++)
		more[c->n].has[i] = i != CG_AVNUMPROC;	/* configuration only: the kernel never counted it */
	c->n++;
	return 0;
}

static int from_host(struct tool_bc **ret, size_t *n, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct collect c = { 0 };

	if (tool_host(&host, e) < 0)
		return -e->code;
	if (tool_each(host, CT_WANT_CG, add, &c, e) < 0) {
		free(c.v);
		return -e->code;
	}
	*ret = c.v;
	*n = c.n;
	return 0;
}

static int read_stdin(struct buf *b, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		buf_add(b, chunk, (size_t)n);
	if (n < 0)
		return err_set(e, errno, "standard input");
	return buf_failed(b) ? err_set(e, EFBIG, "standard input") : 0;
}

int tool_bc_load(const char *file, unsigned id, struct tool_bc **ret, size_t *n, struct err *e)
{
	struct buf auto_buf b = { .cap = FILE_MAX };

	if (!file)
		return from_host(ret, n, e);
	if (strcmp(file, "-") == 0 ? read_stdin(&b, e) < 0 : fio_read_at(AT_FDCWD, file, &b, e) < 0)
		return -e->code;
	return tool_bc_parse(buf_str(&b), id, ret, n, e);
}
