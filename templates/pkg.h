/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_PKG_H
#define TEMPLATES_PKG_H
/* Packages of containers and templates, by the package manager inside. What vzpkg runs in a container is the same script. */
#include <stdbool.h>
#include <stddef.h>

struct err;

#define TMPL_PKG_MAX 200
#define TMPL_PKG_ARGV (TMPL_PKG_MAX + 6)
extern const char tmpl_pkg_script[];
int tmpl_pkg_check(const char *verb, const char *const *packages, size_t n, struct err *e);	/* EINVAL */
bool tmpl_pkg_changes(const char *verb);		/* install, remove, update */
/* sh -c SCRIPT WHERE VERB PACKAGE...; @where: "container" or "template". */
void tmpl_pkg_argv(const char *where, const char *verb, const char *const *packages, size_t n,
		   const char *argv[TMPL_PKG_ARGV]);
/* In a template, with this host's network; then it is the template of that name. *status: 2 of "status": updates are pending. */
int tmpl_pkg(const char *tmpldir, const char *name, const char *verb, const char *const *packages, size_t n, int *status,
	     struct err *e);

#endif
