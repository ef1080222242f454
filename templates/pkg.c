/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzpkg: packages of a container or a template by the package manager that is in it. The script runs inside, in whatever
 * shell is there; which manager there is is found there as well. A template is unpacked, changed in a box of its own, packed
 * again and takes its old name: containers on the tree from before keep it.
 */
#include "templates/pkg.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "templates/add.h"
#include "templates/outlet.h"
#include "templates/pull.h"
#include "templates/run.h"
#include "util/auto.h"
#include "util/path.h"
#include "util/str.h"

#define TIMEOUT_MS (3600 * 1000)

/* $0: "template" in one that is being changed, where nothing may be started. $1: the verb. Status 2: updates are pending. */
const char tmpl_pkg_script[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH LC_ALL=C\n"
	"where=$0 verb=$1; shift\n"
	"has() { command -v \"$1\" >/dev/null 2>&1; }\n"
	"pending() { [ -z \"$1\" ] || { printf '%s\\n' \"$1\"; exit 2; }; exit 0; }\n"
	"if has apt-get; then\n"
	"	DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND\n"
	"	get() { apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \"$@\"; }\n"
	"	p=/usr/sbin/policy-rc.d\n"
	"	if [ \"$where\" = template ] && [ ! -e $p ]; then\n"
	"		printf '#!/bin/sh\\nexit 101\\n' >$p && chmod 755 $p; trap 'rm -f '$p EXIT; fi\n"
	"	half() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' | sed -n 's/^.[UFH]. *//p; s/^..R *//p'; }\n"
	"	h=$(half); case $verb in\n"
	"	status) [ -z \"$h\" ] || { echo \"half installed, which 'vzpkg update' tries to finish:\" $h >&2; exit 1; } ;;\n"
	"	install|remove|update) [ -z \"$h\" -a -z \"$(ls /var/lib/dpkg/updates)\" ] || dpkg --configure -a || : ;;\n"
	"	esac\n"
	"	case $verb in\n"
	"	install) get update && get install --no-install-recommends -- \"$@\" ;;\n"
	"	remove) get remove -- \"$@\" ;;\n"
	"	update) get update && if [ $# -gt 0 ]; then get install --only-upgrade -- \"$@\"; else get dist-upgrade; fi ;;\n"
	"	status) apt-get -qq update >&2 && l=$(apt-get -s -qq dist-upgrade | sed -n 's/^Inst //p') && pending \"$l\" ;;\n"
	"	list) dpkg-query -W -f '${Package} ${Version}\\n' ;;\n"
	"	esac\n"
	"	rc=$?; [ \"$where\" != template ] || get clean; exit $rc\n"
	"elif has dnf || has yum; then\n"
	"	m=yum; has dnf && m=dnf\n"
	"	case $verb in\n"
	"	install) $m -y install \"$@\" ;; remove) $m -y remove \"$@\" ;; update) $m -y upgrade \"$@\" ;;\n"
	"	status) l=$($m -q check-update); r=$?; [ $r = 100 ] && pending \"$l\"; exit $r ;;\n"
	"	list) rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' ;;\n"
	"	esac\n"
	"	rc=$?; [ \"$where\" != template ] || $m -y clean all >/dev/null; exit $rc\n"
	"elif has apk; then\n"
	"	case $verb in\n"
	"	install) apk update && apk add \"$@\" ;; remove) apk del \"$@\" ;;\n"
	"	update) apk update && if [ $# -gt 0 ]; then apk add -u \"$@\"; else apk upgrade; fi ;;\n"
	"	status) apk -q update && l=$(apk -q version -l '<') && pending \"$l\" ;;\n"
	"	list) apk info -v ;;\n"
	"	esac\n"
	"elif has pacman; then\n"
	"	case $verb in\n"
	"	install) pacman -Sy --noconfirm --needed \"$@\" ;; remove) pacman -R --noconfirm \"$@\" ;;\n"
	"	update) if [ $# -gt 0 ]; then pacman -Sy --noconfirm \"$@\"; else pacman -Syu --noconfirm; fi ;;\n"
	"	status) pacman -Sy >&2 && { l=$(pacman -Qu); pending \"$l\"; } ;;\n"
	"	list) pacman -Q ;;\n"
	"	esac\n"
	"elif has zypper; then\n"
	"	case $verb in\n"
	"	install) zypper -n in \"$@\" ;; remove) zypper -n rm \"$@\" ;; update) zypper -n up \"$@\" ;;\n"
	"	status) zypper -q -n ref >&2 && l=$(zypper -q -n lu | sed 1,2d) && pending \"$l\" ;;\n"
	"	list) rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' ;;\n"
	"	esac\n"
	"else\n"
	"	echo 'there is no package manager inside that vzpkg knows (apt, dnf, yum, apk, pacman, zypper)' >&2; exit 1\n"
	"fi\n";

static const struct { const char *word; bool packages, changes; } verbs[] = {
	{ "install", true, true }, { "remove", true, true }, { "update", false, true }, { "status", false, false },
	{ "list", false, false },
};

bool tmpl_pkg_changes(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].word, verb) == 0)
			return verbs[i].changes;
	return false;
}

/* Packages are words, not options, paths or shell: also of those managers that take more. */
static bool package_ok(const char *p)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_:~=@";

	return *p && *p != '-' && *p != '.' && strlen(p) < 200 && strspn(p, ok) == strlen(p);
}

int tmpl_pkg_check(const char *verb, const char *const *packages, size_t n, struct err *e)
{
	size_t v = 0;

	while (v < ARRAY_SIZE(verbs) && strcmp(verbs[v].word, verb) != 0)
		v++;
	if (v == ARRAY_SIZE(verbs))
		return err_say(e, EINVAL, "vzpkg knows install, remove, update, status and list, not %.40s", verb);
	if (verbs[v].packages && !n)
		return err_say(e, EINVAL, "vzpkg %s wants the names of packages", verb);
	if (!verbs[v].changes && n)
		return err_say(e, EINVAL, "vzpkg %s takes no packages", verb);
	if (n > TMPL_PKG_MAX)
		return err_say(e, E2BIG, "more than %d packages", TMPL_PKG_MAX);
	for (size_t i = 0; i < n; i++)
		if (!package_ok(packages[i]))
			return err_say(e, EINVAL, "\"%.80s\" is not the name of a package", packages[i]);
	return 0;
}

void tmpl_pkg_argv(const char *where, const char *verb, const char *const *packages, size_t n,
		   const char *argv[TMPL_PKG_ARGV])
{
	size_t at = 0;

	argv[at++] = "/bin/sh";
	argv[at++] = "-c";
	argv[at++] = tmpl_pkg_script;
	argv[at++] = where;
	argv[at++] = verb;
	for (size_t i = 0; i < n && i < TMPL_PKG_MAX; i++)
		argv[at++] = packages[i];
	argv[at] = NULL;
}

static int open_tmp(const char *tmpldir, struct tmpl_tmp *tmp, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);

	return base < 0 || tmpl_sweep(tmpldir, e) < 0 || tmp_make(base, tmp, e) < 0 ? -e->code : 0;
}

int tmpl_pkg(const char *tmpldir, const char *name, const char *verb, const char *const *packages, size_t n, int *status,
	     struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	const char *argv[TMPL_PKG_ARGV];
	struct tree_run r = { .argv = argv, .timeout_ms = TIMEOUT_MS };
	struct outlet net __attribute__((cleanup(outlet_close))) = OUTLET_NONE;
	auto_close int tree = -1;
	char file[300];
	struct tmpl t, now;

	*status = 1;
	if (tmpl_pkg_check(verb, packages, n, e) < 0 || tmpl_find(tmpldir, name, &t, e) < 0 || open_tmp(tmpldir, &tmp, e) < 0)
		return -e->code;
	tree = add_dir(&tmp, "root", e);
	if (tree < 0 || tmpl_unpack(&t, tree, NULL, e) < 0)
		return -e->code;
	tmpl_pkg_argv("template", verb, packages, n, argv);
	if (outlet_open(&net, NULL, e) < 0)
		return -e->code;
	r.tree = tree;
	r.netns = net.netns;
	r.own_out = !tmpl_pkg_changes(verb);
	if (tree_run(&r, status, e) < 0) {
		if (e->code == ECHILD && *status == 2 && !tmpl_pkg_changes(verb))
			err_clear(e);
		return -e->code;
	}
	if (!tmpl_pkg_changes(verb))
		return 0;
	str_fmt(file, sizeof(file), "%s.tar.zst", t.name);
	if (add_pack(&tmp, tree, true, file, e) < 0)
		return -e->code;
	return import_archive(tmpldir, &tmp, file, t.name, &(struct origin){ "vzpkg", t.archive, "" }, &now, e);
}
