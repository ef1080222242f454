/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that a killed command or another program may have left torn: state, intent, .lck. What is taken is well-formed. */
#include <string.h>

#include "libct/files.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void state(const struct kv *kv)
{
	struct ct_state s, again;
	auto_buf struct buf b = BUF_INIT;
	auto_kv struct kv out = { 0 };
	struct err e = { 0 };

	if (ct_state_parse(kv, &s, &e) < 0) {
		FUZZ_CHECK(e.code == EBADMSG && s.stage == CT_STAGE_NONE);
		return;
	}
	FUZZ_CHECK(s.stage < CT_STAGE_N);
	if (s.init_pid < 0 || s.monitor_pid < 0)	/* never printed by us, and never believed: ct_pid_open() */
		return;
	ct_state_print(&s, &b);
	FUZZ_CHECK(!buf_failed(&b) && kv_parse(&out, buf_str(&b), b.len, &e) == 0);
	FUZZ_CHECK(ct_state_parse(&out, &again, &e) == 0);
	FUZZ_CHECK(!memcmp(&s, &again, sizeof(s)));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = strndup((const char *)data, size);
	auto_kv struct kv kv = { 0 }, intent = { 0 };
	struct ct_lck lck;
	struct err e = { 0 };

	FUZZ_CHECK(text);
	ct_lck_parse(text, &lck);
	FUZZ_CHECK(lck.pid >= 0 && lck.pid <= 0x400000);
	if (ct_intent_parse(text, strlen(text), &intent))
		FUZZ_CHECK(strstr(text, "\n") != NULL);
	if (kv_parse(&kv, text, strlen(text), &e) == 0)
		state(&kv);
}
