/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_TRIAL_H
#define LIBCT_TRIAL_H
/* Templates on trial: a temporary container that no network reaches, in which scripts judge a template. */
#include "libct/ct.h"

struct tmpl_ui;

/*
 * Starts a container of @archive and runs each of @scripts (paths on the host, text of a shell) in it. ECHILD: one failed, its
 * name is in the text. The container is gone afterwards; if this process is killed, a process of its own removes it, and if
 * that is killed too, ct_trial_sweep(). Nothing may be on standard input that somebody else wants.
 */
int ct_trial(struct ct_host *h, const char *archive, const struct str_list *scripts, const struct tmpl_ui *ui, struct err *e);
bool ct_trial_left(void);	/* there are records: of dead trials, or of some that are under way */
/* Removes what dead trials left. Never an error: what could not be removed is said. */
void ct_trial_sweep(struct ct_host *h, const struct tmpl_ui *ui);

#endif
