/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzpkg: installs, updates and removes packages in a running container, inside its namespaces and over its own
 * network, or in a template. Exit status: 0 done, 1 failed, 2 of status: updates are pending, 3 wrong usage.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "templates/pkg.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

enum { PKG_OK, PKG_FAILED, PKG_PENDING, PKG_USAGE };

static const char usage[] = "Usage: vzpkg install|remove CTID|TEMPLATE PACKAGE ...\n"
	"       vzpkg update CTID|TEMPLATE [PACKAGE ...]\n"
	"       vzpkg status|list CTID|TEMPLATE\n"
	"  A container must run. A template is changed aside and takes its name again; containers\n"
	"  that stand on it keep what they have.\n";
static const struct opt_flag flags[] = { { "help", 'h', false, 0, NULL } };

static int in_container(struct ct *ct, const char *verb, const char *const *packages, size_t n, int *ret, struct err *e)
{
	const char *argv[TMPL_PKG_ARGV];
	const struct ct_exec x = { .argv = argv };
	struct ct_info info;
	int status = 0;

	if (ct_info(ct, 0, &info, e) < 0)
		return -e->code;
	if (info.run != CT_RUNNING)
		return err_say(e, ESRCH, "container %u is not running: its packages come over its own network; start it first",
			       ct_id(ct));
	tmpl_pkg_argv("container", verb, packages, n, argv);
	if (ct_exec(ct, &x, &status, e) < 0)
		return -e->code;
	*ret = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (*ret && !(*ret == PKG_PENDING && !tmpl_pkg_changes(verb)))
		return err_say(e, ECHILD, "the package manager of container %u ended with status %d", ct_id(ct), *ret);
	return 0;
}

static int run(const char *verb, const char *where, const char *const *packages, size_t n, int *ret, struct err *e)
{
	struct err none = { 0 };
	auto_host struct ct_host *h = NULL;
	struct ct *ct = NULL;
	int rc;

	if (tmpl_pkg_check(verb, packages, n, e) < 0) {
		*ret = PKG_USAGE;
		return -e->code;
	}
	*ret = PKG_FAILED;
	if (tool_host(&h, e) < 0)
		return -e->code;
	if (ct_open(h, where, 0, &ct, &none) == 0) {
		rc = in_container(ct, verb, packages, n, ret, e);
		ct_close(ct);
	} else if (strspn(where, "0123456789") == strlen(where)) {
		return *e = none, -e->code;
	} else {
		rc = tmpl_pkg(ct_host_conf(h)->template_dir, where, verb, packages, n, ret, e);
	}
	if (rc < 0)
		*ret = PKG_FAILED;
	return rc;
}

int main(int argc, char **argv)
{
	struct opt o = { .prog = "vzpkg", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	auto_free const char **word = calloc((size_t)argc + 1, sizeof(*word));
	struct opt_found f;
	struct err e = { 0 };
	size_t n = 0;
	int what, rc = PKG_FAILED;

	while (word && (what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_FLAG)
			return tool_usage(usage, &e, PKG_OK);
		word[n++] = f.arg;
	}
	if (!word || e.code || n < 2)
		return tool_usage(usage, &e, PKG_USAGE);
	if (run(word[0], word[1], word + 2, n - 2, &rc, &e) < 0)
		tool_fail("vzpkg", &e);
	return rc;
}
