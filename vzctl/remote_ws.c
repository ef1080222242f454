/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's side of a WebSocket (RFC 6455) over a TLS connection that libcurl has made: handshake, masked frames out,
 * whole frames in. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/remote.h"

#define HEAD_MAX 16384
#define FRAME_MAX (1u << 20)
#define WAIT_MS 30000
#define FILL_MAX (1u << 18)	/* taken at a time, so that what came is also written */

static int wait_for(struct rws *w, short what, struct err *e)
{
	struct pollfd p = { .fd = w->sock, .events = what };
	int n;

	while ((n = poll(&p, 1, WAIT_MS)) < 0 && errno == EINTR)
		;
	return n > 0 ? 0 : err_say(e, ETIMEDOUT, "the host does not answer");
}

/* What the socket takes of it; *ret: how much. */
static int send_some(struct rws *w, const char *p, size_t n, size_t *ret, struct err *e)
{
	*ret = 0;
	while (*ret < n) {
		size_t sent = 0;
		CURLcode rc = curl_easy_send(w->curl, p + *ret, n - *ret, &sent);

		if (rc == CURLE_AGAIN)
			return 0;
		if (rc != CURLE_OK)
			return err_say(e, EPIPE, "the connection broke: %s", curl_easy_strerror(rc));
		*ret += sent;
	}
	return 0;
}

static int send_all(struct rws *w, const char *p, size_t n, struct err *e)
{
	size_t sent;

	while (n) {
		if (send_some(w, p, n, &sent, e) < 0 || (sent < n && wait_for(w, POLLOUT, e) < 0))
			return -e->code;
		p += sent;
		n -= sent;
	}
	return 0;
}

int rws_flush(struct rws *w, struct err *e)
{
	size_t sent;

	if (!w->out.len)
		return 0;
	if (send_some(w, w->out.s, w->out.len, &sent, e) < 0)
		return -e->code;
	memmove(w->out.s, w->out.s + sent, w->out.len - sent);
	w->out.len -= sent;
	return 0;
}

int rws_send(struct rws *w, int op, const void *p, size_t n, struct err *e)
{
	unsigned char mask[4];
	const unsigned char *in = p;

	if (getrandom(mask, sizeof(mask), 0) != (ssize_t)sizeof(mask))
		return err_set(e, errno, "random bytes");
	if (n >= 65536)
		return err_say(e, EMSGSIZE, "a frame of %zu bytes", n);
	buf_addc(&w->out, (char)(0x80 | op));
	if (n < 126) {
		buf_addc(&w->out, (char)(0x80 | n));
	} else {
		buf_addc(&w->out, (char)(0x80 | 126));
		buf_addc(&w->out, (char)(n >> 8));
		buf_addc(&w->out, (char)n);
	}
	buf_add(&w->out, mask, sizeof(mask));
	for (size_t i = 0; i < n; i++)
		buf_addc(&w->out, (char)(in[i] ^ mask[i & 3]));
	return buf_failed(&w->out) ? err_set(e, ENOMEM, "a frame") : rws_flush(w, e);
}

int rws_fill(struct rws *w, struct err *e)
{
	char chunk[16384];
	size_t n;

	if (w->at) {		/* drop what was taken apart */
		memmove(w->in.s, w->in.s + w->at, w->in.len - w->at);
		w->in.len -= w->at;
		w->at = 0;
	}
	for (size_t got = 0; got < FILL_MAX; got += n) {	/* TLS may hold more than the socket shows */
		CURLcode rc = curl_easy_recv(w->curl, chunk, sizeof(chunk), &n);

		if (rc == CURLE_AGAIN)
			return 0;
		if (rc != CURLE_OK || n == 0)
			return err_say(e, EPIPE, "the host closed the connection");
		buf_add(&w->in, chunk, n);
		if (buf_failed(&w->in))
			return err_say(e, EMSGSIZE, "the host sends too much at once");
	}
	return 1;
}

int rws_next(struct rws *w, int *op, const uint8_t **p, size_t *n, struct err *e)
{
	const uint8_t *in = (const uint8_t *)w->in.s + w->at;
	size_t have = w->in.len - w->at, head = 2;
	uint64_t len;

	if (have < 2)
		return 0;
	len = in[1] & 0x7f;
	if (len >= 126) {
		head = len == 126 ? 4 : 10;
		if (have < head)
			return 0;
		len = 0;
		for (size_t i = 2; i < head; i++)
			len = len << 8 | in[i];
	}
	if ((in[0] & 0xf0) != 0x80 || !(in[0] & 0x0f) || in[1] & 0x80 || len > FRAME_MAX)
		return err_say(e, EPROTO, "the host answers, but not as vzd does");
	if (have - head < len)
		return 0;
	*op = in[0] & 0x0f;
	*p = in + head;
	*n = (size_t)len;
	w->at += head + (size_t)len;
	return 1;
}

static int read_head(struct rws *w, struct err *e)
{
	char *end, *line;

	for (;;) {
		if (rws_fill(w, e) < 0)
			return -e->code;
		end = w->in.len ? memmem(w->in.s, w->in.len, "\r\n\r\n", 4) : NULL;
		if (end)
			break;
		if (w->in.len > HEAD_MAX || wait_for(w, POLLIN, e) < 0)
			return e->code ? -e->code : err_say(e, EPROTO, "the host answers with no HTTP");
	}
	line = w->in.s;
	line[strcspn(line, "\r")] = '\0';
	if (!str_starts(line, "HTTP/1.1 101"))
		return err_say(e, EPROTO, "the host refuses the session: %s", line);
	w->at = (size_t)(end + 4 - w->in.s);
	return 0;
}

static int handshake(struct rws *w, const struct remote *r, const char *path, const char *protocol, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	/* the key only shows that both ends mean a WebSocket; the answer's proof adds nothing over TLS to a known host */
	buf_addf(&b,
		 "GET %s HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Key: dmFyaWFibGUga2V5IDE2IQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		 path, r->host, r->port, protocol);
	return send_all(w, buf_str(&b), b.len, e) < 0 ? -e->code : read_head(w, e);
}

int rws_open(struct rws *w, const struct remote *r, const char *path, const char *protocol, struct err *e)
{
	struct buf auto_buf url = BUF_INIT;
	curl_socket_t sock;
	CURLcode rc;

	*w = (struct rws){ .sock = -1 };
	buf_init(&w->in, 4 * FRAME_MAX);
	buf_init(&w->out, FRAME_MAX);
	w->curl = remote_curl(r, e);
	if (!w->curl)
		return -e->code;
	buf_addf(&url, "https://%s:%s/", r->host, r->port);
	curl_easy_setopt(w->curl, CURLOPT_URL, buf_str(&url));
	curl_easy_setopt(w->curl, CURLOPT_CONNECT_ONLY, 1L);
	rc = curl_easy_perform(w->curl);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(w->curl, CURLINFO_ACTIVESOCKET, &sock);
	if (rc != CURLE_OK)
		return err_say(e, ECONNREFUSED, "%s:%s: %s", r->host, r->port, curl_easy_strerror(rc));
	w->sock = sock;
	return handshake(w, r, path, protocol, e);
}

void rws_close(struct rws *w)
{
	curl_easy_cleanup(w->curl);
	buf_done(&w->in);
	buf_done(&w->out);
	*w = (struct rws){ .sock = -1 };
}
