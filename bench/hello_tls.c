/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor of bench/api: the same library answers over TLS with a fixed text and asks nobody. hello-tls PORT CERT KEY BYTES */
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/num.h"

static char text[65536];
static size_t n_text = 500;

static enum MHD_Result hello(void *cls, struct MHD_Connection *mc, const char *url, const char *method, const char *version,
			     const char *upload, size_t *upload_size, void **con_cls)
{
	struct MHD_Response *r;
	enum MHD_Result ret;

	(void)cls, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
	if (!*con_cls) {
		*con_cls = text;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(n_text, text, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Content-Type", "application/json");
	ret = MHD_queue_response(mc, 200, r);
	MHD_destroy_response(r);
	return ret;
}

static char *slurp(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *s = calloc(1, 65536);

	return s && fd >= 0 && read(fd, s, 65535) > 0 ? s : NULL;
}

int main(int argc, char **argv)
{
	uint64_t port = 0, n = 500;

	if (argc != 5 || num_u64(argv[1], &port) < 0 || num_u64(argv[4], &n) < 0 || n > sizeof(text))
		return 2;
	memset(text, 'x', sizeof(text));
	n_text = n;
	if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, (uint16_t)port, NULL, NULL, hello, NULL,
			      MHD_OPTION_HTTPS_MEM_CERT, slurp(argv[2]), MHD_OPTION_HTTPS_MEM_KEY, slurp(argv[3]),
			      MHD_OPTION_HTTPS_PRIORITIES, "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_END))
		return 1;
	pause();
	return 0;
}
