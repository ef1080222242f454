/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distribution scripts: finding, reading, and the text that the shell inside is fed. action_run.c runs them. */
#include "libct/action.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/ct_priv.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"

static const char *const names[] = {
	[CT_ACTION_ADD_IP] = "ADD_IP", [CT_ACTION_DEL_IP] = "DEL_IP", [CT_ACTION_SET_HOSTNAME] = "SET_HOSTNAME",
	[CT_ACTION_SET_DNS] = "SET_DNS", [CT_ACTION_SET_USERPASS] = "SET_USERPASS",
	[CT_ACTION_SET_UGID_QUOTA] = "SET_UGID_QUOTA", [CT_ACTION_POST_CREATE] = "POST_CREATE",
	[CT_ACTION_PRE_START] = "PRE_START", [CT_ACTION_SET_CONSOLE] = "SET_CONSOLE",
};
_Static_assert(ARRAY_SIZE(names) == CT_ACTION_N, "name every action");

const char *ct_action_name(enum ct_action a)
{
	return names[a];
}

void ct_actions_done(struct ct_actions *a)
{
	for (size_t i = 0; i < CT_ACTION_N; i++) {
		free(a->file[i]);
		free(a->text[i]);
	}
	free(a->functions);
	*a = (struct ct_actions){ 0 };
}

/* 1: read into @b; 0: there is none. */
static int read_trusted(int dir, const char *dirname, const char *name, struct buf *b, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "%s/%s", dirname, name);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return err_say(e, EPERM, "%s/%s must be a regular file of root that nobody else can write: "
			       "chown root, chmod go-w", dirname, name);
	return fio_read_fd(fd, b, name, e) < 0 ? err_add(e, "%s", dirname) : 1;
}

/* Cuts the name at its last '-' each time; one that is too long has no file. */
static int find_conf(int dir, const char *dirname, const char *dist, struct buf *b, bool *by_default, struct err *e)
{
	char name[256], file[264];

	if (str_copy(name, sizeof(name), dist) < 0)
		name[0] = '\0';
	for (char *cut; *name; *cut = '\0') {
		int r = 0;

		if (path_is_component(name) && str_fmt(file, sizeof(file), "%s.conf", name) == 0)
			r = read_trusted(dir, dirname, file, b, e);
		if (r)
			return r;
		cut = strrchr(name, '-');
		if (!cut)
			break;
	}
	*by_default = true;
	return read_trusted(dir, dirname, "default", b, e);
}

static int read_script(int dir, const char *dirname, const char *name, char **ret, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	int r = path_is_component(name) ? read_trusted(dir, dirname, name, &b, e) : 0;

	if (r == 0)
		err_say(e, ENOENT, "Action script %s/%s not found", dirname, name);
	if (r <= 0)
		return err_exit(e, VZ_NO_DISTR_ACTION_SCRIPT);
	buf_addc(&b, '\n');
	*ret = buf_take(&b);
	return *ret ? 0 : err_set(e, ENOMEM, "%s", name);
}

static int read_scripts(int dir, const char *dirname, const struct kv *kv, struct ct_actions *ret, struct err *e)
{
	char path[512];
	auto_close int scripts = openat(dir, "scripts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf functions = BUF_INIT;

	str_fmt(path, sizeof(path), "%s/scripts", dirname);
	for (size_t i = 0; i < CT_ACTION_N; i++) {
		const char *name = kv_get(kv, names[i]);

		if (!name || !*name)
			continue;
		if (read_script(scripts, path, name, &ret->text[i], e) < 0)
			return -e->code;
		ret->file[i] = strdup(name);
		if (!ret->file[i])
			return err_set(e, ENOMEM, "%s", name);
	}
	if (scripts >= 0 && read_trusted(scripts, path, "functions", &functions, e) < 0)
		return err_exit(e, VZ_NO_DISTR_ACTION_SCRIPT);
	buf_addc(&functions, '\n');
	ret->functions = buf_take(&functions);
	return ret->functions ? 0 : err_set(e, ENOMEM, "functions");
}

int ct_actions_load(const char *dirname, const char *dist, struct ct_actions *ret, struct err *e)
{
	auto_close int dir = open(dirname, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf b = BUF_INIT;
	auto_kv struct kv kv = { 0 };
	int r;

	*ret = (struct ct_actions){ 0 };
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", dirname);
	r = find_conf(dir, dirname, dist ? dist : "", &b, &ret->by_default, e);
	if (r < 0 || (r > 0 && kv_parse(&kv, buf_str(&b), b.len, e) < 0))
		return err_exit(e, VZ_NO_DISTR_CONF);
	if (r == 0)
		ret->by_default = false;
	if (r > 0 && read_scripts(dir, dirname, &kv, ret, e) < 0) {
		ct_actions_done(ret);
		return -e->code;
	}
	return 0;
}

int ct_actions_of(struct ct *ct, const struct ct_conf *c, struct ct_actions *ret, struct err *e)
{
	const char *dist = c->compat.distribution && *c->compat.distribution ? c->compat.distribution : c->ostemplate;

	if (ct_actions_load(CT_DISTS_DIR, dist, ret, e) < 0)
		return -e->code;
	if (ret->by_default)
		ct_say(ct, -1, "Warning: configuration file for distribution %s not found, using defaults from "
		       CT_DISTS_DIR "/default", dist ? dist : "");
	return 0;
}

static void add_var(struct buf *b, const struct ct_action_var *v)
{
	buf_addf(b, "%s='", v->name);
	for (const char *s = v->val; *s; s++)
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *s);
	buf_addf(b, "'; export %s\n", v->name);
}

int ct_action_text(const struct ct_actions *a, enum ct_action which, const struct ct_action_var *vars,
		   struct buf *ret, struct err *e)
{
	buf_reset(ret);
	for (; vars->name; vars++)
		if (vars->val)
			add_var(ret, vars);
	buf_adds(ret, a->functions);
	buf_adds(ret, a->text[which]);
	return buf_failed(ret) ? err_set(e, EFBIG, "script %s", a->file[which]) : 0;
}

int ct_action_job(struct ct_action_jobs *j, const struct ct_actions *a, enum ct_action which,
		  const struct ct_action_var *vars, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_free char *name = NULL;

	if (!a->text[which])
		return 0;
	if (j->n == CT_ACTION_JOBS_MAX)
		return err_say(e, E2BIG, "too many distribution scripts at once");
	if (ct_action_text(a, which, vars, &b, e) < 0)
		return -e->code;
	name = strdup(a->file[which]);
	if (!name)
		return err_set(e, ENOMEM, "script %s", a->file[which]);
	j->v[j->n].text = buf_take(&b);
	if (!j->v[j->n].text)
		return err_set(e, ENOMEM, "script %s", name);
	j->v[j->n++].name = take_ptr(name);
	return 0;
}

void ct_action_jobs_done(struct ct_action_jobs *j)
{
	for (size_t i = 0; i < j->n; i++) {
		explicit_bzero(j->v[i].text, strlen(j->v[i].text));	/* a password, perhaps */
		free(j->v[i].text);
		free(j->v[i].name);
	}
	j->n = 0;
}
