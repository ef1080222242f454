/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One HTTPS request by libcurl. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/remote.h"

CURL *remote_curl(const struct remote *r, struct err *e)
{
	CURL *c = curl_easy_init();

	if (!c) {
		err_set(e, ENOMEM, "libcurl");
		return NULL;
	}
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 20L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (r->pin) {		/* the key itself is known: no authority has a say */
		curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, r->pin);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (r->ca) {
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca);
	}
	return c;
}

static size_t received(char *p, size_t one, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, p, one * n);
	return buf_failed(b) ? 0 : one * n;
}

static struct curl_slist *headers_of(const struct remote *r, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	struct curl_slist *l;

	buf_addf(&b, "Authorization: Bearer %s", r->token);
	l = curl_slist_append(NULL, buf_str(&b));
	explicit_bzero(b.s, b.len);
	if (l && curl_slist_append(l, "Content-Type: application/json"))
		return l;
	curl_slist_free_all(l);
	err_set(e, ENOMEM, "libcurl");
	return NULL;
}

int remote_post(const struct remote *r, const char *path, const char *json, long *status, struct buf *answer, struct err *e)
{
	struct buf auto_buf url = BUF_INIT;
	CURL *c = remote_curl(r, e);
	struct curl_slist *headers = c ? headers_of(r, e) : NULL;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	buf_addf(&url, "https://%s:%s%s", r->host, r->port, path);
	if (headers) {
		curl_easy_setopt(c, CURLOPT_URL, buf_str(&url));
		curl_easy_setopt(c, CURLOPT_TIMEOUT, 60L);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, json);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, received);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
		rc = curl_easy_perform(c);
		if (rc == CURLE_OK)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
		else
			err_say(e, ECONNREFUSED, "%s:%s: %s", r->host, r->port, curl_easy_strerror(rc));
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return rc == CURLE_OK ? 0 : -e->code;
}
