/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CONSOLE_H
#define VZD_CONSOLE_H
/*
 * Terminals and commands whose descriptors go to the client: tickets, sessions, and the console's history. A session is a
 * child of vzd (vzctl enter, exec2, exec3) on a pty or three pipes, or a connection to the container's monitor; vzd keeps
 * the child's pid and says how it ended. Sessions of a token end when it is revoked or the container
 * becomes another's, and its tickets are worth nothing then.
 */
#include "vzd/api.h"

#define CONSOLE_TICKET_LEN 43	/* base64url of 32 random bytes */
#define CONSOLE_TICKET_MS 30000
#define CONSOLE_PER_CT 8
#define CONSOLE_PER_TENANT 64

enum console_kind { CONSOLE_CONSOLE, CONSOLE_SHELL, CONSOLE_TTY, CONSOLE_EXEC, CONSOLE_N };
enum console_kind console_kind_of(const char *name);	/* CONSOLE_N: unknown */

struct console_spec {
	enum console_kind kind;
	unsigned ctid, cols, rows;	/* ctid 0: no container (vzctl over the API) */
	char *const *argv;		/* copied; unused for CONSOLE_CONSOLE */
	bool changes;			/* it makes or changes the container: a command of vzctl's */
};
struct consoles;
int consoles_open(struct vzd *d, struct consoles **ret, struct err *e);
void consoles_close(struct consoles *cs);	/* ends the sessions */
/* EBUSY: too many sessions of this container or tenant. */
int console_ticket(struct consoles *cs, struct principal *who, const struct console_spec *s, char ret[CONSOLE_TICKET_LEN + 1],
		   struct err *e);
/* Answers @c with the descriptors of @ticket's session (status 101) and, at its end, {"exit":N}. */
int console_open(struct consoles *cs, struct api_call *c, const char *ticket, struct err *e);
/* The same without a ticket, for a caller known already. @fds: the program's own three, or NULL for new ones. */
int console_start(struct consoles *cs, struct api_call *c, const struct console_spec *s, const int *fds, struct err *e);
/* Is a session, or a ticket for one, changing this container? NULL: no. */
bool consoles_change(const struct consoles *cs, unsigned ctid);
/* Answers @c with the last @lines (0: all there is) of the console as text. */
int console_history(struct consoles *cs, struct api_call *c, unsigned lines, struct err *e);

#endif
