/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands and options of vztmpl, and its command line read by them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/opt.h"
#include "vzctl/vztmpl.h"

#define DAYS_DEFAULT 30

const struct vztmpl_cmd vztmpl_cmds[] = {
	{ "list", "", 0, 0, VZTMPL_LONG, vztmpl_list, "names of the templates in the cache" },
	{ "info", "NAME", 1, 1, 0, vztmpl_info, "what is known of a template" },
	{ "build", "RECIPE", 1, 1, VZTMPL_KEYRING | VZTMPL_MIRROR, vztmpl_build,
	  "make a template as a recipe says (network, a minute)" },
	{ "build-base", "[BUSYBOX]", 0, 1, 0, vztmpl_base, "make vz-base from this host's static busybox" },
	{ "verify", "NAME", 1, 1, 0, vztmpl_verify, "read and unpack an archive on trial" },
	{ "rm", "NAME", 1, 1, 0, vztmpl_rm, "remove an archive from the cache; containers made from it stay" },
	{ "image", "NAME", 1, 1, VZTMPL_FORMAT, vztmpl_image, "make it one read-only file system for containers to stand on" },
	{ "pull", "INDEX [PATTERN ...]", 1, 1000, VZTMPL_KEYDIR | VZTMPL_UNSIGNED | VZTMPL_LIST, vztmpl_pull,
	  "fetch what a signed index names: a directory or URL" },
	{ "add", "ARCHIVE|IMAGE", 1, 1,
	  VZTMPL_KEYDIR | VZTMPL_UNSIGNED | VZTMPL_NAME | VZTMPL_SHA256 | VZTMPL_TAG | VZTMPL_APP | VZTMPL_MOVE | VZTMPL_ROOTFS,
	  vztmpl_add,
	  "take a root file system's archive, or an image (OCI, Incus)" },
	{ "save", "CTID NAME", 2, 2, 0, vztmpl_save, "make a template of a container, running or stopped" },
	{ "gc", "", 0, 0, VZTMPL_DRY | VZTMPL_DAYS | VZTMPL_MARKED, vztmpl_gc,
	  "remove unpacked trees, and layers of clones, that nothing stands on any more" },
	{ "pin", "NAME|SHA256", 1, 1, 0, vztmpl_pin, "keep a tree even if nothing stands on it" },
	{ "unpin", "NAME|SHA256", 1, 1, 0, vztmpl_unpin, "no longer" },
	{ "index", "DIR", 1, 1, VZTMPL_SIGN | VZTMPL_ID | VZTMPL_DAYS, vztmpl_index,
	  "make the index of a directory of archives, for others to pull" },
	{ "keygen", "FILE", 1, 1, 0, vztmpl_keygen, "make a key pair to sign indexes with: FILE.sec, FILE.pub" },
};
const size_t vztmpl_cmds_n = ARRAY_SIZE(vztmpl_cmds);

const struct opt_flag vztmpl_flags[] = {
	{ "template", 0, true, VZTMPL_TEMPLATE, "directory in place of TEMPLATE of vz.conf" },
	{ "keys", 0, true, VZTMPL_KEYDIR, "directory of trusted public keys in place of " VZTMPL_KEYS },
	{ "unsigned", 0, false, VZTMPL_UNSIGNED, "take what nobody has signed" },
	{ "list", 0, false, VZTMPL_LIST, "show what there is, fetch nothing" },
	{ "long", 'l', false, VZTMPL_LONG, "size, digest and signer too" },
	{ "name", 0, true, VZTMPL_NAME, "name of the new template" },
	{ "sha256", 0, true, VZTMPL_SHA256, "what the archive, or the image's manifest, must have" },
	{ "tag", 0, true, VZTMPL_TAG, "which image, if there are several" },
	{ "rootfs", 0, true, VZTMPL_ROOTFS, "the root of an Incus image in two files; the operand is its metadata" },
	{ "app", 0, false, VZTMPL_APP, "an image without init: run its entrypoint in place of one" },
	{ "move", 0, false, VZTMPL_MOVE, "remove the archive afterwards, taken or refused" },
	{ "keyring", 0, true, VZTMPL_KEYRING, "build: the keys that sign the distribution, in place of the recipe's" },
	{ "mirror", 0, true, VZTMPL_MIRROR, "build: URL to take the packages from, in place of the recipe's" },
	{ "sign", 0, true, VZTMPL_SIGN, "secret key to sign with" },
	{ "id", 0, true, VZTMPL_ID, "name that tells this index from others of the same key" },
	{ "days", 0, true, VZTMPL_DAYS, "how long the index is good (30); gc: keep what is younger" },
	{ "format", 0, true, VZTMPL_FORMAT, "of an image: erofs, erofs-lz4, squashfs; none: a tree again" },
	{ "marked", 0, false, VZTMPL_MARKED, "gc: only what has lost a user or its name since the last time" },
	{ "dry-run", 'n', false, VZTMPL_DRY, "say what would be done" },
	{ "help", 'h', false, 0, NULL },
};
const size_t vztmpl_flags_n = ARRAY_SIZE(vztmpl_flags);

static const struct vztmpl_cmd *find_cmd(const char *word)
{
	for (size_t i = 0; i < vztmpl_cmds_n; i++)
		if (strcmp(vztmpl_cmds[i].word, word) == 0)
			return &vztmpl_cmds[i];
	return NULL;
}

static int take(struct vztmpl *v, const struct opt_found *f, struct err *e)
{
	uint64_t days;

	v->given |= (unsigned)f->flag->id;
	switch (f->flag->id) {
	case VZTMPL_TEMPLATE:
		if (f->arg[0] != '/' || str_copy(v->dir, sizeof(v->dir), f->arg) < 0)
			return err_say(e, EINVAL, "--template wants a full path");
		break;
	case VZTMPL_KEYDIR: v->keys = f->arg; break;
	case VZTMPL_NAME: v->name = f->arg; break;
	case VZTMPL_SHA256: v->sha256 = f->arg; break;
	case VZTMPL_ROOTFS: v->rootfs = f->arg; break;
	case VZTMPL_TAG: v->tag = f->arg; break;
	case VZTMPL_KEYRING: v->keyring = f->arg; break;
	case VZTMPL_MIRROR: v->mirror = f->arg; break;
	case VZTMPL_SIGN: v->sign = f->arg; break;
	case VZTMPL_FORMAT: v->format = f->arg; break;
	case VZTMPL_ID: v->id = f->arg; break;
	case VZTMPL_DAYS:
		if (num_u64(f->arg, &days) < 0 || days == 0 || days > 36500)
			return err_say(e, EINVAL, "--days wants a number from 1 to 36500");
		v->days = days;
		break;
	}
	return 0;
}

static int check(const struct vztmpl *v, const struct vztmpl_cmd *c, struct err *e)
{
	unsigned wrong = v->given & ~(c->opts | VZTMPL_TEMPLATE);

	for (size_t i = 0; wrong && i < vztmpl_flags_n; i++)
		if (vztmpl_flags[i].id & wrong)
			return err_say(e, EINVAL, "vztmpl %s does not know --%s", c->word, vztmpl_flags[i].name);
	if (v->n > c->max && !c->args[0])
		return err_say(e, EINVAL, "vztmpl %s takes no argument", c->word);
	if (v->n < c->min || v->n > c->max)
		return err_say(e, EINVAL, v->n < c->min ? "vztmpl %s wants %s" : "vztmpl %s wants no more than %s", c->word,
			       c->args);
	return 0;
}

int vztmpl_args(struct vztmpl *v, const struct vztmpl_cmd **ret, char **argv, struct err *e)
{
	struct opt o = { .prog = "vztmpl", .flags = vztmpl_flags, .n_flags = vztmpl_flags_n, .argv = argv, .at = 1 };
	const struct vztmpl_cmd *c = NULL;
	struct opt_found f;
	int what;

	*ret = NULL;
	v->keys = VZTMPL_KEYS;
	v->format = "erofs";
	v->days = DAYS_DEFAULT;
	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_FLAG && f.flag->id == 0)
			return 0;
		if (what == OPT_FLAG && take(v, &f, e) < 0)
			return -e->code;
		if (what == OPT_OPERAND && c)
			v->operand[v->n++] = f.arg;
		else if (what == OPT_OPERAND && !(c = find_cmd(f.arg)))
			return err_say(e, EINVAL, "vztmpl: unknown command: %s", f.arg);
	}
	if (what < 0)
		return what;
	if (!c)
		return err_say(e, EINVAL, "vztmpl: no command");
	*ret = c;
	return check(v, c, e);
}
