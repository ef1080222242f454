/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host's own root asks of the daemon: read vzd.conf again. The work is that of SIGHUP. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "util/err.h"
#include "vzd/api.h"

static int reload(struct api_call *c, struct err *e)
{
	if (kill(getpid(), SIGHUP) < 0)
		return err_set(e, errno, "reload");
	api_empty(c);
	return 0;
}

static const struct api_route rows[] = {
	{ "POST", "/v1/host/reload", "host.reload", SCOPE_NODE_WRITE, API_WRITE | API_LOCAL, NULL, NULL, NULL,
	  "Reads vzd.conf and the certificate again, as SIGHUP does.", reload },
};
const struct api_table api_host_table = API_TABLE(rows);
