/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_VZTMPL_H
#define VZCTL_VZTMPL_H
/* The program vztmpl. A command is a row; --help, completion and the tests read the rows. */
#include <stdbool.h>
#include <stddef.h>

#include "templates/tmpl.h"
#include "util/opt.h"

#define VZTMPL_KEYS "/etc/vz/keys"

enum vztmpl_opt {
	VZTMPL_TEMPLATE = 1, VZTMPL_KEYDIR = 2, VZTMPL_UNSIGNED = 4, VZTMPL_NAME = 8, VZTMPL_SHA256 = 16, VZTMPL_DRY = 32,
	VZTMPL_SIGN = 64, VZTMPL_ID = 128, VZTMPL_DAYS = 256, VZTMPL_LIST = 512, VZTMPL_APP = 1024, VZTMPL_LONG = 2048,
	VZTMPL_FORMAT = 4096, VZTMPL_TAG = 8192, VZTMPL_MOVE = 16384, VZTMPL_MARKED = 32768, VZTMPL_ROOTFS = 65536,
	VZTMPL_KEYRING = 131072, VZTMPL_MIRROR = 262144
};
struct vztmpl {
	char dir[4096];			/* TEMPLATE */
	char source[8192], source2[8192];	/* full paths for what was given */
	const char *keys, *name, *sha256, *sign, *id, *format, *rootfs, *tag, *keyring, *mirror;
	unsigned long days;
	unsigned given;			/* enum vztmpl_opt */
	const char **operand;
	size_t n;
	struct tmpl_ui ui;
};
struct vztmpl_cmd {
	const char *word, *args;	/* args: for the usage */
	size_t min, max;		/* operands */
	unsigned opts;			/* those it takes */
	int (*run)(struct vztmpl *v, struct err *e);
	const char *text;
};
extern const struct vztmpl_cmd vztmpl_cmds[];
extern const size_t vztmpl_cmds_n;
extern const struct opt_flag vztmpl_flags[];
extern const size_t vztmpl_flags_n;
int vztmpl_args(struct vztmpl *v, const struct vztmpl_cmd **ret, char **argv, struct err *e);	/* -EINVAL; *ret NULL: help */

/* vztmpl_store.c: what is here */
int vztmpl_list(struct vztmpl *v, struct err *e);
int vztmpl_info(struct vztmpl *v, struct err *e);
int vztmpl_verify(struct vztmpl *v, struct err *e);
int vztmpl_rm(struct vztmpl *v, struct err *e);
int vztmpl_gc(struct vztmpl *v, struct err *e);
int vztmpl_pin(struct vztmpl *v, struct err *e);
int vztmpl_unpin(struct vztmpl *v, struct err *e);
void vztmpl_print(const char *dir, const struct tmpl *t, const struct tmpl_info *i);
/* vztmpl_image.c */
int vztmpl_image(struct vztmpl *v, struct err *e);
/* vztmpl_make.c: what brings something here */
void vztmpl_sweep(struct vztmpl *v);	/* what builds left that were killed */
int vztmpl_pull(struct vztmpl *v, struct err *e);
int vztmpl_save(struct vztmpl *v, struct err *e);
int vztmpl_add(struct vztmpl *v, struct err *e);
int vztmpl_build(struct vztmpl *v, struct err *e);
int vztmpl_base(struct vztmpl *v, struct err *e);
int vztmpl_index(struct vztmpl *v, struct err *e);
int vztmpl_keygen(struct vztmpl *v, struct err *e);

#endif
