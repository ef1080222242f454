/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks with their classes as text, cut into ranges that do not overlap: what an interval map of nftables wants. */
#include "net/classes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/str.h"

#define FILE_MAX (4u << 20)
#define DEFAULT_TEXT "1 0.0.0.0/0\n1 ::/0\n"

struct nets {			/* of one family, as given */
	struct net_range *v;
	size_t n, size;
};

static int nets_add(struct nets *l, const struct net_range *r)
{
	struct net_range *more;

	if (l->n == l->size) {
		more = reallocarray(l->v, l->size ? l->size * 2 : 16, sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
		l->size = l->size ? l->size * 2 : 16;
	}
	l->v[l->n++] = *r;
	return 0;
}

/* "10.0.0.0/8", "10.0.0.0/255.0.0.0", "0/0", "2001:db8::/32", "192.0.2.1". The bits behind the prefix do not matter. */
static int range_parse(const char *text, int *family, struct net_range *ret)
{
	uint8_t addr[16] = { 0 };
	struct in_addr mask;
	char buf[128], *slash;
	size_t len;
	uint64_t prefix;

	if (str_copy(buf, sizeof(buf), str_eq(text, "0/0") ? "0.0.0.0/0" : text) < 0)
		return -EINVAL;
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	*family = strchr(buf, ':') ? AF_INET6 : AF_INET;
	len = *family == AF_INET ? 4 : 16;
	prefix = len * 8;
	if (inet_pton(*family, buf, addr) != 1)
		return -EINVAL;
	if (slash && len == 4 && strchr(slash, '.')) {
		if (inet_pton(AF_INET, slash, &mask) != 1 || (~ntohl(mask.s_addr) & (~ntohl(mask.s_addr) + 1)))
			return -EINVAL;
		prefix = (uint64_t)__builtin_popcount(mask.s_addr);
	} else if (slash && (num_u64(slash, &prefix) < 0 || prefix > len * 8)) {
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		int bits = (int)prefix - (int)i * 8;
		uint8_t m = bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff << (8 - bits));

		ret->from[i] = addr[i] & m;
		ret->to[i] = ret->from[i] | (uint8_t)~m;
	}
	return 0;
}

/* Wider ones first where they begin alike. */
static int by_from(const void *a, const void *b)
{
	const struct net_range *x = a, *y = b;
	int rc = memcmp(x->from, y->from, sizeof(x->from));

	return rc ? rc : -memcmp(x->to, y->to, sizeof(x->to));
}

/* The address after or before; false: there is none. */
static bool step(uint8_t addr[16], size_t len, bool up)
{
	for (size_t i = len; i-- > 0;) {
		addr[i] = (uint8_t)(up ? addr[i] + 1 : addr[i] - 1);
		if (addr[i] != (up ? 0 : 0xff))
			return true;
	}
	return false;
}

struct cut {
	struct nets out;
	size_t len;			/* bytes of an address */
	uint8_t pos[16];		/* the first address nobody has said anything of */
	bool end;			/* there is none */
	const struct net_range *open[130];	/* networks that are open, each within the one before */
	size_t n_open;
};

/* Up to @to it is the innermost open network's. */
static int cut_emit(struct cut *c, const uint8_t to[16])
{
	struct net_range r = { .cls = c->open[c->n_open - 1]->cls };
	struct net_range *last = c->out.n ? &c->out.v[c->out.n - 1] : NULL;
	uint8_t next[16];

	if (c->end || memcmp(c->pos, to, sizeof(c->pos)) > 0)
		return 0;
	memcpy(r.from, c->pos, sizeof(r.from));
	memcpy(r.to, to, sizeof(r.to));
	memcpy(c->pos, to, sizeof(c->pos));
	c->end = !step(c->pos, c->len, true);
	if (last && last->cls == r.cls) {
		memcpy(next, last->to, sizeof(next));
		if (step(next, c->len, true) && !memcmp(next, r.from, sizeof(next))) {
			memcpy(last->to, r.to, sizeof(last->to));
			return 0;
		}
	}
	return nets_add(&c->out, &r);
}

static int cut_close(struct cut *c, const uint8_t *before)
{
	while (c->n_open && (!before || memcmp(c->open[c->n_open - 1]->to, before, 16) < 0)) {
		if (cut_emit(c, c->open[c->n_open - 1]->to) < 0)
			return -ENOMEM;
		c->n_open--;
	}
	return 0;
}

/* Networks nest or are apart, never overlap by halves: so a stack of open ones is enough. */
static int cut_up(struct nets *in, size_t len, struct net_range **ret, size_t *ret_n, struct err *e)
{
	struct cut c = { .len = len };
	char text[INET6_ADDRSTRLEN];
	int rc = 0;

	if (in->n)
		qsort(in->v, in->n, sizeof(*in->v), by_from);
	for (size_t i = 1; i < in->n; i++) {
		if (by_from(&in->v[i - 1], &in->v[i]))
			continue;
		inet_ntop(len == 4 ? AF_INET : AF_INET6, in->v[i].from, text, sizeof(text));
		return err_say(e, EINVAL, "the network that begins at %s is given twice", text);
	}
	for (size_t i = 0; i < in->n && rc == 0; i++) {
		const struct net_range *r = &in->v[i];
		uint8_t before[16];

		rc = cut_close(&c, r->from);
		memcpy(before, r->from, sizeof(before));
		if (rc == 0 && c.n_open && step(before, len, false))
			rc = cut_emit(&c, before);
		memcpy(c.pos, r->from, sizeof(c.pos));
		c.end = false;
		c.open[c.n_open++] = r;
	}
	if (rc == 0)
		rc = cut_close(&c, NULL);
	if (rc < 0) {
		free(c.out.v);
		return err_set(e, ENOMEM, "network classes");
	}
	*ret = c.out.v;
	*ret_n = c.out.n;
	return 0;
}

static int parse_line(char *line, struct nets nets[2], unsigned no, struct err *e)
{
	struct str_list w = { 0 };
	struct net_range r = { 0 };
	uint64_t cls = 0;
	int family = 0, rc = 0;

	line[strcspn(line, "#")] = '\0';
	if (str_list_split(&w, line, " \t\r", e) < 0 || !w.n) {
		str_list_clear(&w);
		return -e->code;
	}
	if (w.n != 2 || num_u64(w.v[0], &cls) < 0 || cls >= NET_CLASS_N)
		rc = err_say(e, EINVAL, "line %u is not \"CLASS NETWORK\" with a class from 0 to %d", no, NET_CLASS_N - 1);
	else if (range_parse(w.v[1], &family, &r) < 0)
		rc = err_say(e, EINVAL, "line %u: '%.60s' is not a network like 10.0.0.0/8 or 2001:db8::/32", no, w.v[1]);
	r.cls = (uint8_t)cls;
	if (rc == 0 && nets_add(&nets[family != AF_INET], &r) < 0)
		rc = err_set(e, ENOMEM, "network classes");
	str_list_clear(&w);
	return rc;
}

static uint32_t hash_of(const struct net_classes *c)
{
	uint32_t h = 0x811c9dc5u;

	for (int f = 0; f < 2; f++) {
		const uint8_t *p = (const void *)(f ? c->v6 : c->v4);

		for (size_t i = 0; i < (f ? c->n6 : c->n4) * sizeof(struct net_range); i++)
			h = (h ^ p[i]) * 0x01000193u;
		h = (h ^ 0xffu) * 0x01000193u;
	}
	return h;
}

int net_classes_parse(const char *text, struct net_classes *ret, struct err *e)
{
	struct net_classes c = { 0 };
	struct nets nets[2] = { 0 };
	auto_free char *copy = strdup(text);
	unsigned no = 0;
	int rc = copy ? 0 : err_set(e, ENOMEM, "network classes");

	for (char *line = copy, *next; rc == 0 && line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		rc = parse_line(line, nets, ++no, e);
	}
	if (rc == 0)
		rc = cut_up(&nets[0], 4, &c.v4, &c.n4, e);
	if (rc == 0)
		rc = cut_up(&nets[1], 16, &c.v6, &c.n6, e);
	free(nets[0].v);
	free(nets[1].v);
	if (rc < 0) {
		net_classes_done(&c);
		return rc;
	}
	for (size_t i = 0; i < c.n4; i++)
		c.used |= 1u << c.v4[i].cls;
	for (size_t i = 0; i < c.n6; i++)
		c.used |= 1u << c.v6[i].cls;
	c.hash = hash_of(&c);
	*ret = c;
	return 0;
}

int net_classes_load(const char *path, struct net_classes *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = FILE_MAX };

	if (!path || (fio_read_at(AT_FDCWD, path, &b, e) < 0 && e->code == ENOENT)) {
		err_clear(e);
		return net_classes_parse(DEFAULT_TEXT, ret, e);
	}
	if (e->code)
		return -e->code;
	return net_classes_parse(buf_str(&b), ret, e) < 0 ? err_add(e, "%s", path) : 0;
}

void net_classes_done(struct net_classes *c)
{
	free(c->v4);
	free(c->v6);
	*c = (struct net_classes){ 0 };
}

int net_classes_find(const struct net_classes *c, int family, const void *addr)
{
	const struct net_range *v = family == AF_INET ? c->v4 : c->v6;
	size_t n = family == AF_INET ? c->n4 : c->n6, len = family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < n; i++)
		if (memcmp(addr, v[i].from, len) >= 0 && memcmp(addr, v[i].to, len) <= 0)
			return v[i].cls;
	return -1;
}
