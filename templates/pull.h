/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_PULL_H
#define TEMPLATES_PULL_H
/* How archives come into the cache. Inside templates/; the public calls are in tmpl.h. */
#include "templates/tmpl_priv.h"

/* unpack_run.c: where an installed helper, or one beside this program, lies. */
int unpack_helper_path(const char *prog, char out[4096], struct err *e);

/* fetch.c. @source: a full path, file://, http:// or https://. EFBIG: more than @max bytes. */
bool fetch_is_web(const char *source);
const char *fetch_path(const char *source);	/* of a file here; NULL: it is on the web, or nothing that is known */
/* @expect (0: unknown): bytes, for telling on standard error how far it is. */
int fetch_to(const char *source, int out, uint64_t max, uint64_t expect, struct err *e);
/* Into the new file @dir/@name, on disk when it returns. Returns a descriptor. */
int fetch_new(const char *source, int dir, const char *name, uint64_t max, uint64_t expect, struct err *e);

/* import.c */
struct origin { const char *kind, *source, *signed_by; };	/* "pull", where from, whose key or "" */
/*
 * The archive tmp/@file becomes template @name: unpacked on trial into the store, which judges it, then renamed into the
 * cache in place of what had that name. Containers on the tree from before keep it.
 */
int import_archive(const char *tmpldir, const struct tmpl_tmp *tmp, const char *file, const char *name,
		   const struct origin *o, struct tmpl *ret, struct err *e);
/* The digest of the archive that has this name now; "" if none has. Reads it if need be. */
int import_digest(const char *tmpldir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e);

#endif
