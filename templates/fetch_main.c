/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vz-fetch: one file over HTTP or HTTPS to standard output, as a user without privileges. It decides nothing
 * about what it fetches: its caller knows the digest.
 *	vz-fetch URL MAX_BYTES
 * With a third argument, the number of bytes that are expected, it tells how far it is on standard error.
 */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "templates/nobody.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"

#define CONNECT_S 20L
#define STALL_S 60L		/* less than a byte a second for so long: the other side is gone */
#define REDIRECTS 5L

struct fetch {
	uint64_t max, expect, got;
	int percent, error;
	char text[CURL_ERROR_SIZE];
};

static void progress(struct fetch *f)
{
	int percent = f->expect ? (int)(f->got * 20 / f->expect) * 5 : 0;

	if (!f->expect || percent == f->percent || percent > 100)
		return;
	f->percent = percent;
	fprintf(stderr, "progress %d%%\n", percent);
}

static size_t on_data(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	int rc;

	n *= size;
	f->got += n;
	if (f->got > f->max) {
		f->error = EFBIG;
		return 0;
	}
	rc = fio_write_all(1, p, n);
	f->error = -rc;
	progress(f);
	return rc < 0 ? 0 : n;
}

#define SET(opt, val) (curl_easy_setopt(c, (opt), (val)) == CURLE_OK)
static bool set_up(CURL *c, struct fetch *f, const char *url)
{
	/* who asked for https is not sent elsewhere in the clear */
	const char *redirects = strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https";

	return SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
	       SET(CURLOPT_REDIR_PROTOCOLS_STR, redirects) &&
	       SET(CURLOPT_FOLLOWLOCATION, 1L) && SET(CURLOPT_MAXREDIRS, REDIRECTS) && SET(CURLOPT_NETRC, 0L) &&
	       SET(CURLOPT_FAILONERROR, 1L) && SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_CONNECTTIMEOUT, CONNECT_S) &&
	       SET(CURLOPT_LOW_SPEED_LIMIT, 1L) && SET(CURLOPT_LOW_SPEED_TIME, STALL_S) && SET(CURLOPT_WRITEFUNCTION, on_data) &&
	       SET(CURLOPT_WRITEDATA, f) && SET(CURLOPT_ERRORBUFFER, f->text) && SET(CURLOPT_USERAGENT, "vz/" VZ_VERSION);
}

static int run(struct fetch *f, const char *url, struct err *e)
{
	CURL *c = curl_easy_init();
	CURLcode rc;
	long status = 0;

	if (!c || !set_up(c, f, url)) {
		curl_easy_cleanup(c);
		return err_set(e, ENOMEM, "%s", url);
	}
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	if (rc == CURLE_OK)
		return 0;
	if (f->error == EFBIG)
		return err_say(e, EFBIG, "%s: more than the %llu bytes that it may have", url, (unsigned long long)f->max);
	if (f->error)
		return err_set(e, f->error, "write what %s sends", url);
	if (rc == CURLE_HTTP_RETURNED_ERROR)
		return err_say(e, status == 404 ? ENOENT : EIO, "%s: the server answers %ld", url, status);
	return err_say(e, EIO, "%s: %s", url, f->text[0] ? f->text : curl_easy_strerror(rc));
}

/* Exit status: 0, 2 not found there, 3 no space, 1 anything else. */
int main(int argc, char **argv)
{
	struct fetch f = { .percent = -1 };
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (argc < 3 || argc > 4 || num_u64(argv[2], &f.max) < 0 || (argc == 4 && num_u64(argv[3], &f.expect) < 0)) {
		fprintf(stderr, "Usage: vz-fetch URL MAX_BYTES [BYTES]\n");
		return 1;
	}
	if (nobody_become(&e) < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || run(&f, argv[1], &e) < 0) {
		fprintf(stderr, "%s\n", e.text[0] ? e.text : "vz-fetch cannot begin");
		return e.code == ENOENT ? 2 : e.code == ENOSPC || e.code == EDQUOT ? 3 : 1;
	}
	return 0;
}
