/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of vzd's socket: JSON messages, each ended by one NUL byte. What is asked and shown is the program's. */
#include "vzctl/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"
#include "util/num.h"
#include "util/str.h"

#define ANSWER_MAX (256u << 20)

struct client {
	int fd;
	struct buf in;			/* read and not used yet */
	size_t seen;			/* of @in: no NUL before */
	int fds[CLIENT_FDS];		/* came with what is in @in */
	size_t n_fds;
};

/* --- connection --- */

static int no_connection(const char *sock, int code, struct err *e)
{
	if (code == ECONNREFUSED || code == ENOENT)
		return err_say(e, code, "vzd does not run (%s: %s); start it with: systemctl start vzd", sock, strerror(code));
	if (code == EACCES)
		return err_say(e, code, "%s: only root and members of the group vz may use it", sock);
	return err_set(e, code, "connect to %s", sock);
}

int client_open(const char *sock, struct client **ret, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client *c;

	sock = sock ? sock : CLIENT_SOCK;
	if (fd < 0)
		return err_set(e, errno, "socket");
	if (str_copy(un.sun_path, sizeof(un.sun_path), sock) < 0)
		return err_say(e, ENAMETOOLONG, "%s: the path is too long for a socket", sock);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return no_connection(sock, errno, e);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ENOMEM, "connection");
	c->fd = take_fd(&fd);
	buf_init(&c->in, ANSWER_MAX);
	*ret = c;
	return 0;
}

static void close_all(int *fds, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		close(fds[i]);
	*n = 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	close_all(c->fds, &c->n_fds);
	buf_done(&c->in);
	free(c);
}

int client_fd(const struct client *c)
{
	return c->fd;
}

bool client_buffered(const struct client *c)
{
	return c->in.len && memchr(c->in.s, '\0', c->in.len);
}

/* --- frames --- */

static int send_all(struct client *c, const struct buf *b, const int *fds, size_t n_fds, struct err *e)
{
	size_t at = 0, len = b->len + 1;	/* with the NUL that ends it */

	while (at < len) {
		ssize_t n = fdmsg_send(c->fd, b->s + at, len - at, fds, n_fds, 0);

		if (n < 0)
			return err_set(e, errno, "send to vzd");
		at += (size_t)n;
		n_fds = 0;
	}
	return 0;
}

/* Until a whole message is at the front of @in; *ret_len without its NUL. */
static int read_message(struct client *c, size_t *ret_len, struct err *e)
{
	char *nul;

	while (!(nul = c->in.len > c->seen ? memchr(c->in.s + c->seen, '\0', c->in.len - c->seen) : NULL)) {
		char text[65536];
		size_t n_fds = CLIENT_FDS - c->n_fds;
		ssize_t n = fdmsg_recv(c->fd, text, sizeof(text), c->fds + c->n_fds, &n_fds, 0);

		if (n < 0)
			return err_set(e, errno, "read from vzd");
		c->n_fds += n_fds;
		if (n == 0)
			return err_say(e, ECONNRESET, "vzd closed the connection");
		c->seen = c->in.len;
		buf_add(&c->in, text, (size_t)n);
		if (buf_failed(&c->in))
			return err_say(e, EMSGSIZE, "the answer is larger than %u MiB", ANSWER_MAX >> 20);
	}
	*ret_len = (size_t)(nul - c->in.s);
	return 0;
}

static void drop_message(struct client *c, size_t len)
{
	memmove(c->in.s, c->in.s + len + 1, c->in.len - len - 1);
	c->in.len -= len + 1;
	c->seen = 0;
}

/* --- messages --- */

static void member(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(b, ",\"%s\":", name);
	json_text_string(b, value);
}

static void put_call(struct buf *b, const struct client_call *call)
{
	buf_adds(b, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":");
	json_text_string(b, call->verb);
	member(b, "path", call->path);
	member(b, "query", call->query);
	member(b, "token", call->token);
	member(b, "idempotency_key", call->idempotency_key);
	member(b, "prefer", call->prefer);
	member(b, "if_match", call->if_match);
	member(b, "last_event_id", call->last_event_id);
	if (call->body)
		buf_addf(b, ",\"body\":%s", call->body);
	buf_adds(b, call->stream ? "},\"more\":true}" : "}}");
}

static bool number(const char *s, size_t len, const char *name, long long *ret)
{
	const char *v;
	char text[24];
	int64_t n;
	size_t k;

	if (!json_text_member(s, len, name, &v, &k) || str_fmt(text, sizeof(text), "%.*s", (int)k, v) < 0 || num_i64(text, &n) < 0)
		return false;
	*ret = n;
	return true;
}

static bool string(const char *s, size_t len, const char *name, struct buf *b)
{
	const char *v;
	size_t n;

	return json_text_member(s, len, name, &v, &n) && json_text_unquote(v, n, b);
}

static int copy_string(const char *s, size_t len, const char *name, char **ret, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	string(s, len, name, &b);
	buf_adds(&b, "");
	*ret = b.s ? buf_take(&b) : strdup("");
	return *ret ? 0 : err_set(e, ENOMEM, "answer");
}

/* *ret: its "parameters". An error of the frame itself becomes ours. */
static int parameters(const char *s, size_t len, const char **ret, size_t *ret_len, bool *more, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	const char *v;
	size_t n;

	if (string(s, len, "error", &b))
		return err_say(e, EPROTO, "vzd does not understand the call: %s", buf_str(&b));
	if (!json_text_member(s, len, "parameters", ret, ret_len))
		return err_say(e, EBADMSG, "vzd's answer cannot be read");
	*more = json_text_member(s, len, "continues", &v, &n) && n == 4 && memcmp(v, "true", 4) == 0;
	return 0;
}

static int read_answer(const char *p, size_t n, struct client_answer *a, struct err *e)
{
	const char *v;
	size_t k;
	long long status;

	if (!number(p, n, "status", &status))
		return err_say(e, EBADMSG, "vzd's answer has no status");
	a->status = (int)status;
	if (copy_string(p, n, "type", &a->type, e) < 0)
		return -e->code;
	a->headers = json_text_member(p, n, "headers", &v, &k) ? strndup(v, k) : strdup("");
	if (!a->headers)
		return err_set(e, ENOMEM, "answer");
	buf_init(&a->body, ANSWER_MAX);
	if (json_text_member(p, n, "body", &v, &k))
		buf_add(&a->body, v, k);
	else
		string(p, n, "text", &a->body);
	return buf_failed(&a->body) ? err_set(e, ENOMEM, "answer") : 0;
}

int client_call(struct client *c, const struct client_call *call, struct client_answer *ret, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	struct client_answer a = { 0 };
	const char *p = NULL;
	size_t len = 0, n = 0;
	int rc;

	put_call(&b, call);
	if (buf_failed(&b))
		return err_say(e, EMSGSIZE, "the call is larger than 1 MiB");
	if (call->n_fds > CLIENT_FDS)
		return err_say(e, EINVAL, "at most %d descriptors", CLIENT_FDS);
	if (send_all(c, &b, call->fds, call->n_fds, e) < 0 || read_message(c, &len, e) < 0)
		return -e->code;
	rc = parameters(c->in.s, len, &p, &n, &a.more, e);
	if (rc == 0)
		rc = read_answer(p, n, &a, e);
	drop_message(c, len);
	if (rc < 0) {
		client_answer_done(&a);
		return rc;
	}
	memcpy(a.fds, c->fds, sizeof(a.fds));
	a.n_fds = c->n_fds;
	c->n_fds = 0;
	*ret = a;
	return 0;
}

int client_next(struct client *c, struct buf *text, int *ret_exit, struct err *e)
{
	const char *p = NULL;
	size_t len = 0, n = 0;
	long long exit = -1;
	bool more = false;
	int rc;

	if (read_message(c, &len, e) < 0)
		return -e->code;
	rc = parameters(c->in.s, len, &p, &n, &more, e);
	if (rc == 0) {
		string(p, n, "chunk", text);
		number(p, n, "exit", &exit);
	}
	drop_message(c, len);
	if (rc < 0)
		return rc;
	if (ret_exit)
		*ret_exit = (int)exit;
	return more;
}

void client_answer_done(struct client_answer *a)
{
	free(a->type);
	free(a->headers);
	buf_done(&a->body);
	close_all(a->fds, &a->n_fds);
	*a = (struct client_answer){ 0 };
}

/* --- paths and queries --- */

static void encoded(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || strchr("-._~", ch))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", ch);
	}
}

void client_query(struct buf *q, const char *name, const char *value)
{
	if (q->len)
		buf_addc(q, '&');
	encoded(q, name);
	buf_addc(q, '=');
	encoded(q, value);
}

void client_path_seg(struct buf *path, const char *value)
{
	encoded(path, value);
}
