/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_UNPACK_PROTO_H
#define TEMPLATES_UNPACK_PROTO_H
/*
 * What the privileged side and vz-unpack say to each other over SOCK_SEQPACKET. vz-unpack starts with argv[1] = mode and
 *   fd 3  control: receives UNPACK_GO (mode extract: with the target's mount), answers UNPACK_DONE and exits
 *   fd 4  extract: the archive as a stream; base: the static busybox
 *   fd 5  base, pack: where the archive goes; vzdump: what was found
 * Everything that comes from vz-unpack is untrusted: it has read the archive.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "templates/tmpl.h"
#include "util/err.h"

#define UNPACK_MAGIC 0x3154565au
#define UNPACK_CTL 3
#define UNPACK_IN 4
#define UNPACK_OUT 5

enum unpack_stage { UNPACK_MAPPED = 1, UNPACK_GO, UNPACK_DONE };	/* MAPPED: one byte, before the exec */

struct unpack_go {
	uint32_t magic, stage;
	uint64_t max_bytes, max_entries;	/* never 0 here */
	uint64_t archive_bytes;			/* the ratio limit is counted from it; 0: there is none */
	uint32_t backup;			/* of a container's own files: any name a file can have, and the top as it was */
	uint32_t flags;				/* enum unpack_flag */
};
enum unpack_flag {
	UNPACK_CLEAN = 1,	/* pack: without identity, keys, logs and caches */
	UNPACK_LAYER = 2,	/* extract: onto what is there, as a layer of a container image, without its whiteouts ... */
	UNPACK_READER = 8,	/* pack: the tree is a mount that cannot be idmapped (a merged one); box_enter_reader() */
	UNPACK_VZDUMP = 16,	/* extract: without etc/vzdump, where another vzdump put the configuration */
	UNPACK_WHOLE = 32,	/* vzdump: to the end of the archive, whatever has been found */
	UNPACK_WHITEOUTS = 4,	/* ... which come first, by themselves: nothing is written, what they name is removed */
};
/* How many there are of each kind, and lines about the unusual ones: "set-id 4755 0:0 /opt/x". */
struct unpack_odd { uint64_t n[TMPL_ODD_N], unusual[TMPL_ODD_N]; char notes[TMPL_NOTES]; };
struct unpack_count { uint64_t entries, bytes, nodes_skipped, xattrs_dropped; struct unpack_odd odd; };
struct unpack_done {
	uint32_t magic, stage;
	struct unpack_count count;
	struct err err;
};

/* Inside vz-unpack. */
int box_enter(int tree, uint64_t max_bytes, struct err *e);	/* tree -1: an empty tmpfs */
/*
 * For one that reads a host's tree: @tree becomes its root, it is nobody's user and may read. Without a user namespace, for
 * ids are to be seen as they are.
 */
int box_enter_reader(int tree, struct err *e);
/* Its parts, for image_box.c. box_root_cover() mounts @tree over what is there, box_root_enter() makes it the root. */
int box_empty_root(struct err *e);
int box_root_cover(int tree, struct err *e);
int box_root_enter(int tree, struct err *e);
int box_drop_caps(const int *keep, int n, struct err *e);	/* CAP_*: all others, for good */
int box_seal(struct err *e);					/* system call filter; nothing is executed after it */
/* Parts that etc/vzdump of the archive has (vps.conf, vps.mount ...), as bk_meta_get() takes them apart. */
int vzdump_run(int in, int out, const struct unpack_go *go, struct unpack_count *c, struct err *e);
bool vzdump_is_part(const char *path);		/* below etc/vzdump, or itself; no "./" before it */
int extract_run(int in, const struct unpack_go *go, struct unpack_count *c, struct err *e);
struct archive;
struct archive_entry;
/* Of archive_read_next_header(): of a container's files every name is one, also those that are not UTF-8. */
int extract_header(struct archive *in, struct archive_entry **en, bool backup);
int pack_run(int out, const struct unpack_go *go, struct unpack_count *c, struct err *e);
bool layer_is_whiteout(const char *path);
int layer_whiteout(int parent, const char *path, struct err *e);
int layer_make_room(int parent, const char *path, mode_t type, mode_t there, struct err *e);
/*
 * unpack_acl.c: ACLs that name users and groups. acls_take() leaves in @en what is certain; acls_end() sets the others, as the
 * tree's own users and groups say. Entries for somebody whom it does not know are left out and noted in @o.
 */
struct unpack_acls;
int acls_new(struct unpack_acls **ret, struct err *e);
void acls_free(struct unpack_acls *a);		/* NULL is fine */
int acls_take(struct unpack_acls *a, struct archive_entry *en, const char *path, struct unpack_odd *o, struct err *e);
void acls_forget(struct unpack_acls *a, const char *path);	/* something else is there from now on */
int acls_end(struct unpack_acls *a, int root, struct unpack_odd *o, struct err *e);
int acl_drop(struct archive_entry *en, int type, struct err *e);	/* all of libarchive's ACCESS or DEFAULT */
int acl_tag_of(unsigned disk);			/* libarchive's of the kernel's; -1: none */
int extract_xattrs(struct archive_entry *en, struct unpack_count *c, struct err *e);
void odd_found(struct unpack_odd *o, enum tmpl_odd kind, const char *what, const char *path);	/* one that is not usual */
/* An entry that is not refused, with its cleaned name. */
void odd_entry(struct unpack_odd *o, struct archive_entry *en, const char *path);
int base_write(int busybox, int out, const char *applets, struct err *e);
int base_applets(int busybox, char **ret, struct err *e);	/* runs it; caller frees */

#endif
