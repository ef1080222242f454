/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vz-hook: posts what vzd hands it, as a user without privileges, and says what came of it. It decides nothing
 * but whether the address that a name led to may be spoken to. Follows no redirect, uses no proxy, keeps no answer.
 *	vz-hook FD USER
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/webhook_priv.h"

#define CONNECT_MS 5000L
#define TOTAL_MS 15000L
#define ANSWER_MAX 65536u	/* bytes of an answer that are read and thrown away */

struct post {
	int64_t id;
	CURL *curl;
	struct curl_slist *headers;
	char text[CURL_ERROR_SIZE];
	struct cidr *allow;
	size_t n_allow, got;
	bool refused;
	char body[];			/* the call: its strings */
};

static CURLM *multi;
static int vzd_fd;
static bool vzd_gone;

/* --- the address --- */

static bool to_addr(const struct sockaddr *sa, uint8_t addr[16])
{
	static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (sa->sa_family == AF_INET) {
		memcpy(addr, v4, sizeof(v4));
		memcpy(addr + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(addr, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	} else {
		return false;
	}
	return true;
}

/* One of this host's own: what listens there may trust its neighbours. */
static bool is_ours(const uint8_t addr[16])
{
	struct ifaddrs *list = NULL;
	bool found = false;
	uint8_t own[16];

	if (getifaddrs(&list) < 0)
		return true;
	for (struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = i->ifa_addr && to_addr(i->ifa_addr, own) && memcmp(own, addr, 16) == 0;
	freeifaddrs(list);
	return found;
}

static bool allowed(const struct post *p, const uint8_t addr[16])
{
	for (size_t i = 0; i < p->n_allow; i++)
		if (cidr_has(&p->allow[i], addr))
			return true;
	return hook_addr_ok(addr, NULL, 0) && !is_ours(addr);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct post *p = arg;
	uint8_t addr[16];

	if (purpose != CURLSOCKTYPE_IPCXN || !to_addr(&to->addr, addr) || !allowed(p, addr)) {
		p->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* --- posts --- */

static size_t throw_away(char *text, size_t size, size_t n, void *arg)
{
	struct post *p = arg;

	(void)text;
	p->got += size * n;
	return p->got > ANSWER_MAX ? 0 : size * n;
}

static void post_free(struct post *p)
{
	curl_slist_free_all(p->headers);
	free(p->allow);
	free(p);
}

static void answer(int64_t id, long status, const char *error)
{
	struct hook_result r = { .id = id, .status = (int32_t)status };

	str_copy(r.error, sizeof(r.error), error);
	while (send(vzd_fd, &r, sizeof(r), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* Splits the call. Exactly as many strings as there are fields, the last one ends it. */
static bool fields(char *text, size_t len, const char *f[HOOK_F_N])
{
	size_t at = 0;

	for (unsigned i = 0; i < HOOK_F_N; i++) {
		if (at >= len)
			return false;
		f[i] = text + at;
		at += strnlen(text + at, len - at) + 1;
	}
	return at == len;
}

static bool parse_allow(struct post *p, const char *text)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err e = { 0 };

	if (str_list_split(&l, text, " ", &e) < 0)
		return false;
	p->allow = calloc(l.n + 1, sizeof(*p->allow));
	for (size_t i = 0; p->allow && i < l.n; i++)
		if (cidr_parse(l.v[i], &p->allow[p->n_allow], &e) == 0)
			p->n_allow++;
	return p->allow != NULL;
}

static bool header(struct post *p, const char *name, const char *value)
{
	char line[512];
	struct curl_slist *more;

	if (str_fmt(line, sizeof(line), "%s: %s", name, value) < 0)
		return false;
	more = curl_slist_append(p->headers, line);
	if (more)
		p->headers = more;
	return more != NULL;
}

#define SET(opt, val) (curl_easy_setopt(p->curl, (opt), (val)) == CURLE_OK)
static bool set_headers(struct post *p, const char *f[HOOK_F_N])
{
	return header(p, "Content-Type", "application/json") && header(p, "Vz-Signature", f[HOOK_F_SIGNATURE]) &&
	       header(p, "Vz-Webhook", f[HOOK_F_WEBHOOK]) && header(p, "Vz-Delivery", f[HOOK_F_ID]) && header(p, "Expect", "") &&
	       SET(CURLOPT_HTTPHEADER, p->headers) && SET(CURLOPT_USERAGENT, "vz/" VZ_VERSION);
}

/* What curl could be led to do besides: other protocols, redirects, proxies, passwords from files. */
static bool set_bounds(struct post *p)
{
	return SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") &&
	       SET(CURLOPT_NETRC, 0L) && SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) && SET(CURLOPT_TIMEOUT_MS, TOTAL_MS) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, p);
}

static bool set_up(struct post *p, const char *f[HOOK_F_N])
{
	return set_headers(p, f) && set_bounds(p) && SET(CURLOPT_URL, f[HOOK_F_URL]) && SET(CURLOPT_POSTFIELDS, f[HOOK_F_BODY]) &&
	       SET(CURLOPT_POSTFIELDSIZE, (long)strlen(f[HOOK_F_BODY])) && SET(CURLOPT_ERRORBUFFER, p->text) &&
	       SET(CURLOPT_WRITEFUNCTION, throw_away) && SET(CURLOPT_WRITEDATA, p) && SET(CURLOPT_PRIVATE, p);
}

static void start(const char *call, size_t len)
{
	struct post *p = malloc(sizeof(*p) + len);
	const char *f[HOOK_F_N];
	int64_t id = 0;

	if (!p)
		return;
	*p = (struct post){ 0 };
	memcpy(p->body, call, len);
	if (!fields(p->body, len, f) || num_i64(f[HOOK_F_ID], &id) < 0) {
		post_free(p);
		return;
	}
	p->id = id;
	p->curl = curl_easy_init();
	if (p->curl && parse_allow(p, f[HOOK_F_ALLOW]) && set_up(p, f) && curl_multi_add_handle(multi, p->curl) == CURLM_OK)
		return;
	answer(id, 0, "vz-hook is out of memory");
	if (p->curl)
		curl_easy_cleanup(p->curl);
	post_free(p);
}

static void finish(CURL *curl, CURLcode code)
{
	struct post *p = NULL;
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_PRIVATE, &p);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status)
		answer(p->id, status, "");
	else if (p->refused)
		answer(p->id, 0, "the address is private or this host's: WEBHOOK_ALLOW in vzd.conf would allow it");
	else
		answer(p->id, 0, p->text[0] ? p->text : curl_easy_strerror(code));
	curl_multi_remove_handle(multi, curl);
	curl_easy_cleanup(curl);
	post_free(p);
}

/* --- the program --- */

static void read_calls(void)
{
	static char call[HOOK_CALL_MAX];

	for (;;) {
		ssize_t n = recv(vzd_fd, call, sizeof(call), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && errno != EAGAIN))
			vzd_gone = true;
		if (n <= 0)
			return;
		if ((size_t)n <= sizeof(call))
			start(call, (size_t)n);
	}
}

static int loop(void)
{
	int running = 0, left;

	for (;;) {
		struct curl_waitfd wait = { .fd = vzd_fd, .events = CURL_WAIT_POLLIN };
		CURLMsg *m;

		if (curl_multi_poll(multi, &wait, 1, 10000, NULL) != CURLM_OK)
			return 1;
		if (wait.revents)
			read_calls();
		if (vzd_gone)
			_exit(0);	/* the next vzd sends again what is under way: nobody hears of it here */
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return 1;
		while ((m = curl_multi_info_read(multi, &left)))
			if (m->msg == CURLMSG_DONE)
				finish(m->easy_handle, m->data.result);
	}
}

/* Started by root: nothing of it is left afterwards. Started by another user, as in tests: it stays who it is. */
static int become(const char *user, struct err *e)
{
	const struct passwd *pw = getpwnam(user);
	struct rlimit none = { 0, 0 };

	if (geteuid() == 0) {
		if (!pw || pw->pw_uid == 0)
			return err_say(e, EPERM, "user %s: %s", user, pw ? "must not be root" : "there is none");
		if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
			return err_set(e, errno, "become user %s", user);
		if (setuid(0) == 0 || geteuid() == 0)
			return err_say(e, EPERM, "user %s: root could be had back", user);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(e, errno, "drop privileges");
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	uint64_t fd;

	if (argc != 3 || num_u64(argv[1], &fd) < 0 || fd > 1024) {
		fprintf(stderr, "vz-hook is started by vzd\n");
		return 2;
	}
	vzd_fd = (int)fd;
	signal(SIGPIPE, SIG_IGN);
	if (become(argv[2], &e) < 0) {
		fprintf(stderr, "vz-hook: %s\n", e.text);
		return 1;
	}
	if (fcntl(vzd_fd, F_SETFD, FD_CLOEXEC) < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(multi = curl_multi_init())) {
		fprintf(stderr, "vz-hook: cannot begin\n");
		return 1;
	}
	return loop();
}
