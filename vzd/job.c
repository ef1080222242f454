/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promise, the queue, cancelling and waiting. A job is in the table from the moment it is submitted, so that a second
 * one for its container is refused at once; it runs only after its row is durable. How it runs is job_run.c.
 */
#include "vzd/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"
#include "vzd/bus.h"
#include "vzd/job_priv.h"
#include "vzd/timefmt.h"

#define ARGV_BYTES_MAX 131072	/* what one argument may have, the kernel says; all of ours together */
#define SECRET_MAX 60000	/* fits a pipe */

const char *const job_state_names[JOB_N] = {
	[JOB_QUEUED] = "queued", [JOB_RUNNING] = "running", [JOB_DONE] = "done", [JOB_FAILED] = "failed",
	[JOB_CANCELLED] = "cancelled",
};
_Static_assert(ARRAY_SIZE(job_state_names) == JOB_N, "name every state");

/* --- boxes and the table --- */

int job_set(char **field, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

struct job_box *job_box_new(struct jobs *js, const char *id, struct err *e)
{
	struct job_box *b = calloc(1, sizeof(*b));

	if (b) {
		b->jobs = js;
		b->pidfd = -1;
		b->j.exit = -1;
		b->j.percent = -1;
		b->j.stage = strdup("");
	}
	if (!b || !b->j.stage || str_copy(b->j.id, sizeof(b->j.id), id) < 0) {
		job_box_free(b);
		err_set(e, ENOMEM, "job");
		return NULL;
	}
	return b;
}

void job_box_free(struct job_box *b)
{
	if (!b)
		return;
	ev_del(b->watch);
	auto_close_(&b->pidfd);
	if (b->secret)
		explicit_bzero(b->secret, strlen(b->secret));
	free(b->secret);
	free(b->log);
	free(b->argv);
	free(b->j.kind);
	free(b->j.owner);
	free(b->j.principal);
	free(b->j.resource);
	free(b->j.stage);
	free(b->j.error);
	free(b);
}

void job_free(struct job *job)
{
	if (job && box_of(job)->copy)
		job_box_free(box_of(job));
}

bool job_keeps_output(const struct job *job)
{
	return box_of(job)->keep;
}

static struct job_box **bucket(struct jobs *js, const char *id)
{
	unsigned h = 5381;

	for (; *id; id++)
		h = h * 33 + (unsigned char)*id;
	return &js->hash[h % JOB_HASH];
}

struct job_box *job_box_find(const struct jobs *js, const char *id)
{
	struct job_box *b = *bucket((struct jobs *)(uintptr_t)js, id);

	while (b && strcmp(b->j.id, id) != 0)
		b = b->hash_next;
	return b;
}

void job_box_add(struct job_box *b)
{
	struct job_box **head = bucket(b->jobs, b->j.id);

	b->copy = false;
	b->hash_next = *head;
	*head = b;
	b->next = NULL;
	*b->jobs->live_end = b;
	b->jobs->live_end = &b->next;
}

static void unlist_live(struct job_box *b)
{
	struct job_box **at = &b->jobs->live;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	if (!*at)
		b->jobs->live_end = at;
	b->next = NULL;
}

static void unhash(struct job_box *b)
{
	struct job_box **at = bucket(b->jobs, b->j.id);

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
}

void job_retire(struct job_box *b)
{
	struct jobs *js = b->jobs;

	unlist_live(b);
	*js->recent_end = b;
	js->recent_end = &b->next;
	js->n_recent++;
	js->recent_bytes += b->out_bytes;
	while (js->n_recent > JOB_RECENT || (js->recent_bytes > JOB_RECENT_BYTES && js->n_recent > 1)) {
		struct job_box *old = js->recent;

		if (old->waits)
			break;
		js->recent = old->next;
		js->n_recent--;
		js->recent_bytes -= old->out_bytes;
		unhash(old);
		job_files_remove(js, old->j.id);
		job_box_free(old);
	}
	if (!js->recent)
		js->recent_end = &js->recent;
}

/* --- identity --- */

/* 48 bits of time, 45 of chance that count on within one millisecond: later ones sort after earlier ones. */
static void new_id(struct jobs *js, char id[JOB_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint64_t now = (uint64_t)timefmt_now_ms();

	if (now > js->id_ms) {
		js->id_ms = now;
		if (getrandom(&js->id_low, sizeof(js->id_low), GRND_NONBLOCK) != sizeof(js->id_low))
			js->id_low = ev_now_ms() * 0x9e3779b97f4a7c15u;
		js->id_low &= (1ull << 44) - 1;		/* room to count */
	} else {
		js->id_low++;
	}
	id[0] = 'j';
	for (int i = 0; i < 10; i++)
		id[1 + i] = digits[js->id_ms >> (45 - 5 * i) & 31];
	for (int i = 0; i < 9; i++)
		id[11 + i] = digits[js->id_low >> (40 - 5 * i) & 31];
	id[JOB_ID_LEN] = '\0';
}

/* --- submitting --- */

static int copy_argv(struct job_box *b, const char *const *argv, struct err *e)
{
	json_t *a = json_array();
	size_t n = 0, bytes = 0;

	for (; argv[n]; n++) {
		bytes += strlen(argv[n]) + 1;
		if (json_array_append_new(a, json_string(argv[n])) < 0) {
			json_decref(a);
			return err_say(e, EINVAL, "word %zu of the command is not UTF-8", n);
		}
	}
	if (n == 0 || n > JOB_ARGS_MAX || bytes > ARGV_BYTES_MAX) {
		json_decref(a);
		return err_say(e, EINVAL, "a command has 1 to %d words and at most %d bytes", JOB_ARGS_MAX, ARGV_BYTES_MAX);
	}
	b->argv = json_dumps(a, JSON_COMPACT);
	json_decref(a);
	return b->argv ? 0 : err_set(e, ENOMEM, "job");
}

static int from_spec(struct job_box *b, const struct job_spec *s, struct err *e)
{
	if (copy_argv(b, s->argv, e) < 0)
		return -e->code;
	if (s->secret && strlen(s->secret) > SECRET_MAX)
		return err_say(e, EINVAL, "what goes to the command's standard input has at most %d bytes", SECRET_MAX);
	if (job_set(&b->j.kind, s->kind) < 0 || job_set(&b->j.owner, s->owner ? s->owner : "") < 0 ||
	    job_set(&b->j.principal, s->principal ? s->principal : "") < 0 || job_set(&b->j.resource, s->resource) < 0 ||
	    job_set(&b->secret, s->secret) < 0)
		return err_set(e, ENOMEM, "job");
	b->j.ctid = s->ctid;
	b->j.created_ms = timefmt_now_ms();
	b->had_secret = s->secret != NULL;
	b->again = s->again && !s->secret;
	b->keep = s->keep_output;
	b->shared = s->shared;
	b->timeout_s = s->timeout_s;
	return 0;
}

static const struct job_box *holder(const struct jobs *js, unsigned ctid)
{
	for (const struct job_box *b = js->live; b; b = b->next) {
		if (b->j.ctid == ctid && !b->shared)
			return b;
	}
	return NULL;
}

size_t job_count(struct jobs *js, const char *owner, const char *kind)
{
	size_t n = 0;

	for (const struct job_box *b = js ? js->live : NULL; b; b = b->next)
		n += str_eq(b->j.owner, owner) && str_eq(b->j.kind, kind);
	return n;
}

bool job_claims(struct jobs *js, unsigned ctid)
{
	return holder(js, ctid) != NULL;
}

void job_each_change(struct jobs *js, void (*fn)(void *arg, unsigned ctid, const char *words), void *arg)
{
	for (const struct job_box *b = js->live; b; b = b->next)
		if (b->j.ctid && !b->shared && b->argv)
			fn(arg, b->j.ctid, b->argv);
}

int job_submit(struct jobs *js, const struct job_spec *s, job_fn *accepted, void *arg, char ret_busy[JOB_ID_LEN + 1],
	       struct err *e)
{
	const struct job_box *other = s->ctid && !s->shared ? holder(js, s->ctid) : NULL;
	char id[JOB_ID_LEN + 1];
	struct job_box *b;

	if (other) {
		if (ret_busy)
			(void)str_copy(ret_busy, JOB_ID_LEN + 1, other->j.id);
		err_say(e, EBUSY, "container %u is busy: operation %s (%s) has not ended", s->ctid, other->j.id, other->j.kind);
		return err_exit(e, VZ_LOCKED);
	}
	new_id(js, id);
	b = job_box_new(js, id, e);
	if (!b)
		return -e->code;
	if (from_spec(b, s, e) < 0 || job_row_write(b, JOB_ROW_NEW, s, e) < 0) {
		job_box_free(b);
		return -e->code;
	}
	b->accepted = accepted;
	b->accepted_arg = arg;
	job_box_add(b);
	return 0;
}

void job_promised(struct job_box *b, const struct err *e)
{
	job_fn *fn = b->accepted;
	struct jobs *js = b->jobs;

	b->accepted = NULL;
	if (e->code) {
		unlist_live(b);
		unhash(b);
		if (fn)
			fn(b->accepted_arg, NULL, e);
		job_box_free(b);
	} else {
		b->promised = true;
		job_tell(b, "job.queued");
		if (fn)
			fn(b->accepted_arg, &b->j, e);
	}
	job_kick(js);
}

/* May it run beside those that run? After a restart two of one container may be there. */
static bool free_to_run(const struct jobs *js, const struct job_box *b)
{
	if (!b->j.ctid || b->shared)
		return true;
	for (const struct job_box *o = js->live; o && o != b; o = o->next) {
		if (o->j.ctid == b->j.ctid && !o->shared)
			return false;
	}
	for (const struct job_box *o = b->next; o; o = o->next) {
		if (o->j.ctid == b->j.ctid && !o->shared && o->running)
			return false;
	}
	return true;
}

void job_kick(struct jobs *js)
{
	struct job_box *next;

	for (struct job_box *b = js->live; b && !js->opening && js->running < js->parallel; b = next) {
		struct err e = { 0 };

		next = b->next;
		if (!b->promised || b->j.state != JOB_QUEUED || b->watch || !free_to_run(js, b))
			continue;
		if (job_launch(b, &e) < 0)
			job_finish(b, JOB_FAILED, e.text);
	}
}

void job_tell(struct job_box *b, const char *event)
{
	json_t *data;

	if (!b->jobs->d->bus)
		return;
	data = json_pack("{ss ss ss si}", "operation", b->j.id, "kind", b->j.kind, "state", job_state_names[b->j.state],
			 "percent", b->j.percent);
	if (b->j.state >= JOB_DONE)
		json_object_set_new(data, "exit", json_integer(b->j.exit));
	if (b->j.error)
		json_object_set_new(data, "error", json_string(b->j.error));
	bus_emit(b->jobs->d->bus, event, b->j.ctid, b->j.owner, data);
}

/* --- looking, waiting, cancelling --- */

struct job *job_get(struct jobs *js, const char *id)
{
	struct job_box *b = job_box_find(js, id);
	struct err e = { 0 };

	if (b) {
		job_refresh(b);
		return &b->j;
	}
	if (strlen(id) != JOB_ID_LEN || job_row_read(js, id, &b, &e) < 0 || !b)
		return NULL;
	return &b->j;
}

static void wait_free(struct job_wait *w)
{
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	ev_del(w->timer);
	free(w);
}

static void waits_free(struct job_box *b)
{
	struct job_wait *next;

	for (struct job_wait *w = b->waits; w; w = next) {
		next = w->next;
		ev_del(w->timer);
		free(w);
	}
	b->waits = NULL;
}

void job_unwait(struct job_wait *w)
{
	if (w)
		wait_free(w);
}

static void wait_over(struct job_wait *w)
{
	job_fn *fn = w->fn;
	void *arg = w->arg;
	struct job_box *b = w->b;
	struct err e = { 0 };

	wait_free(w);
	job_refresh(b);
	fn(arg, &b->j, &e);
}

static void on_wait_timer(void *arg)
{
	struct job_wait *w = arg;

	w->timer = NULL;		/* deletes itself */
	wait_over(w);
}

void job_wake(struct job_box *b)
{
	while (b->waits)
		wait_over(b->waits);
}

int job_wait(struct jobs *js, const char *id, uint64_t ms, job_fn *fn, void *arg, struct job_wait **ret, struct err *e)
{
	struct job_box *b = job_box_find(js, id);
	struct job_wait *w;
	struct job *j;

	if (ret)
		*ret = NULL;
	if (!b || b->j.state >= JOB_DONE) {
		j = job_get(js, id);
		if (!j)
			return err_say(e, ENOENT, "there is no operation '%s'", id);
		fn(arg, j, e);
		job_free(j);
		return 0;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, ENOMEM, "wait for %s", id);
	if (ev_add_timer(js->d->ev, "job wait", ms, 0, on_wait_timer, w, &w->timer, e) < 0) {
		free(w);
		return -e->code;
	}
	w->b = b;
	w->fn = fn;
	w->arg = arg;
	w->prev = &b->waits;
	w->next = b->waits;
	if (w->next)
		w->next->prev = &w->next;
	b->waits = w;
	if (ret)
		*ret = w;
	return 0;
}

int job_cancel(struct jobs *js, const char *id, struct err *e)
{
	struct job_box *b = job_box_find(js, id);
	struct job *j;

	if (!b) {
		j = job_get(js, id);
		if (!j)
			return err_say(e, ENOENT, "there is no operation '%s'", id);
		job_free(j);
	}
	if (!b || b->j.state >= JOB_DONE)
		return err_say(e, EALREADY, "operation %s has ended", id);
	if (!b->promised)
		return err_say(e, EAGAIN, "operation %s is being recorded", id);
	b->cancel = true;
	if (b->running)
		return job_signal(b, e);
	if (b->watch)
		return 0;			/* a vz-job of an earlier vzd has it: asked when it is known */
	if (!job_bury(b)) {
		job_look_again(b);
		return 0;
	}
	job_finish(b, JOB_CANCELLED, "cancelled before it began");
	job_kick(js);
	return 0;
}

/* --- open and close --- */

int jobs_open_at(struct vzd *d, const struct jobs_where *w, struct jobs **ret, struct err *e)
{
	struct jobs *js = calloc(1, sizeof(*js));
	auto_buf struct buf boot = BUF_INIT;

	if (!js)
		return err_set(e, ENOMEM, "jobs");
	js->d = d;
	js->live_end = &js->live;
	js->recent_end = &js->recent;
	js->parallel = w->parallel;
	js->grace_s = w->grace_s;
	js->dir = -1;
	if (job_set(&js->dirname, w->dir) < 0 || job_set(&js->prog, w->prog) < 0)
		err_set(e, ENOMEM, "jobs");
	else if (path_mkdir_host(w->dir, 0700, e) == 0) {
		js->dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (js->dir < 0)
			err_set(e, errno, "%s", w->dir);
	}
	if (!e->code && fio_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot, e) == 0)
		(void)str_copy(js->boot, sizeof(js->boot), str_trim(boot.s));
	if (e->code || job_find_all(js, e) < 0) {
		jobs_close(js);
		return -e->code;
	}
	job_prune_start(js);
	job_kick(js);
	*ret = js;
	return 0;
}

int jobs_open(struct vzd *d, struct jobs **ret, struct err *e)
{
	const struct jobs_where w = { VZD_RUN "/jobs", VZ_LIBEXEC "/vz-job", d->conf.parallel.v ? (unsigned)d->conf.parallel.v : 4,
				      JOB_GRACE_S };

	return jobs_open_at(d, &w, ret, e);
}

void jobs_close(struct jobs *js)
{
	if (!js)
		return;
	job_writes_end(js);
	ev_del(js->prune);
	for (size_t i = 0; i < JOB_HASH; i++) {
		struct job_box *next;

		for (struct job_box *b = js->hash[i]; b; b = next) {
			next = b->hash_next;
			waits_free(b);
			job_box_free(b);
		}
	}
	auto_close_(&js->dir);
	free(js->dirname);
	free(js->prog);
	free(js);
}
