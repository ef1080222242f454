/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_TMPL_PRIV_H
#define TEMPLATES_TMPL_PRIV_H
/* Inside templates/. Nothing here is linked into vz-unpack but sha256. */
#include <stdbool.h>
#include <sys/stat.h>

#include "templates/tmpl.h"
#include "templates/unpack_proto.h"

#define TMPL_MAX_BYTES (20ull << 30)
#define TMPL_MAX_ENTRIES 2000000ull

extern const char *const tmpl_suffixes[];	/* ".tar", ".tar.gz" ...; NULL ends */
const char *tmpl_suffix_of(const char *file);	/* the one of these at its end, or NULL */
bool tmpl_name_ok(const char *name);		/* of a template: one component that no option or hidden file looks like */

/* tree.c */
bool tmpl_is_digest(const char *s);
int tmpl_base(const char *tmpldir, struct err *e);				/* opened O_PATH */
void store_path(char out[128], const char *digest, const char *sub);		/* "store/sha256/ab/abcd...SUB" */
int store_info(int base, const char *digest, struct tmpl_info *ret, struct err *e);	/* of the manifest */
/* So that @archive, which is known to have that digest, need not be read to learn it. */
int store_remember(int base, const char *archive, const char *digest, struct err *e);
bool store_digest_of(int base, const struct stat *st, char digest[TMPL_DIGEST_LEN + 1]);
int store_tree_open(int base, const char *digest, int *ret_fd);			/* O_PATH; or -errno */
int store_lock(int base, const struct stat *archive, int *ret_fd, struct err *e);	/* who unpacks it; others wait */
bool store_has(int base, const char *digest);					/* in whatever form */

/* form.c: into the store. */
struct unpack_result;
struct tmpl_tmp;
struct store_job {
	const char *tmpldir;
	int base;
	const char *format;			/* as of tmpl_format_set() */
	const struct tmpl_limits *limits;	/* NULL: the defaults */
};
const char *store_format(void);			/* what was asked for */
/* The archive's tree in tmp/tree. */
int store_unpack(const struct tmpl *t, int archive, const struct tmpl_tmp *tmp, const struct tmpl_limits *l,
		 struct unpack_result *r, struct err *e);
/* The same and all that belongs to it, in its place, in the form that is asked for. */
int store_make(const struct store_job *j, struct tmpl *t, int archive, struct tmpl_ready *ret, struct err *e);
/* What the store has in another form than asked for, in that, if it may and can. */
int store_convert(const struct store_job *j, const struct tmpl *t, struct tmpl_ready *ret, struct err *e);
bool store_wants(int base, const char *digest, const char *format);	/* is store_convert() due? */
int store_mode(const char *tmpldir, int base, const char *digest, unsigned *ret, struct err *e);	/* of its root directory */
/* no_image.c: store/sha256/ab/DIGEST/noimage, why "auto" made no image of it, and with what tool and kernel. */
#define NO_IMAGE "noimage"
void no_image_note(int dir, const struct err *why);		/* in @dir; not what may pass by itself (a full disk) */
bool no_image_known(int base, const char *digest);		/* and tool and kernel are the same */
void no_image_forget(int base, const char *digest);		/* the next create tries again */
/* manifest.c: into tmp/; read again by store_info(). */
int store_manifest(const struct tmpl_tmp *tmp, const struct tmpl *t, int archive, const struct unpack_result *r, struct err *e);
void store_form_info(int base, const char *digest, struct tmpl_info *ret);	/* in what form the store has it */
/* tree.c: tmpl_ready() for a given format; the mode is not filled. */
int store_ready(const struct store_job *j, struct tmpl *t, struct tmpl_ready *ret, struct err *e);

/* store_check.c: e, which tells what is wrong with store/.../@sub, gets path and cure. */
int store_damaged(const char *tmpldir, const char *digest, const char *sub, struct err *e);
/* Image and tree in the store against what was unpacked into tmp/tree just now. A manifest that cannot be read is written anew. */
int store_check(const char *tmpldir, int base, const struct tmpl *t, const struct tmpl_tmp *tmp, int archive,
		const struct unpack_result *r, struct err *e);

/* image.c */
int image_store_open(int base, const char *digest);				/* O_PATH directory; -1 and errno */
/* tmp/image from @tree; mounted on trial. @i: name, digest, entries, tree_bytes given. */
int image_in_tmp(const char *tmpldir, const struct tmpl_tmp *tmp, const char *tree, const char *format, struct tmpl_image *i,
		 struct err *e);
/* An image of @t, which the store has, into the store, in place of one there is. */
int image_put(const char *tmpldir, const struct tmpl *t, const char *format, struct tmpl_image *ret, struct err *e);
/* The image of @t into the empty directory @dir, whose path is @into. Not mounted: it may be for another host. */
int image_of_template(const char *tmpldir, struct tmpl *t, const char *format, const char *into, int dir,
		      struct tmpl_image *ret, struct err *e);

/* seed.c */
bool seed_is(int base, const char *digest);
int seed_drop(int base, const char *digest, struct err *e);	/* ENOENT is success */
int seed_list(int base, struct str_list *ret, struct err *e);	/* their digests */

/* unpack_run.c: one run of a helper. */
#define UNPACK_FDS_MAX 128
#define UNPACK_ID_BASE 268369920u	/* 0x0fff0000: the range of no container */
struct unpack {
	const char *prog;
	int ctl;		/* our end of the control socket */
	int in;			/* our end of a stream, or -1; set before unpack_fork() */
	uint32_t id_base;	/* its ids on the host; 0: those of nobody. Set before unpack_fork() */
	pid_t pid;
	bool reader;		/* no user namespace, the target as it is: box_enter_reader(); set before unpack_fork() */
	bool read_only;		/* the target; set before unpack_fork() */
};
struct unpack_msg { const void *data; size_t size; const int *fds; size_t n_fds; };	/* its start message */
/* @io: its UNPACK_IN and UNPACK_OUT, -1: none. It waits for unpack_begin(). */
int unpack_fork(struct unpack *u, const char *prog, const char *mode, const int io[2], struct err *e);
/* @dir: the target, sent as an idmapped mount after the descriptors of @go; -1: none. */
int unpack_begin(struct unpack *u, int dir, const struct unpack_msg *go, struct err *e);
/* Its one answer, of exactly @size bytes, and its end. The contents are a stranger's. */
int unpack_answer(struct unpack *u, void *done, size_t size, struct err *e);
/* What run.c needs of the same: ids of nobody for a process in a new user namespace, and a tree as it shall see it. */
int unpack_maps(pid_t pid, uint32_t base, int *ret_userns, struct err *e);
int unpack_idmapped(int dir, int userns, unsigned attrs, struct err *e);
int unpack_send_tree(int sk, int tree, struct err *e);
int unpack_recv_tree(int sk, int *ret_tree);
int unpack_take_text(struct err *e, const struct err *from);	/* a stranger's error, made fit for a terminal */
void unpack_kill(struct unpack *u);

/* unpack.c */
struct unpack_result {
	char digest[TMPL_DIGEST_LEN + 1];	/* taken by us, of every byte of the archive */
	struct unpack_count count;		/* told by vz-unpack */
};
struct tmpl_backup_count;
struct tmpl_chain;
struct bk_answer;
int backup_take_error(struct err *e, const struct bk_answer *a, const struct tmpl_chain *c);	/* with the name of the one */
void unpack_take_notes(char notes[TMPL_NOTES]);		/* a stranger's lines, fit for a terminal */
void unpack_take_acls(struct tmpl_backup_count *c, struct unpack_odd *o);
/* Unpacks @archive (read to its end, from its start) into the empty directory @dir. Nothing stays in it after an error. */
int unpack_archive(int archive, int dir, const struct tmpl_limits *l, struct unpack_result *ret, struct err *e);
/* One layer of a container image onto @dir; reads @archive twice. What is there stays, also after an error. */
int unpack_layer(int archive, int dir, const struct tmpl_limits *l, struct unpack_result *ret, struct err *e);
/* Has the archive of vz-base written to @out. */
int unpack_base(int busybox, int out, struct err *e);
/* SHA-256 of what is left to read of @fd. */
int tmpl_digest_fd(int fd, char digest[TMPL_DIGEST_LEN + 1], struct err *e);

void import_say(const struct tmpl_ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* import.c */

/* tmp.c: a directory of our own in TEMPLATE/tmp; a lock on it says that its maker lives. */
struct tmpl_tmp {
	int top;		/* TEMPLATE/tmp */
	int dir;		/* TEMPLATE/tmp/NAME, locked */
	char name[64];
};
int tmp_make(int tmpldir, struct tmpl_tmp *ret, struct err *e);
void tmp_done(struct tmpl_tmp *t);		/* removes it with all in it; takes a zeroed one with top = dir = -1 */

struct kv;
/* The text of recipe.conf in @dir: every value that becomes an argument is harmless there. EINVAL. */
int tmpl_recipe_check(const struct kv *kv, const char *dir, struct err *e);

#endif
