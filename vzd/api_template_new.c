/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How templates come to be over the API: pulled from a signed index, saved of a container, uploaded in pieces; and the
 * collection of what nobody needs. Each is a job that runs vztmpl, which judges; here are words and pieces only.
 *   TEMPLATE/upload/NAME.part   0700; pieces come in order, each tells where it begins; one left for a day is rubbish
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/b64.h"
#include "util/buf.h"
#include "util/path.h"
#include "util/str.h"
#include "vzd/api_ct.h"
#include "vzd/inv.h"

#define PIECE_MAX 61440		/* characters of base64 */
#define UPLOAD_MAX (64ll << 30)

/* What becomes a file's name and an operand of vztmpl. */
static bool name_ok(struct api_call *c, const char *name)
{
	if (name && path_is_component(name) && name[0] != '.' && name[0] != '-' && strlen(name) < 200)
		return true;
	api_problem(c, "invalid-field", 0, "a template's name has no '/' and does not begin with '.' or '-'", NULL);
	return false;
}

static int words(struct conf_args *a, const char *const *w, struct err *e)
{
	if (ct_word(a, VZTMPL, e) < 0)
		return -e->code;
	for (; *w; w++)
		if (ct_word(a, *w, e) < 0)
			return -e->code;
	return 0;
}

static int submit(struct api_call *c, const struct conf_args *a, const char *name, struct err *e)
{
	char resource[300];
	const struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name,
				    .resource = resource, .argv = (const char *const *)a->v };

	str_fmt(resource, sizeof(resource), "/v1/templates%s%s", *name ? "/" : "", name);
	return api_job(c, &s, NULL, e);
}

static int submit_output(struct api_call *c, const struct conf_args *a, struct err *e)
{
	const struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name,
				    .resource = "/v1/templates", .keep_output = true, .argv = (const char *const *)a->v };

	return api_job(c, &s, NULL, e);
}

static int pull_run(struct api_call *c, struct err *e)
{
	const char *index = ct_body_text(c, "index");
	const json_t *names = json_object_get(c->req.body, "names");
	bool list = json_is_true(json_object_get(c->req.body, "list"));
	auto_args struct conf_args a = { 0 };

	if (!str_starts(index, "https://") && !str_starts(index, "http://")) {
		api_problem(c, "invalid-field", 0, "index: a URL that begins with https:// or http://", NULL);
		return 0;
	}
	if (words(&a, (const char *const[]){ "pull", list ? "--list" : "--", list ? "--" : index, list ? index : NULL, NULL },
		  e) < 0)
		return -e->code;
	for (size_t i = 0; i < json_array_size(names); i++)
		if (ct_word(&a, json_string_value(json_array_get(names, i)), e) < 0)
			return -e->code;
	return list ? submit_output(c, &a, e) : submit(c, &a, "", e);
}

/* From a file or directory of the host: an archive, an OCI image layout or an archive of one, an Incus image. */
static int import_run(struct api_call *c, struct err *e)
{
	static const char *const texts[] = { "name", "sha256", "tag", "rootfs" };
	const char *source = ct_body_text(c, "source");
	auto_args struct conf_args a = { 0 };

	if (source[0] != '/') {
		api_problem(c, "invalid-field", 0, "source: a full path on this host", NULL);
		return 0;
	}
	if (ct_body_text(c, "name") && !name_ok(c, ct_body_text(c, "name")))
		return 0;
	if (words(&a, (const char *const[]){ "add", NULL }, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (ct_body_text(c, texts[i]) && conf_args_add(&a, texts[i], ct_body_text(c, texts[i]), e) < 0)
			return -e->code;
	if ((json_is_true(json_object_get(c->req.body, "app")) && ct_word(&a, "--app", e) < 0) ||
	    (json_is_true(json_object_get(c->req.body, "unsigned")) && ct_word(&a, "--unsigned", e) < 0) ||
	    ct_word(&a, "--", e) < 0 || ct_word(&a, source, e) < 0)
		return -e->code;
	return submit(c, &a, "", e);
}

/* The index of a directory of archives, for other hosts to pull. */
static int index_run(struct api_call *c, struct err *e)
{
	static const char *const texts[] = { "sign", "id" };
	const char *dir = ct_body_text(c, "directory");
	const json_t *days = json_object_get(c->req.body, "days");
	char text[24];
	auto_args struct conf_args a = { 0 };

	if (dir[0] != '/' || ct_body_text(c, "sign")[0] != '/') {
		api_problem(c, "invalid-field", 0, "directory and sign: full paths on this host", NULL);
		return 0;
	}
	str_fmt(text, sizeof(text), "%lld", (long long)json_integer_value(days));
	if (words(&a, (const char *const[]){ "index", NULL }, e) < 0 || (days && conf_args_add(&a, "days", text, e) < 0))
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (ct_body_text(c, texts[i]) && conf_args_add(&a, texts[i], ct_body_text(c, texts[i]), e) < 0)
			return -e->code;
	return ct_word(&a, "--", e) < 0 || ct_word(&a, dir, e) < 0 ? -e->code : submit(c, &a, "", e);
}

static int pin_job(struct api_call *c, const char *verb, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	if (!name_ok(c, c->seg[0]))
		return 0;
	return words(&a, (const char *const[]){ verb, "--", c->seg[0], NULL }, e) < 0 ? -e->code : submit(c, &a, c->seg[0], e);
}

static int pin_run(struct api_call *c, struct err *e) { return pin_job(c, "pin", e); }
static int unpin_run(struct api_call *c, struct err *e) { return pin_job(c, "unpin", e); }

static int save_run(struct api_call *c, struct err *e)
{
	const char *name = ct_body_text(c, "name");
	char id[16];
	auto_args struct conf_args a = { 0 };

	if (!name_ok(c, name))
		return 0;
	str_fmt(id, sizeof(id), "%u", c->ctid);
	return words(&a, (const char *const[]){ "save", "--", id, name, NULL }, e) < 0 ? -e->code : submit(c, &a, name, e);
}

static int gc_run(struct api_call *c, struct err *e)
{
	bool dry = json_is_true(json_object_get(c->req.body, "dry_run"));
	auto_args struct conf_args a = { 0 };

	return words(&a, (const char *const[]){ "gc", dry ? "--dry-run" : NULL, NULL }, e) < 0 ? -e->code : submit(c, &a, "", e);
}

/* --- uploads --- */

static int upload_dir(struct api_call *c, struct err *e)
{
	auto_close int base = open(vzd_tmpl_dir(c->d), O_PATH | O_DIRECTORY | O_CLOEXEC);

	return base < 0 ? err_set(e, errno, "%s", vzd_tmpl_dir(c->d)) : path_mkdirs(base, "upload", 0700, e);
}

static int answer_offset(struct api_call *c, long long at)
{
	api_json(c, 200, json_pack("{s:I}", "offset", (json_int_t)at));
	return 0;
}

static int put_piece(int fd, const struct buf *data, off_t at, struct err *e)
{
	ssize_t n = pwrite(fd, data->s, data->len, at);

	if (n == (ssize_t)data->len)
		return 0;
	err_set(e, n < 0 ? errno : ENOSPC, "write the upload");
	if (ftruncate(fd, at) < 0)		/* what was written of the piece is sent again */
		return err_add(e, "it must begin anew");
	return -e->code;
}

static int piece_run(struct api_call *c, struct err *e)
{
	long long at = json_integer_value(json_object_get(c->req.body, "offset"));
	auto_buf struct buf data = { .cap = PIECE_MAX };
	auto_close int dir = -1, fd = -1;
	char file[256];
	struct stat st;

	if (!name_ok(c, c->seg[0]))
		return 0;
	if (b64_parse(&data, ct_body_text(c, "data"), false) < 0 || !data.len) {
		api_problem(c, "invalid-field", 0, "data: base64 with padding, not empty", NULL);
		return 0;
	}
	str_fmt(file, sizeof(file), "%s.part", c->seg[0]);
	dir = upload_dir(c, e);
	fd = dir < 0 ? -1 : openat(dir, file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (at == 0 ? O_TRUNC : 0), 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return e->code ? -e->code : err_set(e, errno, "upload of %s", c->seg[0]);
	if (st.st_size != at) {
		api_problem(c, "conflict-state", 0, "the piece does not begin where the last one ended: see offset",
			    json_pack("{s:I}", "offset", (json_int_t)st.st_size));
		return 0;
	}
	if (put_piece(fd, &data, at, e) < 0)
		return -e->code;
	return answer_offset(c, at + (long long)data.len);
}

static int offset_run(struct api_call *c, struct err *e)
{
	auto_close int dir = -1;
	char file[256];
	struct stat st;

	if (!name_ok(c, c->seg[0]))
		return 0;
	str_fmt(file, sizeof(file), "%s.part", c->seg[0]);
	dir = upload_dir(c, e);
	if (dir < 0)
		return -e->code;
	return answer_offset(c, fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : (long long)st.st_size);
}

static int commit_run(struct api_call *c, struct err *e)
{
	const char *format = ct_body_text(c, "format"), *sha256 = ct_body_text(c, "sha256");
	char part[256], file[300], path[4400];
	auto_close int dir = -1;
	auto_args struct conf_args a = { 0 };

	if (!name_ok(c, c->seg[0]))
		return 0;
	str_fmt(part, sizeof(part), "%s.part", c->seg[0]);
	str_fmt(file, sizeof(file), "%s.%s", c->seg[0], format);
	dir = upload_dir(c, e);
	if (dir < 0)
		return -e->code;
	if (renameat(dir, part, dir, file) < 0) {
		if (errno != ENOENT)
			return err_set(e, errno, "upload of %s", c->seg[0]);
		api_problem(c, "not-found", 0, "nothing was uploaded under this name", NULL);
		return 0;
	}
	str_fmt(path, sizeof(path), "%s/upload/%s", vzd_tmpl_dir(c->d), file);
	if (words(&a, (const char *const[]){ "add", "--move", "--sha256", sha256, "--name", c->seg[0], NULL }, e) < 0 ||
	    (ct_body_text(c, "tag") && conf_args_add(&a, "tag", ct_body_text(c, "tag"), e) < 0) ||
	    (json_is_true(json_object_get(c->req.body, "app")) && ct_word(&a, "--app", e) < 0) ||
	    ct_word(&a, "--", e) < 0 || ct_word(&a, path, e) < 0)
		return -e->code;
	return submit(c, &a, c->seg[0], e);
}

static const struct api_field pull_body[] = {
	{ .name = "index", .type = API_STR, .required = true, .min = 8, .max = 1000, .doc = "URL of a signed index of templates." },
	{ .name = "names", .type = API_LIST, .max = 100, .doc = "Which: names, or patterns with * and ?. Absent: all." },
	{ .name = "list", .type = API_BOOL, .doc = "Fetch nothing: the result says what there is." },
	{ .name = NULL },
};
static const struct api_field import_body[] = {
	{ .name = "source", .type = API_STR, .required = true, .min = 2, .max = 4000,
	  .doc = "On this host: rootfs.tar.*, an OCI image layout or an archive of one, an Incus image." },
	{ .name = "name", .type = API_STR, .min = 1, .max = 199, .doc = "Of the new template; the file's when absent." },
	{ .name = "sha256", .type = API_STR, .min = 64, .max = 64, .doc = "Of the archive, or of an OCI image's manifest." },
	{ .name = "tag", .type = API_STR, .min = 1, .max = 255, .doc = "Which image, if there are several." },
	{ .name = "rootfs", .type = API_STR, .min = 2, .max = 4000, .doc = "The root of an Incus image in two files." },
	{ .name = "app", .type = API_BOOL, .doc = "An image without init: its entrypoint is run in place of one." },
	{ .name = "unsigned", .type = API_BOOL, .doc = "Neither a signature beside it nor sha256 vouches for it." },
	{ .name = NULL },
};
static const struct api_field index_body[] = {
	{ .name = "directory", .type = API_STR, .required = true, .min = 2, .max = 4000, .doc = "Of archives, on this host." },
	{ .name = "sign", .type = API_STR, .required = true, .min = 2, .max = 4000,
	  .doc = "File of the secret key (vztmpl keygen)." },
	{ .name = "id", .type = API_STR, .min = 1, .max = 63, .doc = "Tells this index from others of the same key." },
	{ .name = "days", .type = API_INT, .min = 1, .max = 36500, .doc = "How long it is good; 30 when absent." },
	{ .name = NULL },
};
static const struct api_field save_body[] = {
	{ .name = "name", .type = API_STR, .required = true, .min = 1, .max = 199, .doc = "Of the new template." },
	{ .name = NULL },
};
static const struct api_field gc_body[] = {
	{ .name = "dry_run", .type = API_BOOL, .doc = "Only say what would be removed." },
	{ .name = NULL },
};
static const struct api_field piece_body[] = {
	{ .name = "offset", .type = API_INT, .required = true, .max = UPLOAD_MAX, .doc = "Where the piece begins; 0 begins anew." },
	{ .name = "data", .type = API_STR, .required = true, .min = 4, .max = PIECE_MAX, .doc = "Base64." },
	{ .name = NULL },
};
static const struct api_field commit_body[] = {
	{ .name = "format", .type = API_STR, .required = true, .one_of = "tar tar.gz tar.bz2 tar.xz tar.zst",
	  .doc = "Of the archive." },
	{ .name = "sha256", .type = API_STR, .required = true, .min = 64, .max = 64,
	  .doc = "Of the whole archive; if it is an OCI image, of its manifest." },
	{ .name = "tag", .type = API_STR, .min = 1, .max = 255, .doc = "Which image of several." },
	{ .name = "app", .type = API_BOOL, .doc = "An image without init: its entrypoint is run in place of one." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "POST", "/v1/templates/pull", "template.pull", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, pull_body, NULL, "Operation",
	  "Takes templates from a signed index.", pull_run },
	{ "POST", "/v1/templates/import", "template.import", SCOPE_NODE_WRITE, API_WRITE | API_JOB, import_body, NULL,
	  "Operation", "Makes a template of an archive or an image on the host.", import_run },
	{ "POST", "/v1/templates/index", "template.index", SCOPE_NODE_WRITE, API_WRITE | API_JOB, index_body, NULL, "Operation",
	  "Makes the signed index of a directory of archives.", index_run },
	{ "PUT", "/v1/templates/{template}/pin", "template.pin", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Keeps its tree even if nothing stands on it.", pin_run },
	{ "DELETE", "/v1/templates/{template}/pin", "template.unpin", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "No longer.", unpin_run },
	{ "POST", "/v1/templates/gc", "template.gc", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, gc_body, NULL, "Operation",
	  "Removes unpacked trees that nothing stands on any more.", gc_run },
	{ "POST", "/v1/cts/{ct}/template", "template.save", SCOPE_TEMPLATE_WRITE, API_CT | API_WRITE | API_JOB, save_body, NULL,
	  "Operation", "Makes a template of a container, running or stopped.", save_run },
	{ "GET", "/v1/templates/{template}/upload", "template.upload.get", SCOPE_TEMPLATE_WRITE, 0, NULL, NULL, "Upload",
	  "How far an upload is.", offset_run },
	{ "PUT", "/v1/templates/{template}/upload", "template.upload.put", SCOPE_TEMPLATE_WRITE, API_WRITE, piece_body, NULL,
	  "Upload", "The next piece of an archive.", piece_run },
	{ "POST", "/v1/templates/{template}/upload", "template.upload.commit", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB,
	  commit_body, NULL, "Operation", "Makes a template of the pieces, if they have the digest.", commit_run },
};
const struct api_table api_template_new_table = API_TABLE(rows);
