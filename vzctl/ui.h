/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_UI_H
#define VZCTL_UI_H
/* What the programs say: levels >= 0 to standard output, < 0 to standard error, and every shown or hidden line to the log. */
#include <stdbool.h>

#include "libct/ct.h"

struct ui {
	int verbosity;		/* a message is shown if its level is not above it */
	bool quiet;		/* nothing is shown; the log is still written */
	bool logging;		/* log_open() was called */
	unsigned ctid;		/* of the lines the program itself says, 0: none */
};

/* struct ct_ui's function; @arg is a struct ui. */
void ui_say(void *arg, int level, unsigned ctid, const char *text);
void ui_sayf(struct ui *ui, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Shows an error that nobody has shown yet and turns it into the exit status. */
int ui_fail(struct ui *ui, const struct err *e);
/* Opens LOGFILE as the configuration says. */
void ui_log(struct ui *ui, const struct ct_host_conf *c, const char *prog);
/* Writes to descriptor @fd whatever is in @text; a reader that went away is not an error. */
void ui_write(int fd, const char *text);

#endif
