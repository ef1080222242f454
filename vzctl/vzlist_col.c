/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of vzlist's columns: one row per column, in the order that JSON shows them. A getter takes a value out of a
 * filled row; how it is printed is decided by the column's type in vzlist_out.c.
 */
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/vzlist.h"

#define GETTER(name) static void name(const struct vzlist_row *r, const struct vzlist_col *c, char part, struct vzlist_cell *ret)
#define UNUSED_ARGS ((void)c, (void)part)

GETTER(get_id)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = true, .num = r->id };
}

GETTER(get_smart)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = true, .num = r->id, .str = r->name_ok ? r->conf->name : NULL };
}

GETTER(get_status)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = true, .str = vzlist_status(r) };
}

static void cell_str(struct vzlist_cell *ret, const char *s)
{
	*ret = (struct vzlist_cell){ .set = s && *s, .str = s };
}

static void cell_list(struct vzlist_cell *ret, const struct str_list *l)
{
	*ret = (struct vzlist_cell){ .set = l->n > 0, .list = l };
}

static void cell_num(struct vzlist_cell *ret, const struct num_opt *n)
{
	*ret = (struct vzlist_cell){ .set = n->set, .num = n->set ? n->v : 0 };
}

#define STR_OF(name, value) GETTER(get_##name) { UNUSED_ARGS; cell_str(ret, value); }
#define LIST_OF(name, field) GETTER(get_##name) { UNUSED_ARGS; cell_list(ret, &r->conf->field); }
#define NUM_OF(name, field) GETTER(get_##name) { UNUSED_ARGS; cell_num(ret, &r->conf->field); }
STR_OF(private, r->private_dir)
STR_OF(root, r->root)
STR_OF(mount_opts, r->conf->mount_opts)
STR_OF(origin_sample, r->conf->origin_sample)
STR_OF(hostname, r->conf->hostname)
STR_OF(name, r->name_ok ? r->conf->name : NULL)
STR_OF(description, r->conf->description)
STR_OF(ostemplate, r->conf->ostemplate)
STR_OF(layout, r->conf->layout)
STR_OF(pool, vzlist_pool(r))
STR_OF(netfault, vzlist_netfault(r))
LIST_OF(ip, net.ip)
LIST_OF(nameserver, nameserver)
LIST_OF(searchdomain, searchdomain)
LIST_OF(features, features)
LIST_OF(capability, capability)
NUM_OF(cpuunits, cg.cpuunits)
NUM_OF(cpus, cg.cpus)
NUM_OF(ioprio, cg.ioprio)
NUM_OF(onboot, onboot)
NUM_OF(bootorder, bootorder)

/* No limit of the CPU is a 0. */
GETTER(get_cpulimit)
{
	UNUSED_ARGS;
	cell_num(ret, &r->conf->cg.cpulimit);
	ret->set = true;
}

/* Unlimited is shown as unset. */
GETTER(get_iolimit)
{
	UNUSED_ARGS;
	cell_num(ret, &r->conf->cg.iolimit);
	ret->set = ret->num != 0;
}

GETTER(get_iopslimit)
{
	UNUSED_ARGS;
	cell_num(ret, &r->conf->cg.iopslimit);
	ret->set = ret->num != 0;
}

GETTER(get_vswap)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = true, .num = cg_conf_is_vswap(&r->conf->cg) };
}

GETTER(get_disabled)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = true, .num = r->conf->disabled.set && r->conf->disabled.v };
}

GETTER(get_uptime)
{
	UNUSED_ARGS;
	*ret = (struct vzlist_cell){ .set = r->info.run == CT_RUNNING, .real = r->info.uptime };
}

/* A value that this version neither stores nor measures. */
GETTER(get_none)
{
	UNUSED_ARGS;
	(void)r;
	*ret = (struct vzlist_cell){ 0 };
}

GETTER(get_ubc)
{
	const struct cg_ubc_row *u = &r->info.ubc[c->arg];
	bool running = r->info.run == CT_RUNNING;

	switch (part) {
	case 'b':
		*ret = (struct vzlist_cell){ .set = true, .num = u->barrier };
		return;
	case 'l':
		*ret = (struct vzlist_cell){ .set = true, .num = u->limit };
		return;
	case 'm':
		*ret = (struct vzlist_cell){ .set = running, .num = u->maxheld };
		return;
	case 'f':
		*ret = (struct vzlist_cell){ .set = running, .num = u->failcnt };
		return;
	default:
		*ret = (struct vzlist_cell){ .set = running, .num = u->held };
	}
}

/* @c->arg: 0 blocks of 1 KiB, 1 inodes. Limits are the configured ones, usage what the file system says. */
GETTER(get_disk)
{
	const struct num_pair *lim = c->arg ? &r->conf->quota.inodes : &r->conf->quota.space;
	uint64_t used = c->arg ? r->info.disk.used_inodes : r->info.disk.used_kib;

	if (part == 's')
		*ret = (struct vzlist_cell){ .set = lim->set, .num = lim->bar };
	else if (part == 'h')
		*ret = (struct vzlist_cell){ .set = lim->set, .num = lim->lim };
	else
		*ret = (struct vzlist_cell){ .set = used > 0, .num = used };
}

#define UBC(index, col, head) \
	{ .name = (col), .header = (head), .width = 10, .right = true, .head_right = true, .type = LIST_UBC, \
	  .want = CT_WANT_CG, .arg = (index), .get = get_ubc }
#define LEFT(col, head, w, t, getter) \
	{ .name = (col), .header = (head), .width = (w), .type = (t), .get = (getter) }
#define RIGHT(col, head, w, t, getter) \
	{ .name = (col), .header = (head), .width = (w), .right = true, .head_right = true, .type = (t), .get = (getter) }

const struct vzlist_col vzlist_cols[] = {
	RIGHT("ctid", "CTID", 10, LIST_ID, get_id),
	RIGHT("veid", "CTID", 10, LIST_ID, get_id),
	RIGHT("vpsid", "CTID", 10, LIST_ID, get_id),
	LEFT("private", "PRIVATE", 32, LIST_STR, get_private),
	LEFT("root", "ROOT", 32, LIST_STR, get_root),
	LEFT("mount_opts", "MOUNT_OPTS", 16, LIST_STR, get_mount_opts),
	{ .name = "origin_sample", .header = "ORIGIN_SAMPLE", .width = 32, .head_right = true, .type = LIST_STR,
	  .get = get_origin_sample },
	LEFT("hostname", "HOSTNAME", 32, LIST_STR, get_hostname),
	LEFT("name", "NAME", 32, LIST_STR, get_name),
	RIGHT("smart_name", "SMARTNAME", 10, LIST_SMART, get_smart),
	LEFT("description", "DESCRIPTION", 32, LIST_STR, get_description),
	LEFT("ostemplate", "OSTEMPLATE", 32, LIST_STR, get_ostemplate),
	LEFT("ip", "IP_ADDR", 15, LIST_LIST, get_ip),
	LEFT("nameserver", "NAMESERVER", 15, LIST_LIST, get_nameserver),
	LEFT("searchdomain", "SEARCHDOMAIN", 15, LIST_LIST, get_searchdomain),
	LEFT("status", "STATUS", 9, LIST_STR, get_status),
	UBC(CG_KMEMSIZE, "kmemsize", "KMEMSIZE"),
	UBC(CG_LOCKEDPAGES, "lockedpages", "LOCKEDP"),
	UBC(CG_PRIVVMPAGES, "privvmpages", "PRIVVMP"),
	UBC(CG_SHMPAGES, "shmpages", "SHMP"),
	UBC(CG_NUMPROC, "numproc", "NPROC"),
	UBC(CG_PHYSPAGES, "physpages", "PHYSP"),
	UBC(CG_VMGUARPAGES, "vmguarpages", "VMGUARP"),
	UBC(CG_OOMGUARPAGES, "oomguarpages", "OOMGUARP"),
	UBC(CG_NUMTCPSOCK, "numtcpsock", "NTCPSOCK"),
	UBC(CG_NUMFLOCK, "numflock", "NFLOCK"),
	UBC(CG_NUMPTY, "numpty", "NPTY"),
	UBC(CG_NUMSIGINFO, "numsiginfo", "NSIGINFO"),
	UBC(CG_TCPSNDBUF, "tcpsndbuf", "TCPSNDB"),
	UBC(CG_TCPRCVBUF, "tcprcvbuf", "TCPRCVB"),
	UBC(CG_OTHERSOCKBUF, "othersockbuf", "OTHSOCKB"),
	UBC(CG_DGRAMRCVBUF, "dgramrcvbuf", "DGRAMRB"),
	UBC(CG_NUMOTHERSOCK, "numothersock", "NOTHSOCK"),
	UBC(CG_DCACHESIZE, "dcachesize", "DCACHESZ"),
	UBC(CG_NUMFILE, "numfile", "NFILE"),
	UBC(CG_NUMIPTENT, "numiptent", "NIPTENT"),
	UBC(CG_SWAPPAGES, "swappages", "SWAPP"),
	{ .name = "diskspace", .header = "DSPACE", .width = 10, .right = true, .head_right = true, .type = LIST_DISK,
	  .want = CT_WANT_DISK, .arg = 0, .get = get_disk },
	{ .name = "diskinodes", .header = "DINODES", .width = 10, .right = true, .head_right = true, .type = LIST_DISK,
	  .want = CT_WANT_DISK, .arg = 1, .get = get_disk },
	RIGHT("laverage", "LAVERAGE", 14, LIST_LOAD, get_none),
	{ .name = "uptime", .header = "UPTIME", .width = 15, .right = true, .head_right = true, .type = LIST_UPTIME,
	  .want = CT_WANT_TIME, .get = get_uptime },
	RIGHT("cpulimit", "CPULIM", 7, LIST_NUM, get_cpulimit),
	RIGHT("cpuunits", "CPUUNI", 7, LIST_NUM, get_cpuunits),
	RIGHT("cpus", "CPUS", 5, LIST_NUM, get_cpus),
	RIGHT("ioprio", "IOP", 3, LIST_NUM, get_ioprio),
	RIGHT("iolimit", "IOLIMIT", 10, LIST_NUM, get_iolimit),
	RIGHT("iopslimit", "IOPS", 4, LIST_NUM, get_iopslimit),
	RIGHT("onboot", "ONBOOT", 6, LIST_FLAG3, get_onboot),
	RIGHT("bootorder", "BOOTORDER", 10, LIST_NUM, get_bootorder),
	{ .name = "layout", .header = "LAYOUT", .width = 6, .head_right = true, .whole = true, .type = LIST_STR,
	  .get = get_layout },
	{ .name = "pool", .header = "POOL", .width = 12, .whole = true, .type = LIST_STR, .get = get_pool },
	{ .name = "netfault", .header = "NETFAULT", .width = 40, .whole = true, .type = LIST_STR, .get = get_netfault },
	LEFT("features", "FEATURES", 15, LIST_ONOFF, get_features),
	RIGHT("vswap", "VSWAP", 5, LIST_FLAG, get_vswap),
	RIGHT("disabled", "DISABL", 6, LIST_FLAG, get_disabled),
	RIGHT("vm_overcommit", "VM_OVC", 6, LIST_NUM, get_none),
	LEFT("netfilter", "NETFILTER", 9, LIST_STR, get_none),
	LEFT("capability", "CAPABILITY", 15, LIST_ONOFF, get_capability),
};
const size_t vzlist_cols_n = ARRAY_SIZE(vzlist_cols);

/* The suffixes a type has, in the order of `vzlist -L`. */
static const char *col_parts(const struct vzlist_col *c)
{
	if (c->type == LIST_UBC)
		return "mblf";
	return c->type == LIST_DISK ? "sh" : "";
}

int vzlist_field_find(const char *name, struct vzlist_field *ret)
{
	const char *dot = strchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);

	for (size_t i = 0; i < vzlist_cols_n; i++) {
		const struct vzlist_col *c = &vzlist_cols[i];

		if (strlen(c->name) != len || strncmp(c->name, name, len) != 0)
			continue;
		if (dot && (!dot[1] || dot[2] || !strchr(col_parts(c), dot[1])))
			return -ENOENT;
		*ret = (struct vzlist_field){ .col = c, .part = dot ? dot[1] : '\0' };
		return 0;
	}
	return -ENOENT;
}

int vzlist_fields_parse(const char *text, struct vzlist_fields *ret, struct err *e)
{
	struct str_list l = { 0 };
	int rc = str_list_split(&l, text, ",", e);

	ret->n = 0;
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		if (ret->n == ARRAY_SIZE(ret->v))
			rc = err_say(e, E2BIG, "Too many fields");
		else if (vzlist_field_find(l.v[i], &ret->v[ret->n++]) < 0)
			rc = err_say(e, ENOENT, "Unknown field: %s", l.v[i]);
	}
	if (rc == 0 && ret->n == 0)
		rc = err_say(e, ENOENT, "Unknown field: %s", text);
	str_list_clear(&l);
	return rc;
}

void vzlist_fields_all(struct vzlist_fields *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < vzlist_cols_n; i++)
		ret->v[ret->n++] = (struct vzlist_field){ .col = &vzlist_cols[i] };
}

/* Configured barriers and limits need no look at the kernel. */
unsigned vzlist_fields_want(const struct vzlist_fields *f)
{
	unsigned want = 0;

	for (size_t i = 0; i < f->n; i++)
		if (!strchr("blsh", f->v[i].part) || !f->v[i].part)
			want |= f->v[i].col->want;
	return want;
}

void vzlist_print_names(struct buf *b)
{
	for (size_t i = 0; i < vzlist_cols_n; i++) {
		const struct vzlist_col *c = &vzlist_cols[i];

		buf_addf(b, "%-15s %-15s\n", c->name, c->header);
		for (const char *p = col_parts(c); *p; p++) {
			char name[32], head[32];

			snprintf(name, sizeof(name), "%s.%c", c->name, *p);
			snprintf(head, sizeof(head), "%s.%c", c->header, *p - 'a' + 'A');
			buf_addf(b, "%-15s %-15s\n", name, head);
		}
	}
}

const char *vzlist_status(const struct vzlist_row *r)
{
	if (r->info.run == CT_RUNNING)
		return "running";
	if (r->info.run == CT_MOUNTED)
		return "mounted";
	return r->info.suspended ? "suspended" : "stopped";
}
