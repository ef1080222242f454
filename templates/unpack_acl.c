/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACLs that name users and groups, as GNU tar stores them (bsdtar adds the number). Which number a name has, the tree's own
 * /etc/passwd and /etc/group say, never this host's: so such an ACL is set when the whole tree is there, and until then
 * its file has what is certain of it. An entry for somebody whom the tree does not know, or whose number no
 * container has, is left out and named. Only vz-unpack links it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_ID 65535
#define ENTRIES_MAX 1024	/* of one file */
#define LATER_MAX (128u << 20)	/* bytes of what is kept for the end */
#define FILE_MAX (4u << 20)	/* of passwd and group */

static const struct { unsigned disk; int tag; } tags[] = {	/* in the kernel's order */
	{ 0x01, ARCHIVE_ENTRY_ACL_USER_OBJ }, { 0x02, ARCHIVE_ENTRY_ACL_USER }, { 0x04, ARCHIVE_ENTRY_ACL_GROUP_OBJ },
	{ 0x08, ARCHIVE_ENTRY_ACL_GROUP }, { 0x10, ARCHIVE_ENTRY_ACL_MASK }, { 0x20, ARCHIVE_ENTRY_ACL_OTHER },
};
static const struct { int type; const char *xattr; } types[] = {
	{ ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access" },
	{ ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default" },
};

int acl_tag_of(unsigned disk)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].disk == disk)
			return tags[i].tag;
	return -1;
}

struct item { int tag, perm, id; char *name; };
struct later {			/* one ACL that waits for the end */
	struct later *next;
	char *path;
	size_t type, n;		/* index of types[] */
	struct item v[];
};
struct unpack_acls { struct later *slot[4096]; size_t n, bytes; };

static struct later **slot_of(struct unpack_acls *a, const char *path)
{
	uint32_t h = 2166136261u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 16777619u;
	return &a->slot[(h ^ h >> 16) % ARRAY_SIZE(a->slot)];
}

static void free_items(struct item *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
}

static void later_free(struct later *l)
{
	free_items(l->v, l->n);
	free(l->path);
	free(l);
}

int acls_new(struct unpack_acls **ret, struct err *e)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : err_set(e, ENOMEM, "ACLs");
}

void acls_free(struct unpack_acls *a)
{
	for (size_t i = 0; a && i < ARRAY_SIZE(a->slot); i++)
		while (a->slot[i]) {
			struct later *l = a->slot[i];

			a->slot[i] = l->next;
			later_free(l);
		}
	free(a);
}

void acls_forget(struct unpack_acls *a, const char *path)
{
	struct later **at = a->n ? slot_of(a, path) : NULL;

	while (at && *at) {
		struct later *l = *at;

		if (!str_eq(l->path, path)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		a->n--;
		later_free(l);
	}
}

/* --- an entry of the archive ---------------------------------------------------------------------------------------- */

static bool is_named(const struct item *i)
{
	return i->tag == ARCHIVE_ENTRY_ACL_USER || i->tag == ARCHIVE_ENTRY_ACL_GROUP;
}

static bool is_certain(const struct item *i)
{
	return !is_named(i) || (i->id >= 0 && i->id <= MAX_ID);
}

/* What a stranger calls a file or a user, on a line of ours. */
static void say(struct unpack_odd *o, const char *text, const char *path)
{
	char what[120], clean[300];

	str_fmt(what, sizeof(what), "%.119s", text);
	str_fmt(clean, sizeof(clean), "%.299s", path);
	for (char *p = what; *p; p++)
		*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	for (char *p = clean; *p; p++)
		*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	odd_found(o, TMPL_ODD_ACL, what, clean);
}

static void say_left(struct unpack_odd *o, const struct item *i, const char *path)
{
	char what[120], who[80];

	if (i->name && i->name[0])
		str_fmt(who, sizeof(who), "%.70s", i->name);
	else if (i->id >= 0)
		str_fmt(who, sizeof(who), "%d", i->id);
	else
		str_fmt(who, sizeof(who), "without a name");
	str_fmt(what, sizeof(what), "no ACL entry for %s %s on", i->tag == ARCHIVE_ENTRY_ACL_USER ? "user" : "group", who);
	say(o, what, path);
}

static int take_items(struct archive_entry *en, int type, struct item *v, size_t *n, struct err *e)
{
	int rtype, perm, tag, id;
	const char *name;

	archive_entry_acl_reset(en, type);
	while (archive_entry_acl_next(en, type, &rtype, &perm, &tag, &id, &name) == ARCHIVE_OK) {
		if (*n == ENTRIES_MAX)
			return err_say(e, EBADMSG, "an ACL of more than %d entries", ENTRIES_MAX);
		v[*n] = (struct item){ tag, perm & 7, id, name && *name ? strdup(name) : NULL };
		if (name && *name && !v[*n].name)
			return err_set(e, ENOMEM, "ACL");
		++*n;
	}
	return 0;
}

static size_t other_type(int type)
{
	return types[0].type == type;
}

int acl_drop(struct archive_entry *en, int type, struct err *e)
{
	const size_t other = other_type(type);
	struct item *v = calloc(ENTRIES_MAX, sizeof(*v));
	size_t n = 0;
	int rc = v ? take_items(en, types[other].type, v, &n, e) : err_set(e, ENOMEM, "ACL");

	if (rc == 0)
		archive_entry_acl_clear(en);
	for (size_t i = 0; rc == 0 && i < n; i++)
		archive_entry_acl_add_entry(en, types[other].type, v[i].perm, v[i].tag, v[i].id, v[i].name);
	if (v)
		free_items(v, n);
	free(v);
	return rc;
}

static int keep(struct unpack_acls *a, const char *path, size_t type, const struct item *v, size_t n, struct err *e)
{
	struct later **at = slot_of(a, path), *l = calloc(1, sizeof(*l) + n * sizeof(*v));

	if (!l)
		return err_set(e, ENOMEM, "ACL");
	l->path = strdup(path);
	l->type = type;
	a->bytes += sizeof(*l) + n * sizeof(*v) + strlen(path);
	for (; l->n < n; l->n++) {
		const char *name = v[l->n].name;

		l->v[l->n] = v[l->n];
		l->v[l->n].name = name ? strdup(name) : NULL;
		a->bytes += name ? strlen(name) : 0;
		if (name && !l->v[l->n].name)
			break;
	}
	if (!l->path || l->n < n) {
		later_free(l);
		return err_set(e, ENOMEM, "ACL");
	}
	l->next = *at;
	*at = l;
	a->n++;
	return 0;
}

/* Puts back what is certain; the rest waits, or is left out where no name could help it. */
static int sort_out(struct unpack_acls *a, struct archive_entry *en, const char *path, size_t type, const struct item *v,
		    size_t n, struct unpack_odd *o, struct err *e)
{
	bool wait = false;

	for (size_t i = 0; i < n; i++) {
		if (is_certain(&v[i]))
			archive_entry_acl_add_entry(en, types[type].type, v[i].perm, v[i].tag,
						    is_named(&v[i]) ? v[i].id : -1, NULL);
		else if (v[i].name && a->bytes < LATER_MAX)
			wait = true;
		else
			say_left(o, &v[i], path);
	}
	return wait ? keep(a, path, type, v, n, e) : 0;
}

static bool all_certain(const struct item *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_certain(&v[i]))
			return false;
	return true;
}

int acls_take(struct unpack_acls *a, struct archive_entry *en, const char *path, struct unpack_odd *o, struct err *e)
{
	struct item *v[ARRAY_SIZE(types)] = { NULL };
	size_t n[ARRAY_SIZE(types)] = { 0 };
	bool certain = true;
	int rc = 0;

	acls_forget(a, path);
	if (!(archive_entry_acl_types(en) & ARCHIVE_ENTRY_ACL_TYPE_POSIX1E))
		return 0;
	for (size_t t = 0; rc == 0 && t < ARRAY_SIZE(types); t++) {
		v[t] = calloc(ENTRIES_MAX, sizeof(*v[t]));
		rc = v[t] ? take_items(en, types[t].type, v[t], &n[t], e) : err_set(e, ENOMEM, "ACL");
		certain = certain && all_certain(v[t], n[t]);
	}
	if (rc == 0 && !certain)
		archive_entry_acl_clear(en);
	for (size_t t = 0; rc == 0 && !certain && t < ARRAY_SIZE(types); t++)
		rc = sort_out(a, en, path, t, v[t], n[t], o, e);
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		if (v[t])
			free_items(v[t], n[t]);
		free(v[t]);
	}
	return rc;
}

/* --- who is who ------------------------------------------------------------------------------------------------------- */

struct who { const char *name; int id; size_t line; };
struct names { struct buf text; struct who *v; size_t n; };

static int by_name(const void *a, const void *b)
{
	const struct who *x = a, *y = b;
	int rc = strcmp(x->name, y->name);

	return rc ? rc : (x->line > y->line) - (x->line < y->line);
}

/* "name:password:number:..." of each line; whatever is none is nobody's. */
static void parse_line(struct names *l, char *line, size_t nth)
{
	char *number = strchr(line, ':');
	uint64_t id;

	if (!number || number == line)
		return;
	*number = '\0';
	number = strchr(number + 1, ':');
	if (!number)
		return;
	number++;
	number[strcspn(number, ":\r")] = '\0';
	if (num_u64(number, &id) == 0 && id <= MAX_ID)
		l->v[l->n++] = (struct who){ line, (int)id, nth };
}

static int parse_names(struct names *l, struct err *e)
{
	size_t lines = 1, nth = 0;

	for (const char *p = buf_str(&l->text); (p = strchr(p, '\n')); p++)
		lines++;
	l->v = calloc(lines, sizeof(*l->v));
	if (!l->v)
		return err_set(e, ENOMEM, "users and groups");
	for (char *p = l->text.s, *next; p && *p; p = next) {
		char *nl = strchr(p, '\n');

		next = nl ? nl + 1 : NULL;
		if (nl)
			*nl = '\0';
		parse_line(l, p, nth++);
	}
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	return 0;
}

/* Links in it are followed: nothing but the tree can be reached. One that cannot be read knows nobody. */
static int read_names(struct names *l, int root, const char *file, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	auto_close int fd = sys_openat2(root, file, &how);
	struct err none = { 0 };
	struct stat st;

	buf_init(&l->text, FILE_MAX);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fio_read_fd(fd, &l->text, file, &none) < 0)
		return 0;
	return parse_names(l, e);
}

static int id_of(const struct names *l, const char *name)
{
	size_t from = 0, to = l->n;

	while (from < to) {		/* the first of its name */
		size_t mid = from + (to - from) / 2;

		if (strcmp(l->v[mid].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from < l->n && str_eq(l->v[from].name, name) ? l->v[from].id : -1;
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

struct acl_disk { uint16_t tag, perm; uint32_t id; };

static int by_order(const void *a, const void *b)
{
	const struct acl_disk *x = a, *y = b;

	if (x->tag != y->tag)
		return le16toh(x->tag) < le16toh(y->tag) ? -1 : 1;
	return (le32toh(x->id) > le32toh(y->id)) - (le32toh(x->id) < le32toh(y->id));
}

static uint16_t disk_tag(int tag)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].tag == tag)
			return htole16((uint16_t)tags[i].disk);
	return 0;
}

/* The kernel's form; a second entry for the same user or group is no other right. */
static size_t to_disk(const struct later *l, uint8_t out[4 + ENTRIES_MAX * sizeof(struct acl_disk)])
{
	struct acl_disk v[ENTRIES_MAX];
	uint32_t version = htole32(2);
	size_t n = 0, k = 0;

	for (size_t i = 0; i < l->n; i++)
		if (is_certain(&l->v[i]))
			v[n++] = (struct acl_disk){ disk_tag(l->v[i].tag), htole16((uint16_t)l->v[i].perm),
						    htole32(is_named(&l->v[i]) ? (uint32_t)l->v[i].id : UINT32_MAX) };
	qsort(v, n, sizeof(*v), by_order);
	memcpy(out, &version, 4);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_order(&v[i - 1], &v[i]) != 0)
			memcpy(out + 4 + k++ * sizeof(*v), &v[i], sizeof(*v));
	return 4 + k * sizeof(*v);
}

static int set_one(int root, const struct later *l, struct unpack_odd *o, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	uint8_t val[4 + ENTRIES_MAX * sizeof(struct acl_disk)];
	auto_close int fd = sys_openat2(root, l->path, &how);
	size_t len = to_disk(l, val);

	if (fd < 0)		/* a later layer or entry made it something else */
		return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? 0 : err_set(e, errno, "ACL of /%s", l->path);
	if (fsetxattr(fd, types[l->type].xattr, val, len, 0) == 0 || errno == EOPNOTSUPP)	/* as libarchive has it */
		return 0;
	if (errno == EINVAL || errno == EACCES) {	/* no mask; a default one of what is no directory */
		say(o, "no valid ACL on", l->path);
		return 0;
	}
	return err_set(e, errno, "ACL of /%s", l->path);
}

static void resolve(struct later *l, const struct names *users, const struct names *groups, struct unpack_odd *o)
{
	for (size_t i = 0; i < l->n; i++) {
		struct item *it = &l->v[i];

		if (is_certain(it))
			continue;
		it->id = it->name ? id_of(it->tag == ARCHIVE_ENTRY_ACL_USER ? users : groups, it->name) : -1;
		if (it->id < 0)
			say_left(o, it, l->path);
	}
}

static void names_done(struct names *l)
{
	buf_done(&l->text);
	free(l->v);
}

int acls_end(struct unpack_acls *a, int root, struct unpack_odd *o, struct err *e)
{
	auto_call(names_done) struct names users = { 0 }, groups = { 0 };

	if (!a->n)
		return 0;
	if (read_names(&users, root, "etc/passwd", e) < 0 || read_names(&groups, root, "etc/group", e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(a->slot); i++)
		for (struct later *l = a->slot[i]; l; l = l->next) {
			resolve(l, &users, &groups, o);
			if (set_one(root, l, o, e) < 0)
				return -e->code;
		}
	return 0;
}
