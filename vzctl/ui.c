/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the programs: which stream, whether shown, whether logged. What the messages say is the caller's. Each line
 * is one write, so the two streams keep their order.
 */
#include "vzctl/ui.h"

#include <stdarg.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/log.h"

void ui_write(int fd, const char *text)
{
	(void)!fio_write_all(fd, text, strlen(text));
}

void ui_say(void *arg, int level, unsigned ctid, const char *text)
{
	const struct ui *ui = arg;
	struct buf auto_buf line = BUF_INIT;

	if (ui->logging)
		log_line(level, ctid, text);
	if (ui->quiet || level > ui->verbosity)
		return;
	buf_addf(&line, "%s\n", text);
	ui_write(level < 0 ? STDERR_FILENO : STDOUT_FILENO, buf_str(&line));
}

void ui_sayf(struct ui *ui, int level, const char *fmt, ...)
{
	struct buf auto_buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	ui_say(ui, level, ui->ctid, buf_str(&b));
}

int ui_fail(struct ui *ui, const struct err *e)
{
	if (e->text[0])
		ui_say(ui, -1, ui->ctid, e->text);
	if (e->exit)
		return e->exit;
	return e->code == ENOMEM ? VZ_RESOURCE_ERROR : VZ_SYSTEM_ERROR;
}

void ui_log(struct ui *ui, const struct ct_host_conf *c, const char *prog)
{
	if (c->logging.set && !c->logging.v)
		return;
	log_open(c->logfile && *c->logfile ? c->logfile : "/var/log/vzctl.log", prog,
		 c->log_level.set ? (int)c->log_level.v : 0);
	ui->logging = true;
}
