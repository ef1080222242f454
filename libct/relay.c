/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminal and pipe plumbing of exec, enter and console. */
#include "libct/relay.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

void tty_make_raw(struct tty_raw *t, int fd)
{
	struct termios raw;

	*t = (struct tty_raw){ .fd = fd };
	if (!isatty(fd) || tcgetattr(fd, &t->saved) < 0)
		return;
	raw = t->saved;
	cfmakeraw(&raw);
	t->on = tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

void tty_restore(struct tty_raw *t)
{
	if (t->on)
		tcsetattr(t->fd, TCSADRAIN, &t->saved);
	t->on = false;
}

int tty_winch_fd(void)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &s, NULL) < 0)
		return -1;
	return signalfd(-1, &s, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool tty_size(int fd, unsigned short *rows, unsigned short *cols)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) < 0)
		return false;
	*rows = w.ws_row;
	*cols = w.ws_col;
	return true;
}

bool flow_read(struct flow *f)
{
	ssize_t n;

	if (f->len || f->eof)
		return true;
	n = read(f->from, f->buf, sizeof(f->buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {		/* EIO: the last slave of a pty was closed */
		f->eof = true;
		return false;
	}
	f->at = 0;
	f->len = (size_t)n;
	return true;
}

bool flow_write(struct flow *f)
{
	ssize_t n;

	if (!f->len)
		return !f->eof;
	n = write(f->to, f->buf + f->at, f->len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0)
		return false;
	f->at += (size_t)n;
	f->len -= (size_t)n;
	return f->len > 0 || !f->eof;
}
