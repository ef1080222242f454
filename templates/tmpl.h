/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_TMPL_H
#define TEMPLATES_TMPL_H
/*
 * OS templates: archives in TEMPLATE/cache (NAME.tar[.gz|.bz2|.xz|.zst]) and the store of unpacked read-only trees:
 *   TEMPLATE/store/sha256/ab/abcd.../tree + manifest   content-addressed by the archive's SHA-256
 *   TEMPLATE/tmp/                                      what is being made; swept when its maker is dead
 * Natural ids on disk. Archives are hostile: they are unpacked by the program vz-unpack (libarchive) in a user, mount,
 * network and pid namespace of its own, root = the empty target, never by a privileged process.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/str.h"

struct err;

#define TMPL_DIGEST_LEN 64	/* hex digits of SHA-256 */

struct tmpl {
	char name[256];				/* basename without suffix: "debian-12-x86_64" */
	char archive[4096];			/* path of the archive, "" if only the store has it */
	char digest[TMPL_DIGEST_LEN + 1];	/* "" until known */
};
struct tmpl_limits { uint64_t max_bytes, max_entries; };	/* of the unpacked tree; 0 = defaults (20 GiB, 2 M) */

/* Finds NAME below @tmpldir ("/vz/template"), or an absolute path to an archive. Reads no archive. ENOENT: text is
 * "Cached OS template DIR/cache/NAME.tar[.gz|.bz2|.xz|.zst] not found". EINVAL: not a template name. */
int tmpl_find(const char *tmpldir, const char *name, struct tmpl *ret, struct err *e);
/*
 * The unpacked, read-only tree of @t: from the store, or unpacked into it now (lock, tmp, fsync, rename). Fills t->digest.
 * *ret_fd: O_PATH directory, of an image a mount of its own; caller closes. EBADMSG: the archive is corrupt or hostile (text
 * names the entry), ENOSPC, EFBIG: over the limits. Nothing half-made stays. Seconds when it unpacks, < 1 ms when it is there.
 */
int tmpl_tree(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, int *ret_fd, struct err *e);
/*
 * The same without opening it: after this the store has the files of @t, in the form that tmpl_format_set() asked for or in
 * one it had before. @ret->note says why it is another one than asked for; "" if nothing is to be said.
 */
struct tmpl_ready { unsigned mode; bool made; char note[512]; };		/* mode: of the root directory; made: just now */
int tmpl_ready(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, struct tmpl_ready *ret, struct err *e);
/*
 * How the store keeps what it unpacks from now on, in this process: "tree", an image format, or "auto": erofs where this host
 * can, else trees. Before it and for NULL: trees. The word is checked when it is used.
 */
void tmpl_format_set(const char *format);
/* What that comes to on this host; @why ("": as asked for): what keeps "auto" from images. EINVAL: no such format. */
struct tmpl_form { const char *format; char why[256]; };
int tmpl_format(struct tmpl_form *ret, struct err *e);
int tmpl_erofs_works(struct err *e);		/* can this host make and mount erofs images? The text says what is missing */
/* Opens a tree by digest: from the store or from an attached pool; of an image it is a mount of its own, gone with the
 * descriptor. ENOENT: neither has it; EBADMSG: the image is not what it should be; EIO: the pool's device is lost. */
int tmpl_tree_open(const char *tmpldir, const char *digest, int *ret_fd, struct err *e);
bool tmpl_is_local(const char *tmpldir, const char *digest);	/* the store has it: no pool is needed */
/* The same as a detached mount that the caller may attach or shift. Those of one image share its page cache. */
int tmpl_layer_open(const char *tmpldir, const char *digest, int *ret_mnt, struct err *e);
/*
 * A read-only btrfs subvolume with the files of @t, unpacked into it now if there was none, on the file system that @beside
 * is on: for snapshots, which do not need it afterwards. ENOTSUP: the store is on another one, or @t has no archive here.
 */
int tmpl_seed(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, int beside, int *ret_fd, struct err *e);
/* Unpacks the archive of @t into the empty directory @dir (layout dir). Same checks and sandbox. */
int tmpl_unpack(const struct tmpl *t, int dir, const struct tmpl_limits *l, struct err *e);
int tmpl_list(const char *tmpldir, struct str_list *ret, struct err *e);	/* names in the cache, sorted */
/* Sweeps TEMPLATE/tmp of what dead makers left. Cheap. */
int tmpl_sweep(const char *tmpldir, struct err *e);
/* Makes cache/vz-base-ARCH.tar.zst ("vz-base" is accepted by tmpl_find) from @busybox (a static busybox); repeatable byte
 * for byte. Present and same content: nothing to do. */
int tmpl_build_base(const char *tmpldir, const char *busybox, struct err *e);

/* What deserves a look before a stranger's template is trusted; in a container it gives no right over the host. */
enum tmpl_odd { TMPL_ODD_SETID, TMPL_ODD_CAPS, TMPL_ODD_DEVICE, TMPL_ODD_WRITABLE, TMPL_ODD_ACL, TMPL_ODD_N };
#define TMPL_NOTES 8192
/* What is known of @t without reading the archive: digest as remembered for this very file (t->digest, "" if none). */
struct tmpl_info {
	uint64_t archive_bytes;
	bool unpacked;			/* the store has its files; only then what is below */
	uint64_t entries, bytes, nodes_skipped, xattrs_dropped;
	uint64_t odd[TMPL_ODD_N], unusual[TMPL_ODD_N];	/* how many, and how many that distributions do not have */
	char notes[TMPL_NOTES];		/* a line for each of the latter, as many as fit: "set-id 4755 0:0 /opt/x" */
	char form[16];			/* how it has them: "tree" or an image's format */
	uint64_t image_bytes;
};
int tmpl_info(const char *tmpldir, struct tmpl *t, struct tmpl_info *ret, struct err *e);
/* Reads the whole archive of @t, unpacks it on trial below TEMPLATE/tmp and throws that away. Fills t->digest. EBADMSG also
 * when the store remembers another digest for this file. */
int tmpl_verify(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, struct tmpl_info *ret, struct err *e);
/* Removes the archive from the cache. Unpacked trees stay: containers stand on them. EINVAL: not in the cache. */
int tmpl_rm(const char *tmpldir, const struct tmpl *t, struct err *e);
/*
 * Makes TEMPLATE/cache/NAME.tar.zst as the recipe @name says: a directory with recipe.conf, files/ and post.d/, given by a
 * path with a '/' in it, or looked for in TEMPLATE/recipes, VZ_LIBEXEC/recipes and the source tree. Takes a minute and the
 * network; the builders' output goes to stderr. The mirror is the one this host's apt uses. *ret: what was made.
 * ENOENT: no such recipe, a tool or a keyring is missing; EINVAL: a bad recipe or keyring; ENOKEY, EKEYREJECTED, EKEYEXPIRED,
 * EKEYREVOKED, EBADMSG: what the mirror sends is not vouched for; ECHILD: a builder failed.
 */
struct tmpl_trial {	/* runs the shell scripts, one by one, in a running system of @archive; what they change is thrown away */
	int (*run)(void *arg, const char *archive, const struct str_list *scripts, struct err *e);
	void *arg;
};
struct tmpl_recipe {
	const char *name;
	const char *keyring, *mirror;	/* in place of the recipe's; NULL: its own */
	const struct tmpl_trial *trial;	/* NULL: recipes with tests are refused */
};
int tmpl_build(const char *tmpldir, const struct tmpl_recipe *b, struct tmpl *ret, struct err *e);

/* --- where templates come from (index.c, sign.c, pull.c, import.c, add.c) --- */
struct tmpl_ui { void (*say)(void *arg, const char *text); void *arg; };	/* one line, as the work goes on */
struct tmpl_origin { char kind[32], source[2048], signed_by[128], added[32]; };	/* signed_by "": nobody vouched for it */
int tmpl_origin(const char *tmpldir, const char *digest, struct tmpl_origin *ret, struct err *e);	/* ENOENT: not known */

struct tmpl_pull {
	const char *source;		/* DIR, file://DIR, http(s)://HOST/DIR, or the index.json itself */
	const char *keys;		/* directory of NAME.pub, signify's form: whose indexes are taken */
	const char *const *names;	/* shell patterns; none: all that are not deprecated */
	size_t n_names;
	bool unsigned_ok, list_only;
	const struct tmpl_ui *ui;
};
/*
 * Takes what the index names into the cache; what is here already is left. One that fails does not keep the others; the
 * first error comes back. EBADMSG: signature, digest or archive is wrong; ENOKEY: an unknown issuer; ESTALE: expired, or
 * older than what was seen of this issuer before.
 */
int tmpl_pull(const char *tmpldir, const struct tmpl_pull *p, struct err *e);
/* DIR/index.json of all archives in DIR, and with @key (a secret key without passphrase) index.json.sig. */
struct tmpl_index_make { const char *dir, *key, *id; unsigned days; };
int tmpl_index_make(const struct tmpl_index_make *m, uint64_t *ret_n, struct err *e);
int tmpl_keygen(const char *base, struct err *e);	/* BASE.sec, BASE.pub; never over existing files */

struct tmpl_add {
	const char *source;		/* an archive or .squashfs (path or URL), an OCI image layout's directory or its archive */
	const char *name;		/* NULL: that of the file */
	const char *keys, *sha256;	/* whose SOURCE.sig counts; what it, or a layout's manifest, must have. NULL: not given */
	const char *tag;		/* which image of a layout; NULL: there is one */
	const char *rootfs;		/* the other half of an Incus image of which @source is the metadata: .squashfs or .tar.* */
	bool unsigned_ok, app;		/* app: an image without init gets one that runs its entrypoint */
	const struct tmpl_ui *ui;
};
int tmpl_add(const char *tmpldir, const struct tmpl_add *a, struct tmpl *ret, struct err *e);

/* NAME.tar.zst as @fill writes it, into the cache by the same way as everything: judged, then renamed. */
struct tmpl_new {
	const char *name, *kind, *source;		/* "save", "101" */
	int (*fill)(void *arg, int out, struct err *e);
	void *arg;
};
int tmpl_new(const char *tmpldir, const struct tmpl_new *n, struct tmpl *ret, struct err *e);

/*
 * A tree as an archive (.tar.zst, repeatable) to @out, read in the box of vz-unpack, with natural ids. CLEAN: without
 * machine id, host keys, logs and caches. MERGED: @tree is a mount that has no idmapped form (an overlay); private to us.
 */
struct tmpl_count { uint64_t entries, bytes, nodes_skipped, xattrs_dropped, flags_dropped; };
enum tmpl_pack_flag { TMPL_PACK_CLEAN = 1, TMPL_PACK_MERGED = 2 };
int tmpl_pack(int tree, int out, unsigned flags, struct tmpl_count *ret, struct err *e);

/* --- what nobody needs any more (gc.c, gc_mark.c) --- */
struct tmpl_gc {
	/* Adds the digest of every tree that something stands on. Called while nobody can begin to use another. */
	int (*users)(void *arg, struct str_list *digests, struct err *e);
	void *arg;
	unsigned days;			/* what was made since is kept */
	bool dry_run;
	bool marked;			/* only what is marked; the marks go */
	const struct str_list *kept;	/* of what is in use: where the mark stays for a later run. Looked at after users() */
	unsigned wait_ms;		/* for those who are about to use one; 0: 20 s */
	const struct tmpl_ui *ui;	/* hears of each */
	uint64_t n, bytes;		/* returned */
};
/* Removes trees without user, archive in the cache or pin. EBUSY: somebody is about to use one; nothing is removed then. */
int tmpl_gc(const char *tmpldir, struct tmpl_gc *g, struct err *e);
/*
 * @digest may have lost its last user: marks it, durably, unless an archive in the cache keeps it or neither the store nor a
 * pool that only this host has has it. 1: marked; 0: nothing to do. To be called after the user is gone. Cheap: one look at
 * each archive of the cache.
 */
int tmpl_gc_mark(const char *tmpldir, const char *digest, struct err *e);
/* The same, whatever keeps it now. */
int tmpl_gc_suspect(const char *tmpldir, const char *digest, struct err *e);
bool tmpl_gc_due(const char *tmpldir);		/* something is marked that nobody has judged */
int tmpl_pin(const char *tmpldir, const char *digest, bool pin, struct err *e);	/* pinned: never collected */

/*
 * ploop images, the disks of OpenVZ containers: DIR/DiskDescriptor.xml and the image files beside it. Read by the
 * program vz-unploop in the same box as vz-unpack; no kernel module, and no kernel mounts what is in them.
 */
#define TMPL_PLOOP_MAX 128			/* images in a chain */
enum tmpl_ploop_kind { TMPL_PLOOP_RAW, TMPL_PLOOP_V1, TMPL_PLOOP_V2, TMPL_PLOOP_KIND_N };
struct tmpl_ploop_image {
	char guid[40], file[256];		/* "{...}"; a plain name */
	uint32_t kind;				/* enum tmpl_ploop_kind */
	uint32_t cluster;			/* sectors in a block; raw: 0 */
	uint32_t blocks, allocated;		/* of the table */
	uint32_t in_use;			/* its writer did not close it */
	uint64_t file_bytes, disk_bytes;
};
struct tmpl_ploop {
	uint32_t n, raw_base;
	uint64_t disk_bytes;
	uint64_t fs_off, fs_bytes;		/* the file system's partition */
	char fs[16];				/* "ext4"; "" if there is none that is known, and then @fs_text says why */
	char fs_text[160];
	uint32_t journal;			/* its journal had to be read as well */
	struct tmpl_ploop_image image[TMPL_PLOOP_MAX];	/* topmost first */
};
struct tmpl_ploop_set {				/* opened images; tmpl_ploop_close() when done */
	int fd[TMPL_PLOOP_MAX];
	bool probe;				/* one image without a descriptor */
	struct tmpl_ploop p;
};
extern const char *const tmpl_ploop_kind_names[];	/* "raw", "expanded v1", "expanded v2" */
/* The images that @path names: a DiskDescriptor.xml or the directory with one, or (@image) also one image file. ENOENT,
 * EBADMSG, ENOTSUP. Image files are plain names beside the descriptor, and regular files, never links. */
int tmpl_ploop_open(const char *path, bool image, struct tmpl_ploop_set *ret, struct err *e);
void tmpl_ploop_close(struct tmpl_ploop_set *s);
int tmpl_ploop_info(struct tmpl_ploop_set *s, struct err *e);	/* fills the rest of s->p */
/* The disk as it is to @out; a regular file is left sparse. EBUSY: in use and not @force. */
int tmpl_ploop_raw(struct tmpl_ploop_set *s, int out, bool force, struct err *e);
/*
 * All files into the empty directory @dir, ids as in the image; a journal that is not empty is taken into account, nothing
 * is written to the images. Left out and counted: device nodes, attributes that steer this host, chattr(1) flags. Every
 * inode in use was found, with its number of links, or it fails. EBUSY: an image is in use and not @force.
 */
typedef void tmpl_copy_tell(void *arg, uint64_t done, uint64_t total);
int tmpl_ploop_extract(struct tmpl_ploop_set *s, int dir, bool force, tmpl_copy_tell *tell, void *arg, struct tmpl_count *ret,
		       struct err *e);
/*
 * Images: a template as one read-only file system. Containers that start afterwards stand on it; what runs keeps its tree.
 * @format: "erofs", "erofs-lz4" (half the size), "squashfs" (smallest; no ACLs, whole seconds, Linux 6.2).
 */
struct tmpl_image {
	char name[256], digest[TMPL_DIGEST_LEN + 1], format[16];
	char sha256[TMPL_DIGEST_LEN + 1];	/* of the image itself */
	uint64_t bytes, entries, tree_bytes;
	unsigned mode;				/* of its root directory; 0: made by a version that did not tell */
};
/* Unpacks @t if need be and makes its image, in place of one that is there. Seconds. ENOENT: the maker is not installed. */
int tmpl_image_make(const char *tmpldir, struct tmpl *t, const char *format, struct tmpl_image *ret, struct err *e);
int tmpl_image_info(const char *tmpldir, const char *digest, struct tmpl_image *ret, struct err *e);	/* ENOENT: none */
int tmpl_image_drop(const char *tmpldir, struct tmpl *t, struct err *e);	/* back to the tree, unpacked anew if need be */

/*
 * Pools: a directory of template images that several nodes read, on a block device (iSCSI, NBD, a shared disk), an NFS export
 * or anything that is mounted. Its nodes never write to it. Attached ones are /etc/vz/pools/NAME.conf; one on a device or an
 * export is mounted on TEMPLATE/pool/NAME when it is attached, and again whenever somebody needs it (after a boot).
 *   POOL/vzpool                      KEY="value": SCHEMA, ID
 *   POOL/sha256/DIGEST/data, info    the images; never changed, only added and removed
 *   POOL/name/NAME                   symlink ../sha256/DIGEST: what new containers get; replaced by rename
 */
/* In a directory that is there and empty but for lost+found. @alone: no other host will have it, so that an image goes with the
 * last container here, by itself. */
int tmpl_pool_create(const char *dir, bool alone, struct err *e);
/* The image of @t under its name, in place of an older one; nodes see it at once on NFS, on a device after they attach anew. */
int tmpl_pool_add(const char *dir, const char *tmpldir, struct tmpl *t, const char *format, struct tmpl_image *ret,
		  struct err *e);
/* The name; with @data also the image, which no container of any node may stand on any more. ENOENT. */
int tmpl_pool_rm(const char *dir, const char *name, bool data, struct err *e);
/* Those that have a name, sorted by it. The caller frees *ret. */
int tmpl_pool_images(const char *dir, struct tmpl_image **ret, size_t *n, struct err *e);
/* Reads all of them (@name: one); @say hears of each. EBADMSG: at least one is damaged. */
int tmpl_pool_verify(const char *dir, const char *name, void (*say)(void *arg, const struct tmpl_image *i, const struct err *e),
		     void *arg, struct err *e);

/*
 * Images without a name that nobody stands on (pool_gc.c). @used: what the containers of all nodes stand on; the caller has
 * asked them after the names were taken away. Each goes by one rename.
 */
struct tmpl_pool_gc {
	const struct str_list *used;
	bool dry_run;
	const struct tmpl_ui *ui;	/* hears of each */
	uint64_t n, bytes;		/* returned */
};
/* What the name means. ENOENT. */
int tmpl_pool_digest(const char *dir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e);
int tmpl_pool_gc(const char *dir, struct tmpl_pool_gc *g, struct err *e);
struct buf;
int tmpl_pool_used_print(const struct str_list *digests, struct buf *b, struct err *e);	/* a node's answer */
int tmpl_pool_used_load(const char *path, struct str_list *ret, struct err *e);		/* adds; EBADMSG: torn or foreign */
int tmpl_pool_used_parse(const char *text, size_t len, struct str_list *ret, struct err *e);

enum tmpl_pool_kind { TMPL_POOL_DIR, TMPL_POOL_DEV, TMPL_POOL_NFS, TMPL_POOL_NBD, TMPL_POOL_KIND_N };
enum tmpl_pool_health { TMPL_POOL_OK, TMPL_POOL_LOST, TMPL_POOL_HUNG, TMPL_POOL_ABSENT, TMPL_POOL_FOREIGN, TMPL_POOL_HEALTH_N };
extern const char *const tmpl_pool_kind_names[], *const tmpl_pool_health_names[];
struct tmpl_pool {
	char name[64], source[4096], id[40];
	char path[4096];			/* where its directory is for this host */
	enum tmpl_pool_kind kind;
	bool alone;				/* no other host has it */
	enum tmpl_pool_health health;		/* tmpl_pool_status() only, as are the following */
	char why[256];				/* "" if it is well */
	uint64_t images, bytes;
};
/* @source: a directory; /dev/...: mounted read-only without touching its journal; HOST:/PATH: NFS; nbd://HOST[:PORT]/EXPORT: a
 * device that is made of it. EEXIST; ENOENT. */
int tmpl_pool_attach(const char *tmpldir, const char *name, const char *source, struct err *e);
int tmpl_pool_detach(const char *tmpldir, const char *name, struct err *e);	/* EBUSY: containers run on it */
int tmpl_pool_list(const char *tmpldir, struct tmpl_pool **ret, size_t *n, struct err *e);	/* by name; the caller frees */
int tmpl_pool_get(const char *tmpldir, const char *name, struct tmpl_pool *ret, struct err *e);	/* ENOENT */
/* Asks the device itself, not a cache; at most @ms each time. Mounts it if it has come back, and connects an NBD device again
 * (then up to 5 s more). Fills @p->health and on. */
void tmpl_pool_status(const char *tmpldir, struct tmpl_pool *p, int ms);
/* From now on this process looks into no pool, whose device may hang: for one that must not wait (vzd). */
void tmpl_pools_off(void);
/* The pool that @digest comes from on this host; ENOENT: from none, or the store has it too. */
int tmpl_pool_of(const char *tmpldir, const char *digest, struct tmpl_pool *ret, struct err *e);

/*
 * All files of the tree @from into the empty directory @to, and both compared, file by file: EIO names the first that
 * differs. @from shows the ids of a container whose range begins at @id_base, @to natural ones; a detached mount may be shifted
 * by this. Left out and counted as by tmpl_ploop_extract(). @tell (may be NULL) hears every 200 ms or so how much is done.
 */
int tmpl_copy(int from, int to, uint32_t id_base, tmpl_copy_tell *tell, void *arg, struct tmpl_count *ret, struct err *e);
/* TEMPLATE/store: the tree with nothing in it, for an overlay that has all its files in the upper layer. */
int tmpl_tree_empty(const char *tmpldir, char digest[TMPL_DIGEST_LEN + 1], struct err *e);

#endif
