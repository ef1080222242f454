/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_SAMPLER_PRIV_H
#define VZD_SAMPLER_PRIV_H
/* What sampler.c (rounds), sample_take.c (one container) and metrics.c (all of them as text) share. */
#include <net/if.h>

#include "net/acct.h"
#include "util/buf.h"
#include "vzd/history.h"
#include "vzd/sampler.h"
#include "vzd/usage.h"

#define SAMPLE_TRAFFIC_MS 10000u	/* traffic by class is read again */
#define SAMPLE_TURN_MS 5	/* of the loop, at a time */
#define SAMPLE_QUIET 10		/* an idle container is looked at whole every so many rounds */
#define SAMPLE_DOWN 20		/* the disk of a stopped one, every so many rounds */

struct s_if {
	unsigned index;			/* of the host's end */
	char name[IFNAMSIZ];		/* inside */
	bool here;			/* in the dump under way */
	struct net_stat st;
};
struct s_ct {			/* inv_ct.sample */
	struct sampler *s;
	unsigned id;
	bool stale;			/* configuration or state changed: area and key are to be read again */
	struct sample last;
	struct cg *cg;			/* of @life, NULL: none open */
	uint64_t life;			/* cg_life() */
	uint64_t mono_ms;		/* of the last sample, 0: none of this life */
	uint64_t whole_ms;		/* of the last whole look */
	unsigned quiet;			/* looks since the last whole one */
	struct s_if *ifs;
	size_t n_ifs;
	struct net_stat past;		/* of interfaces that this start had and has no more */
	struct net_traffic traffic;	/* by class of networks, as vznetstat -s wrote it down */
	uint64_t traffic_ms;		/* when it was read, 0: never */
	char *area;			/* private area; NULL: not known yet */
	uint64_t birth;			/* ct_birth() */
	struct limits lim;
	struct hist_acc hist;
	int oom_fd;
	uint32_t oom_events;
	struct ev_src *oom;		/* NULL while it is silenced */
};

struct metrics;
struct sampler {
	struct vzd *d;
	struct cg_host *cg;
	struct net *net;
	struct usage *usage;
	int hist_dir;
	int64_t opened_ms;		/* unix time */
	struct ev_src *round, *slice, *rearm;
	unsigned rounds;
	bool under_way;			/* a round */
	unsigned next;			/* smallest id that the round has not looked at */
	struct metrics *metrics;
};

/* sample_take.c */
struct s_ct *sample_of(struct sampler *s, struct inv_ct *ct, struct err *e);	/* made when missing; NULL: out of memory */
void sample_free(struct s_ct *c);
bool sample_runs(const struct inv_ct *ct);
/* Looks at @ct now. @whole: every figure, however idle it is. ENOENT: it has just ended. */
int sample_take(struct sampler *s, struct inv_ct *ct, bool whole, struct err *e);
void sample_down(struct sampler *s, struct inv_ct *ct);		/* the disk of one that does not run */
void sample_flush_hist(struct s_ct *c);
/* sample_net.c */
int sample_net(struct sampler *s, struct err *e);		/* one dump for all containers */
void sample_net_sum(const struct s_ct *c, struct sample *ret);
void sample_traffic(struct s_ct *c);				/* by class, from disk, when it is time */

void metrics_close(struct metrics *m);

#endif
