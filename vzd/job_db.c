/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs in the database. A row is written when a job is promised, when it runs and when it has ended; the writer keeps the order. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/job_priv.h"

static const char *const sql[] = {
	"CREATE TABLE job(id TEXT PRIMARY KEY, state INTEGER NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL,"
	" principal TEXT NOT NULL, resource TEXT, ctid INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER NOT NULL"
	" DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0, exit INTEGER NOT NULL DEFAULT -1, stage TEXT NOT NULL DEFAULT '',"
	" percent INTEGER NOT NULL DEFAULT -1, error TEXT, argv TEXT NOT NULL, flags INTEGER NOT NULL, timeout INTEGER NOT NULL,"
	" boot TEXT NOT NULL, log TEXT) WITHOUT ROWID;"
	"CREATE INDEX job_live ON job(state) WHERE state < 2;"
	"CREATE INDEX job_ct ON job(ctid, id);"
	"CREATE INDEX job_owner ON job(owner, id);",
};
const struct db_schema job_schema = { "job", sql, ARRAY_SIZE(sql) };

enum { F_AGAIN = 1, F_KEEP = 2, F_SHARED = 4, F_SECRET = 8 };

#define COLS "id,state,kind,owner,principal,resource,ctid,created,started,ended,exit,stage,percent,error,argv,flags,timeout," \
	"boot,log"

/* What the writer's thread needs, copied: the loop may change the box meanwhile. */
struct job_write {
	struct job_write *next, **prev;	/* in jobs.writes */
	struct job_box *b;
	struct job_box row;		/* values; its strings are owned */
	enum job_row what;
	char boot[40];
	int (*with)(struct sqlite3 *s, const char *id, void *arg, struct err *e);
	void *with_arg;
};

static void list(struct job_write **head, struct job_write *w)
{
	w->next = *head;
	w->prev = head;
	if (w->next)
		w->next->prev = &w->next;
	*head = w;
}

static void unlist(struct job_write *w)
{
	if (!w->prev)
		return;
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
}

static void write_free(struct job_write *w)
{
	unlist(w);
	free(w->row.j.kind);
	free(w->row.j.owner);
	free(w->row.j.principal);
	free(w->row.j.resource);
	free(w->row.j.stage);
	free(w->row.j.error);
	free(w->row.argv);
	free(w->row.log);
	free(w);
}

/* The loop may yet be told of them, or the database be closed first. */
void job_writes_end(struct jobs *js)
{
	static struct job_write *orphans;

	while (js->writes) {
		struct job_write *w = js->writes;

		unlist(w);
		w->b = NULL;
		list(&orphans, w);
	}
}

static struct job_write *write_new(struct job_box *b, enum job_row what)
{
	struct job_write *w = calloc(1, sizeof(*w));
	const struct job *j = &b->j;

	if (!w)
		return NULL;
	w->row.j = *j;
	w->row.j.kind = w->row.j.owner = w->row.j.principal = w->row.j.resource = w->row.j.stage = w->row.j.error = NULL;
	w->row.timeout_s = b->timeout_s;
	w->row.again = b->again;
	w->row.keep = b->keep;
	w->row.shared = b->shared;
	w->row.had_secret = b->had_secret;
	w->what = what;
	w->b = b;
	(void)str_copy(w->boot, sizeof(w->boot), b->jobs->boot);
	if (job_set(&w->row.j.kind, j->kind) < 0 || job_set(&w->row.j.owner, j->owner) < 0 ||
	    job_set(&w->row.j.principal, j->principal) < 0 || job_set(&w->row.j.resource, j->resource) < 0 ||
	    job_set(&w->row.j.stage, j->stage) < 0 || job_set(&w->row.j.error, j->error) < 0 ||
	    job_set(&w->row.argv, b->argv) < 0 || job_set(&w->row.log, b->log) < 0) {
		write_free(w);
		return NULL;
	}
	return w;
}

/* --- in the writer's thread --- */

static int work_new(sqlite3 *s, struct job_write *w, struct err *e)
{
	const struct job_box *r = &w->row;
	int64_t flags = (r->again ? F_AGAIN : 0) | (r->keep ? F_KEEP : 0) | (r->shared ? F_SHARED : 0) |
			(r->had_secret ? F_SECRET : 0);

	if (db_exec(s, e, "INSERT INTO job(id,state,kind,owner,principal,resource,ctid,created,argv,flags,timeout,boot)"
		    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)", "sissssiisiis", r->j.id, (int64_t)JOB_QUEUED,
		    r->j.kind, r->j.owner, r->j.principal, r->j.resource, (int64_t)r->j.ctid, r->j.created_ms, r->argv,
		    flags, (int64_t)r->timeout_s, w->boot) < 0)
		return -e->code;
	return w->with ? w->with(s, r->j.id, w->with_arg, e) : 0;
}

static int work(sqlite3 *s, void *arg, struct err *e)
{
	struct job_write *w = arg;
	const struct job *j = &w->row.j;

	switch (w->what) {
	case JOB_ROW_NEW:
		return work_new(s, w, e);
	case JOB_ROW_RUNNING:
		return db_exec(s, e, "UPDATE job SET state=?2,started=?3 WHERE id=?1", "sii", j->id, (int64_t)JOB_RUNNING,
			       j->started_ms);
	case JOB_ROW_ENDED:
		return db_exec(s, e, "UPDATE job SET state=?2,started=?3,ended=?4,exit=?5,stage=?6,percent=?7,error=?8,log=?9"
			       " WHERE id=?1", "siiiisiss", j->id, (int64_t)j->state, j->started_ms, j->ended_ms,
			       (int64_t)j->exit, j->stage, (int64_t)j->percent, j->error, w->row.log);
	}
	return 0;
}

/* --- in the loop --- */

/* The end of a job that could not be written stays in its result file; the next vzd reads it again. */
static void done(void *arg, const struct err *e)
{
	struct job_write *w = arg;
	struct job_box *b = w->b;
	enum job_row what = w->what;

	if (e->code && what != JOB_ROW_NEW)
		vzd_log_err(LOG_ERR, e, w->row.j.id);
	write_free(w);
	if (b && what == JOB_ROW_NEW)
		job_promised(b, e);
}

int job_row_write(struct job_box *b, enum job_row what, const struct job_spec *spec, struct err *e)
{
	struct job_write *w = write_new(b, what);
	struct jobs *js = b->jobs;

	if (!w)
		return err_set(e, ENOMEM, "job %s", b->j.id);
	w->with = spec ? spec->with : NULL;
	w->with_arg = spec ? spec->with_arg : NULL;
	if (db_write(js->d->db, work, w, done, e) < 0) {
		write_free(w);
		return -e->code;
	}
	list(&js->writes, w);
	return 0;
}

/* --- reading --- */

static const char *text_or_null(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) == SQLITE_NULL ? NULL : db_text(st, col);
}

static struct job_box *box_of_row(struct jobs *js, sqlite3_stmt *st, struct err *e)
{
	struct job_box *b = job_box_new(js, db_text(st, 0), e);
	int64_t flags = sqlite3_column_int64(st, 15);

	if (!b)
		return NULL;
	b->copy = true;
	b->promised = true;
	b->j.state = (enum job_state)sqlite3_column_int(st, 1);
	if (b->j.state < 0 || b->j.state >= JOB_N)
		b->j.state = JOB_FAILED;
	b->j.ctid = (unsigned)sqlite3_column_int64(st, 6);
	b->j.created_ms = sqlite3_column_int64(st, 7);
	b->j.started_ms = sqlite3_column_int64(st, 8);
	b->j.ended_ms = sqlite3_column_int64(st, 9);
	b->j.exit = sqlite3_column_int(st, 10);
	b->j.percent = sqlite3_column_int(st, 12);
	b->again = flags & F_AGAIN;
	b->keep = flags & F_KEEP;
	b->shared = flags & F_SHARED;
	b->had_secret = flags & F_SECRET;
	b->timeout_s = (unsigned)sqlite3_column_int64(st, 16);
	if (job_set(&b->j.kind, db_text(st, 2)) < 0 || job_set(&b->j.owner, db_text(st, 3)) < 0 ||
	    job_set(&b->j.principal, db_text(st, 4)) < 0 || job_set(&b->j.resource, text_or_null(st, 5)) < 0 ||
	    job_set(&b->j.stage, db_text(st, 11)) < 0 || job_set(&b->j.error, text_or_null(st, 13)) < 0 ||
	    job_set(&b->argv, db_text(st, 14)) < 0 || job_set(&b->log, text_or_null(st, 18)) < 0) {
		job_box_free(b);
		err_set(e, ENOMEM, "job");
		return NULL;
	}
	return b;
}

struct reader {
	struct jobs *js;
	struct job_box *one;
	int (*fn)(struct job_box *b, void *arg, struct err *e);
	int (*live)(struct job_box *b, const char *boot, void *arg, struct err *e);
	void *arg;
};

static int on_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct reader *r = arg;
	struct job_box *b = box_of_row(r->js, st, e);

	if (!b)
		return -e->code;
	if (r->live)
		return r->live(b, db_text(st, 17), r->arg, e);
	if (r->fn)
		return r->fn(b, r->arg, e);
	r->one = b;
	return 1;
}

int job_row_read(struct jobs *js, const char *id, struct job_box **ret, struct err *e)
{
	struct reader r = { .js = js };
	int n = db_each(db_reader(js->d->db), e, on_row, &r, "SELECT " COLS " FROM job WHERE id=?1", "s", id);

	*ret = n < 0 ? NULL : r.one;
	return n < 0 ? n : 0;
}

int job_rows_live(struct jobs *js, int (*fn)(struct job_box *b, const char *boot, void *arg, struct err *e), void *arg,
		  struct err *e)
{
	struct reader r = { .js = js, .live = fn, .arg = arg };
	int n = db_each(db_reader(js->d->db), e, on_row, &r, "SELECT " COLS " FROM job WHERE state < 2 ORDER BY id", "");

	return n < 0 ? n : 0;
}

/* One statement for each combination, so that each uses its index. */
int job_rows(struct jobs *js, const char *owner, unsigned ctid, int state, const char *before, unsigned limit,
	     int (*fn)(struct job_box *b, void *arg, struct err *e), void *arg, struct err *e)
{
	static const char *const q[2][2] = {
		{ "SELECT " COLS " FROM job WHERE id < ?1 AND (?4 < 0 OR state = ?4) AND ?2 = ?2 AND ?3 = ?3"
		  " ORDER BY id DESC LIMIT ?5",
		  "SELECT " COLS " FROM job WHERE id < ?1 AND (?4 < 0 OR state = ?4) AND ctid = ?3 AND ?2 = ?2"
		  " ORDER BY id DESC LIMIT ?5" },
		{ "SELECT " COLS " FROM job WHERE id < ?1 AND (?4 < 0 OR state = ?4) AND owner = ?2 AND ?3 = ?3"
		  " ORDER BY id DESC LIMIT ?5",
		  "SELECT " COLS " FROM job WHERE id < ?1 AND (?4 < 0 OR state = ?4) AND owner = ?2 AND ctid = ?3"
		  " ORDER BY id DESC LIMIT ?5" },
	};
	struct reader r = { .js = js, .fn = fn, .arg = arg };
	int n = db_each(db_reader(js->d->db), e, on_row, &r, q[owner != NULL][ctid != 0], "ssiii", before ? before : "k",
			owner ? owner : "", (int64_t)ctid, (int64_t)state, (int64_t)limit);

	return n < 0 ? n : 0;
}
