/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl snapshot-list: the columns that ploop's had, and the tree drawn. */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/cmd.h"

struct row {
	struct cmd_call *c;
	const struct ct_snaps *tree;
	const struct ct_snap *snap;
};

static void braced(struct buf *b, const char *guid)
{
	if (*guid)
		buf_addf(b, "{%s}", guid);
}

static void get_parent(struct buf *b, const struct row *r)
{
	braced(b, r->snap->parent);
}

static void get_current(struct buf *b, const struct row *r)
{
	buf_adds(b, str_eq(r->snap->guid, r->tree->current) ? "*" : "");
}

static void get_uuid(struct buf *b, const struct row *r)
{
	braced(b, r->snap->guid);
}

static void get_date(struct buf *b, const struct row *r)
{
	time_t when = (time_t)r->snap->date;
	char text[32] = "";
	struct tm tm;

	if (when && localtime_r(&when, &tm))	/* 0: nobody says when */
		strftime(text, sizeof(text), "%F %T", &tm);
	buf_adds(b, text);
}

static void get_name(struct buf *b, const struct row *r)
{
	buf_adds(b, r->snap->name);
}

static void get_desc(struct buf *b, const struct row *r)
{
	buf_adds(b, r->snap->desc);
}

/* What the source of its mount is called. */
static void get_device(struct buf *b, const struct row *r)
{
	auto_free char *at = ct_snapshot_target(r->c->ct, r->snap->guid);

	buf_adds(b, at ? "/dev/simfs" : "");
}

static void get_target(struct buf *b, const struct row *r)
{
	auto_free char *at = ct_snapshot_target(r->c->ct, r->snap->guid);

	buf_adds(b, at ? at : "");
}

static const struct column {
	const char *name, *head;
	int width;
	void (*get)(struct buf *b, const struct row *r);
} columns[] = {
	{ "parent_uuid", "PARENT_UUID", 38, get_parent }, { "current", "C", 1, get_current }, { "uuid", "UUID", 38, get_uuid },
	{ "date", "DATE", 19, get_date }, { "name", "NAME", 32, get_name }, { "desc", "DESC", 32, get_desc },
	{ "device", "DEVICE", 16, get_device }, { "target", "TARGET", 32, get_target },
};
#define DEFAULT_FIELDS "parent_uuid,current,uuid,date,name"

static const struct cmd_opt list_opts[] = {
	{ "id", OPT_ID, "uuid", NULL, "This snapshot only." },
	{ "uuid", OPT_ID, "uuid", NULL, "The same as --id." },
	{ "no-header", OPT_NO_HEADER, NULL, NULL, "Print no header; -H is the same." },
	{ "output", OPT_OUTPUT, "fields", NULL,
	  "Fields, by commas: parent_uuid, current, uuid, date, name, desc, device, target; -o is the same." },
	{ "list", OPT_LIST, NULL, NULL, "Print the names of the fields; -L is the same." },
	{ "tree", OPT_TREE, NULL, NULL, "Draw the tree: what was made from what, * is where the container is." },
};

static int list_parse(struct cmd_call *c, struct err *e)
{
	char guid[CT_GUID_SIZE];

	if (cmd_options(c, e) < 0)
		return -e->code;
	if (!c->val[OPT_ID] || ct_guid_parse(c->val[OPT_ID], guid) == 0)
		return 0;
	err_say(e, EINVAL, "Bad parameter for --id: %s", c->val[OPT_ID]);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (str_eq(columns[i].name, name))
			return &columns[i];
	return NULL;
}

static void add_cell(struct buf *b, const char *text, int width, bool first)
{
	buf_addf(b, "%s%-*s", first ? "" : " ", width, text);
}

static void add_line(struct buf *b, const struct str_list *fields, const struct row *r)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct column *col = find_column(fields->v[i]);
		struct buf auto_buf cell = BUF_INIT;

		if (r)
			col->get(&cell, r);
		add_cell(b, r ? buf_str(&cell) : col->head, col->width, i == 0);
	}
	buf_addc(b, '\n');
}

static void add_branch(struct buf *b, const struct ct_snaps *t, const char *parent, int depth)
{
	for (size_t i = 0; i < t->n; i++) {
		struct row r = { .tree = t, .snap = &t->v[i] };

		if (t->v[i].owner || !str_eq(t->v[i].parent, parent))
			continue;
		buf_addf(b, "%*s%s ", depth * 2, "", str_eq(t->v[i].guid, t->current) ? "*" : "-");
		get_date(b, &r);
		buf_addf(b, " {%s} %s\n", t->v[i].guid, t->v[i].name);
		add_branch(b, t, t->v[i].guid, depth + 1);
	}
}

static int add_rows(struct buf *b, struct cmd_call *c, const struct ct_snaps *t, const struct str_list *fields, struct err *e)
{
	char only[CT_GUID_SIZE] = "";

	if (c->val[OPT_ID] && ct_guid_parse(c->val[OPT_ID], only) == 0 && !ct_snaps_find(t, only))
		return err_say(e, ENOENT, "Snapshot {%s} of container %u is not found", only, c->id);
	if (!cmd_seen(c, OPT_NO_HEADER))
		add_line(b, fields, NULL);
	for (size_t i = 0; i < t->n; i++) {
		struct row r = { .c = c, .tree = t, .snap = &t->v[i] };

		if (!t->v[i].owner && (!only[0] || str_eq(only, t->v[i].guid)))
			add_line(b, fields, &r);
	}
	return 0;
}

static int parse_fields(const char *text, struct str_list *ret, struct err *e)
{
	if (str_list_split(ret, text, ",", e) < 0)
		return -e->code;
	for (size_t i = 0; i < ret->n; i++) {
		if (find_column(ret->v[i]))
			continue;
		err_say(e, EINVAL, "Unknown field: %s", ret->v[i]);
		return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
	}
	return 0;
}

static int list_run(struct cmd_call *c, struct err *e)
{
	auto_call(str_list_clear) struct str_list fields = { 0 };
	auto_snaps struct ct_snaps tree = { 0 };
	struct buf auto_buf b = BUF_INIT;
	int rc = 0;

	if (cmd_seen(c, OPT_LIST)) {
		for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
			buf_addf(&b, "%-15s %s\n", columns[i].name, columns[i].head);
	} else if (parse_fields(c->val[OPT_OUTPUT] ? c->val[OPT_OUTPUT] : DEFAULT_FIELDS, &fields, e) < 0) {
		return -e->code;
	} else if (ct_snaps_load(c->ct, &tree, e) < 0) {
		return err_exit(e, VZ_LIST_SNAPSHOT);
	} else if (cmd_seen(c, OPT_TREE)) {
		add_branch(&b, &tree, "", 0);
	} else {
		rc = add_rows(&b, c, &tree, &fields, e);
	}
	if (rc < 0 || buf_failed(&b))
		return err_exit(e, VZ_LIST_SNAPSHOT);
	ui_write(STDOUT_FILENO, buf_str(&b));
	return 0;
}

const struct cmd cmd_snapshot_list = {
	.word = "snapshot-list", .flags = CMD_SILENT | CMD_BAD_VALUE, .args = "[-H] [-o <fields>] [-L] [--tree] [--id <uuid>]",
	.man = "Lists snapshots.", .opts = list_opts, .n_opts = ARRAY_SIZE(list_opts), .letters = "  HoL ",
	.parse = list_parse, .run = list_run,
};
