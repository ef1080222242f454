/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Silence for a verb inside a verb. Containers without their init are in the integration tests. */
#include "tests/unit/t_ct_box.h"

TEST_ROOT(hold_mute)
{
	struct box b;
	struct ct *ct;
	struct ct_ui ui;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	buf_reset(&b.said);
	ui = ct_ui_mute(ct);
	ct_say(ct, -1, "not heard");
	b.host->ui = ui;
	ct_say(ct, 0, "heard");
	box_said(&b, "O heard\n");
	ct_close(ct);
	box_done(&b);
}
