/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_RECORD_H
#define LIBCT_RECORD_H
/* A list of lines in /run/vz/CTID/NAME: what was made at run time and has to go again. */
#include "libct/ct_priv.h"

/* Adds to @ret; no file is an empty list. */
int ct_record_load(const struct ct *ct, const char *name, struct str_list *ret, struct err *e);
/* Replaces the file; an empty list removes it. */
int ct_record_save(const struct ct *ct, const char *name, const struct str_list *l, struct err *e);

#define auto_list __attribute__((cleanup(str_list_clear)))

#endif
