/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job as the API's Operation, and what it says while it runs: the last line of its log, and how far it is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/b64.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/job_priv.h"
#include "vzd/timefmt.h"

#define TAIL 4096		/* bytes of the log that are looked at for stage and percent */
#define RESULT_OUT_MAX (256u << 10)	/* bytes of each output in an Operation: two of them as base64 fit a message */

/* --- text --- */

/* Length of the UTF-8 sequence at @s, 0: none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 : *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0))) ||
	    (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))))
		return 0;		/* overlong, surrogate, too large */
	return n;
}

void job_clean(char *s)
{
	while (*s) {
		size_t n = utf8_len((const unsigned char *)s);

		if (n == 0)
			*s = '?';
		s += n ? n : 1;
	}
}

static int read_file(const struct job_box *b, const char *ext, struct buf *out, struct err *e)
{
	char name[48];

	if (fio_read_at(b->jobs->dir, job_file(b->j.id, ext, name), out, e) == 0)
		return 0;
	if (e->code != ENOENT)
		return -e->code;
	err_clear(e);
	return 0;
}

int job_log_read(struct job_box *b, struct buf *out, struct err *e)
{
	buf_init(out, 3 * (size_t)JOB_OUT_MAX);
	if (read_file(b, "log", out, e) < 0 || read_file(b, "out", out, e) < 0 || read_file(b, "err", out, e) < 0)
		return -e->code;
	if (out->len == 0 && b->log)
		buf_adds(out, b->log);
	for (size_t i = 0; i < out->len; i++) {
		unsigned char c = (unsigned char)out->s[i];

		if ((c < 0x20 && !strchr("\n\r\t", c)) || !c || c == 0x7f)
			out->s[i] = '?';
	}
	if (out->s)
		job_clean(out->s);
	return buf_failed(out) ? err_set(e, ENOMEM, "log of %s", b->j.id) : 0;
}

int job_log(struct jobs *js, const char *id, struct buf *b, struct err *e)
{
	struct job *j = job_get(js, id);
	int r;

	if (!j)
		return err_say(e, ENOENT, "there is no operation '%s'", id);
	r = job_log_read(box_of(j), b, e);
	job_free(j);
	return r;
}

/* "progress 40%", "40%": -1 if the line is no such. */
static int percent_of(const char *line)
{
	unsigned long n;
	char *end;

	if (str_starts(line, "progress "))
		line += strlen("progress ");
	if (*line < '0' || *line > '9')
		return -1;
	n = strtoul(line, &end, 10);
	return n <= 100 && !strcmp(end, "%") ? (int)n : -1;
}

void job_refresh(struct job_box *b)
{
	char t[TAIL + 1], name[48], *line = t, *last = NULL;
	auto_close int fd = -1;
	struct stat st;
	ssize_t n;

	if (b->j.state != JOB_RUNNING || b->keep)
		return;
	fd = openat(b->jobs->dir, job_file(b->j.id, "log", name), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	n = pread(fd, t, TAIL, st.st_size > TAIL ? st.st_size - TAIL : 0);
	if (n <= 0)
		return;
	t[n] = '\0';
	for (char *p = t; p < t + n; p++) {
		if (*p && *p != '\n' && *p != '\r') {
			*p = (unsigned char)*p < 0x20 || *p == 0x7f ? ' ' : *p;
			continue;
		}
		*p = '\0';
		if (*line) {
			int percent = percent_of(line);

			b->j.percent = percent >= 0 ? percent : b->j.percent;
			last = line;
		}
		line = p + 1;
	}
	if (!last)
		return;
	if (strlen(last) >= JOB_LINE_MAX)
		last[JOB_LINE_MAX - 1] = '\0';
	job_clean(last);
	(void)job_set(&b->j.stage, last);
}

/* --- the Operation --- */

static json_t *output(const struct job_box *b, const char *ext, bool *cut)
{
	auto_buf struct buf raw, text;
	struct err e = { 0 };

	buf_init(&raw, 2 * (size_t)JOB_OUT_MAX);
	buf_init(&text, 2 * (size_t)JOB_OUT_MAX);
	if (read_file(b, ext, &raw, &e) < 0)
		return json_null();
	*cut |= raw.len > RESULT_OUT_MAX;
	b64_add(&text, raw.s, MIN(raw.len, RESULT_OUT_MAX), false);
	return json_string(buf_str(&text));
}

static json_t *result(const struct job_box *b, bool with_output)
{
	json_t *r = json_pack("{si}", "exit", b->j.exit);
	bool cut = b->truncated;

	if (!b->keep || !with_output)
		return r;
	json_object_set_new(r, "stdout_b64", output(b, "out", &cut));
	json_object_set_new(r, "stderr_b64", output(b, "err", &cut));
	json_object_set_new(r, "truncated", json_boolean(cut));
	return r;
}

json_t *job_json(const struct job *job, bool with_output)
{
	const struct job_box *b = box_of(job);
	bool ended = job->state >= JOB_DONE;
	json_t *j = json_pack("{ss ss sI ss ss ss ss so so so so so sb so so so}",
			      "id", job->id, "kind", job->kind, "ct", (json_int_t)job->ctid, "owner", job->owner,
			      "principal", job->principal, "state", job_state_names[job->state], "stage", job->stage,
			      "progress", job->percent < 0 ? json_null() : json_pack("{si}", "percent", job->percent),
			      "resource", job->resource ? json_string(job->resource) : json_null(),
			      "created_at", timefmt_json(job->created_ms), "started_at", timefmt_json(job->started_ms),
			      "finished_at", timefmt_json(job->ended_ms), "cancelable", !ended,
			      "result", ended ? result(b, with_output) : json_null(), "error", json_null(),
			      "log", json_sprintf("/v1/operations/%s/log", job->id));

	if (j && job->error && job->state != JOB_DONE)
		json_object_set_new(j, "error", api_problem_json(job->state == JOB_CANCELLED ? "conflict-state" :
								 job->exit > 0 && !b->keep ? api_slug_of_exit(job->exit) : "failed",
								 b->keep ? 0 : job->exit, job->error, NULL));
	if (j && !job->ctid)
		json_object_set_new(j, "ct", json_null());
	return j;
}

static int add_json(struct job_box *b, void *arg, struct err *e)
{
	struct job_box *live = job_box_find(b->jobs, b->j.id);	/* newer than its row */

	if (live)
		job_refresh(live);
	json_array_append_new(arg, job_json(live ? &live->j : &b->j, false));
	job_box_free(b);
	(void)e;
	return 0;
}

int job_list(struct jobs *js, const char *owner, unsigned ctid, const char *state, const char *before, unsigned limit,
	     json_t **ret_array, struct err *e)
{
	json_t *a = json_array();
	int want = -1;

	for (int i = 0; state && i < JOB_N; i++) {
		if (!strcmp(state, job_state_names[i]))
			want = i;
	}
	if (state && want < 0) {
		json_decref(a);
		return err_say(e, EINVAL, "operations have no state '%s'", state);
	}
	if (job_rows(js, owner, ctid, want, before, limit, add_json, a, e) < 0) {
		json_decref(a);
		return -e->code;
	}
	*ret_array = a;
	return 0;
}
