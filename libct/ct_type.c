/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of libct's own parameters: a shared type plus what this value may be. What ends up in a generated file (hosts,
 * resolv.conf, shadow) is narrowed here to what cannot start another line or field in it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/buf.h"
#include "util/path.h"

#include "libct/caps.h"
#include "libct/files.h"
#include "libct/type.h"

/* --- strings --- */

/* What a name may be is asked when it is given to a container (VZ_SET_NAME_ERROR); here it only loses what could break a
 * line: '?' is in no good name. */
static int name_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	auto_free char *copy = strdup(text);

	if (!copy)
		return err_set(e, ENOMEM, "name");
	for (char *s = copy; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
	return param_str.parse(p, copy, src, field, e);
}
STR_TYPE(ct_type_name, "name", name_parse);

static bool has_dotdot(const char *s)
{
	while ((s = strstr(s, ".."))) {
		if (s[-1] == '/' && (s[2] == '/' || !s[2]))
			return true;
		s += 2;
	}
	return false;
}

static int path_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (*text && (*text != '/' || has_dotdot(text) || strlen(text) >= 1024))
		return err_say(e, EINVAL, "'%s' is not an absolute path without '..'", text);
	return param_str.parse(p, text, src, field, e);
}
STR_TYPE(ct_type_path, "path", path_parse);

static int neighbours_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (!net_neighbours_ok(text))
		return err_say(e, EINVAL, "NEIGHBOUR_DEVS is detect, all, or list: and names of interfaces, not '%.60s'", text);
	return param_str.parse(p, text, src, field, e);
}
STR_TYPE(ct_type_neighbours, "interfaces", neighbours_parse);

static int layout_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (ct_rootfs_by_name(text))
		return param_str.parse(p, text, src, field, e);
	return err_say(e, EINVAL, "'%s' is not a layout: overlay, dir, btrfs, image, image:xfs or ploop", text);
}
STR_TYPE(ct_type_layout, "layout", layout_parse);

/* Letters, digits, hyphens inside, dots between; an underscore is not good DNS, but hosts have it. */
static bool is_domain(const char *s, size_t max)
{
	size_t label = 0;

	if (!*s || strlen(s) > max)
		return false;
	for (; *s; s++) {
		if (*s == '.') {
			if (!label || s[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*s) && *s != '_' && (*s != '-' || !label))
			return false;
		if ((unsigned char)*s >= 0x80 || ++label > 63)
			return false;
	}
	return s[-1] != '-';
}

static int hostname_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (*text && (!is_domain(text, 64) || text[strlen(text) - 1] == '.'))
		return err_say(e, EINVAL, "'%s' is not a host name: labels of letters, digits and hyphens, at most 64 characters",
			       text);
	return param_str.parse(p, text, src, field, e);
}
STR_TYPE(ct_type_hostname, "hostname", hostname_parse);

/* --- lists: each word is checked before one of them is added --- */

int ct_words_parse(const struct param_type *split, word_fn *good, const struct param *p,
		   const char *text, enum param_src src, void *field, struct err *e)
{
	struct str_list words = { 0 };
	struct str_list *l = field;
	int r = split->parse(p, text, src, &words, e);

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		if (!good(words.v[i], e))
			r = -e->code;
		else if (!str_list_has(l, words.v[i]))
			r = str_list_add(l, words.v[i], e);
	}
	if (r == 0)
		l->set = true;
	str_list_clear(&words);
	return r;
}

static bool is_nameserver(const char *s, struct err *e)
{
	struct in6_addr a;
	bool good = !strcmp(s, "inherit") || inet_pton(AF_INET, s, &a) == 1 || inet_pton(AF_INET6, s, &a) == 1;

	if (!good)
		err_say(e, EINVAL, "'%s' is neither an address nor the word inherit", s);
	return good;
}

static int nameserver_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_list, is_nameserver, p, text, src, field, e);
}
LIST_TYPE(ct_type_nameserver, "addresses", nameserver_parse);

static bool is_search(const char *s, struct err *e)
{
	if (is_domain(s, 253) || !strcmp(s, "."))
		return true;
	err_say(e, EINVAL, "'%s' is not a domain name", s);
	return false;
}

static int domain_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_list, is_search, p, text, src, field, e);
}
LIST_TYPE(ct_type_domain, "domains", domain_parse);

static bool is_userpw(const char *s, struct err *e)
{
	const char *colon = strchr(s, ':');
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-$");

	if (colon && colon[1] && n == (size_t)(colon - s) && n > 0 && n <= 32 && *s != '-' && !str_has_ctrl(s))
		return true;
	err_say(e, EINVAL, "expected user:password without blanks");	/* the text is a secret: never repeated */
	return false;
}

static int userpw_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_list, is_userpw, p, text, src, field, e);
}
LIST_TYPE(ct_type_userpw, "user:password", userpw_parse);

static bool is_switch(const char *s, struct err *e)
{
	const char *colon = strchr(s, ':');

	if (colon && colon != s && (!strcmp(colon, ":on") || !strcmp(colon, ":off")))
		return true;
	err_say(e, EINVAL, "'%s' is not NAME:on or NAME:off", s);
	return false;
}

static bool is_cap(const char *s, struct err *e)
{
	const char *one[] = { s, NULL };
	const struct str_list l = { .v = (char **)one, .n = 1, .set = true };
	uint64_t mask;

	return is_switch(s, e) && ct_caps_mask(&l, &mask, e) == 0;
}

static int cap_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_listc, is_cap, p, text, src, field, e);
}

/* Names are good in either case, so they are the same in either. */
static bool cap_equal(const void *a, const void *b)
{
	const struct str_list *x = a, *y = b;

	if (x->n != y->n || x->set != y->set)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (strcasecmp(x->v[i], y->v[i]) != 0)
			return false;
	return true;
}

const struct param_type ct_type_cap = {
	"switches", sizeof(struct str_list), cap_parse, list_print, list_is_set, cap_equal, list_copy, list_done,
};

bool ct_feature_known(const char *item)
{
	static const char *const names[] = { "sysfs", "nfs", "sit", "ipip", "ppp", "ipgre", "bridge", "nfsd", "nesting" };
	size_t n = strcspn(item, ":");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == n && !strncmp(names[i], item, n))
			return true;
	}
	return false;
}

/* An unknown one is no error: set says so and leaves it out, a file keeps it. */
static bool is_feature(const char *s, struct err *e)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (is_switch(s, e) && s[n] == ':')
		return true;
	if (!e->code)
		err_say(e, EINVAL, "'%s' is not NAME:on or NAME:off", s);
	return false;
}

static int feature_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_listc, is_feature, p, text, src, field, e);
}
LIST_TYPE(ct_type_feature, "switches", feature_parse);

static bool is_perm(const char *s)
{
	return !strcmp(s, "none") || (*s && strlen(s) <= 3 && !s[strspn(s, "rwq")]);
}

/* b:8:1:rw, c:10:all:none; loop devices would open the host's files. */
static bool is_dev(const char *s, struct err *e)
{
	const char *minor = (*s == 'b' || *s == 'c') && s[1] == ':' ? strchr(s + 2, ':') : NULL;
	const char *perm = minor ? strchr(minor + 1, ':') : NULL;
	size_t major_n = minor ? strspn(s + 2, "0123456789") : 0;

	if (!perm || s + 2 + major_n != minor || !major_n || major_n > 4 || !is_perm(perm + 1) ||
	    (minor + 1 + strspn(minor + 1, "0123456789") != perm && strncmp(minor, ":all:", 5) != 0) || perm == minor + 1) {
		err_say(e, EINVAL, "'%s' is not b|c:MAJOR:MINOR|all:[r][w][q]|none", s);
		return false;
	}
	if (*s == 'b' && strtoul(s + 2, NULL, 10) == 7) {
		err_say(e, EINVAL, "Device %s is not allowed to be assigned to a CT", s);
		return false;
	}
	return true;
}

static int dev_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_list, is_dev, p, text, src, field, e);
}
LIST_TYPE(ct_type_dev, "devices", dev_parse);

/* net/tun:rw. Whether the node exists is asked when it is given, not each time the file is read. */
static bool is_devnode(const char *s, struct err *e)
{
	const char *colon = strrchr(s, ':');

	if (!colon || colon == s || *s == '/' || *s == '.' || strstr(s, "/.") || strstr(s, "//") || !is_perm(colon + 1)) {
		err_say(e, EINVAL, "'%s' is not NAME:[r][w][q]|none with NAME below /dev", s);
		return false;
	}
	if (str_starts(s, "loop")) {
		err_say(e, EINVAL, "Device %.*s is not allowed to be assigned to a CT", (int)(colon - s), s);
		return false;
	}
	return true;
}

static bool is_devnode_here(const char *s, struct err *e)
{
	char path[300];
	struct stat st;

	if (!is_devnode(s, e))
		return false;
	if (str_fmt(path, sizeof(path), "/dev/%.*s", (int)(strrchr(s, ':') - s), s) == 0 && stat(path, &st) == 0 &&
	    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return true;
	err_set(e, ENOENT, "Incorrect device name %s", path);
	return false;
}

static int devnode_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	return ct_words_parse(&param_list, src == PARAM_CLI ? is_devnode_here : is_devnode, p, text, src, field, e);
}
LIST_TYPE(ct_type_devnode, "devices", devnode_parse);

/* --- numbers --- */

/* A base that somebody asks for must be one that can be recorded; a file may come from elsewhere and is sorted out at use. */
static int uid_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct num_opt v = { 0 };
	unsigned slot;

	if (param_u64.parse(p, text, src, &v, e) < 0)
		return -e->code;
	if (src == PARAM_CLI && ct_slot_of(v.v, &slot) < 0)
		return err_say(e, EINVAL, "%s is not a multiple of %u from %u up to %u; every container has a user namespace",
			       text, CT_UID_COUNT, CT_UID_FIRST, CT_UID_END - CT_UID_COUNT);
	*(struct num_opt *)field = v;
	return 0;
}
NUM_TYPE(ct_type_uid, "uid", uid_parse);

static int size_parse(const struct param *p UNUSED, const char *text, enum param_src src UNUSED, void *field, struct err *e)
{
	uint64_t v;
	int r = num_size(text, NUM_BYTES, &v);

	if (r < 0 || v >= NUM_UNLIMITED)
		return err_say(e, EINVAL, "'%s' is not a size in bytes (NUM[TGMKPB])", text);
	*(struct num_opt *)field = (struct num_opt){ .v = v, .set = true };
	return 0;
}
NUM_TYPE(ct_type_size, "size", size_parse);
