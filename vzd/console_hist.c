/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of what a container wrote to its console: a connection to the monitor, which sends its history at once, read
 * until it pauses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libct/mon_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzd/console_priv.h"
#include "vzd/inv.h"

#define MONITOR_MS 40		/* a monitor answers at once or not at all */
#define PAUSE_MS 30		/* the history comes without one */
#define HIST_MAX (1u << 20)

struct hist {
	struct vzd *d;
	struct api_call *call;
	int fd;
	unsigned lines;
	struct buf text;
	struct ev_src *src, *pause;
};

static void hist_free(struct hist *h)
{
	ev_del(h->src);
	ev_del(h->pause);
	auto_close_(&h->fd);
	buf_done(&h->text);
	h->call->on_close = NULL;
	api_unref(h->call);
	free(h);
}

static const char *last_lines(const struct buf *b, unsigned n)
{
	const char *p = buf_str(b) + b->len;

	if (!n)
		return buf_str(b);
	if (p > buf_str(b) && p[-1] == '\n')
		p--;
	while (p > buf_str(b) && (p[-1] != '\n' || --n))
		p--;
	return p;
}

static void done(void *arg)
{
	struct hist *h = arg;
	const char *from = last_lines(&h->text, h->lines);

	h->pause = NULL;
	api_raw(h->call, 200, "text/plain; charset=utf-8", from, h->text.len - (size_t)(from - buf_str(&h->text)));
	hist_free(h);
}

static void more(void *arg, uint32_t events)
{
	struct hist *h = arg;
	char data[MON_PACKET];
	ssize_t n = recv(h->fd, data, sizeof(data), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || h->text.len + (size_t)n > HIST_MAX) {
		ev_del(h->pause);
		done(h);
		return;
	}
	buf_add(&h->text, data, (size_t)n);
	ev_set_timer(h->pause, PAUSE_MS);
}

static void client_left(struct api_call *c)
{
	struct hist *h = c->priv;

	c->priv = NULL;
	if (h)
		hist_free(h);
}

int console_history(struct consoles *cs, struct api_call *c, unsigned lines, struct err *e)
{
	struct hist *h;
	struct ct *ct = NULL;
	int fd;

	(void)cs;
	if (inv_ct_open(c->d->inv, c->ctid, &ct, e) < 0)
		return -e->code;
	fd = ct_console_fd(ct, MONITOR_MS, e);
	ct_close(ct);
	if (fd < 0) {
		api_problem(c, "conflict-state", 0, "the container does not run, or its console was lost with its monitor", NULL);
		return 0;
	}
	h = calloc(1, sizeof(*h));
	if (!h) {
		close(fd);
		return err_set(e, ENOMEM, "console");
	}
	*h = (struct hist){ .d = c->d, .call = api_ref(c), .fd = fd, .lines = lines, .text = { .cap = HIST_MAX } };
	c->priv = h;
	c->on_close = client_left;
	if (ev_add_fd(c->d->ev, "console.history", fd, EPOLLIN, more, h, &h->src, e) < 0 ||
	    ev_add_timer(c->d->ev, "console.pause", PAUSE_MS, 0, done, h, &h->pause, e) < 0) {
		c->priv = NULL;
		hist_free(h);
		return -e->code;
	}
	return 0;
}
