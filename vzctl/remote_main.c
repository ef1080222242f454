/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vz-remote, which vzctl becomes for `vzctl --host HOST ...`: posts the words to the host's /v1/cli and joins the
 * session it opens. Output and exit status are those of the vzctl there; what this program itself has to say goes to standard
 * error, with status 12 (no access), 20 (usage) or 3.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libct/exit.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/remote.h"

/* Commands that want a terminal at the other end. */
static bool wants_tty(int argc, char **argv)
{
	int i = 0;

	while (i < argc && argv[i][0] == '-')
		i++;
	return i < argc && (str_eq(argv[i], "enter") || str_eq(argv[i], "console")) && isatty(0) && isatty(1);
}

static char *request(int argc, char **argv, bool tty)
{
	struct winsize ws = { .ws_col = 80, .ws_row = 24 };
	json_t *words = json_array(), *j;
	char *text;

	for (int i = 0; i < argc; i++)
		if (json_array_append_new(words, json_string(argv[i])) < 0) {
			json_decref(words);
			return NULL;	/* not UTF-8 */
		}
	if (tty)
		ioctl(0, TIOCGWINSZ, &ws);
	j = json_pack("{s:o, s:b, s:i, s:i}", "argv", words, "tty", tty, "cols", ws.ws_col ? ws.ws_col : 80, "rows",
		      ws.ws_row ? ws.ws_row : 24);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

/* A problem of the API as an error: its own words, and vzctl's exit status if it carries one. */
static int problem(long status, const struct buf *body, struct err *e)
{
	json_t *j = json_loads(buf_str(body), 0, NULL), *code = json_object_get(j, "code");
	const char *detail = json_string_value(json_object_get(j, "detail")),
		   *title = json_string_value(json_object_get(j, "title"));
	int own = status == 401 || status == 403 ? VZ_NO_ACCES : VZ_SYSTEM_ERROR;

	err_say(e, EPROTO, "%s", detail ? detail : title ? title : "the host answers, but not as vzd does");
	err_exit(e, json_is_integer(code) ? (int)json_integer_value(code) : own);
	json_decref(j);
	return -e->code;
}

static int open_session(const struct remote *r, int argc, char **argv, bool tty, struct rws *w, struct err *e)
{
	struct buf auto_buf answer = BUF_INIT;
	auto_free char *json = request(argc, argv, tty);
	json_t *j;
	long status = 0;
	int rc;

	if (!json)
		return err_say(e, EILSEQ, "a word of the command is not UTF-8");
	if (remote_post(r, "/v1/cli", json, &status, &answer, e) < 0)
		return -e->code;
	if (status != 201)
		return problem(status, &answer, e);
	j = json_loads(buf_str(&answer), 0, NULL);
	rc = json_string_value(json_object_get(j, "ws"))
		     ? rws_open(w, r, json_string_value(json_object_get(j, "ws")), tty ? "vz.tty.v1" : "vz.exec.v1", e)
		     : err_say(e, EPROTO, "the host answers, but not as vzd does");
	json_decref(j);
	return rc;
}

static int run(const char *host, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(remote_done))) struct remote r = { 0 };
	__attribute__((cleanup(rws_close))) struct rws w = { .sock = -1 };
	bool tty = wants_tty(argc, argv);

	if (remote_conf(host, &r, e) < 0 || open_session(&r, argc, argv, tty, &w, e) < 0)
		return -e->code;
	return remote_relay(&w, tty, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 3) {
		fprintf(stderr, "usage: vz-remote HOST[:PORT] COMMAND... (started by vzctl --host)\n");
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = run(argv[1], argc - 2, argv + 2, &e);
	if (rc >= 0)
		return rc;
	fprintf(stderr, "%s\n", e.text);
	return e.exit ? e.exit : VZ_SYSTEM_ERROR;
}
