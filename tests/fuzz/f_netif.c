/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NETIF as users and files write it: what is taken prints and reads back as the same, and a change leaves good entries. */
#include <string.h>

#include "net/netif.h"
#include "net/netif_param.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

static void round_trip(const struct str_list *l)
{
	struct str_list again = { 0 };
	struct buf b = BUF_INIT;
	struct err e = { 0 };

	net_type_netif.print(NULL, l, &b);
	FUZZ_CHECK(net_type_netif.parse(NULL, buf_str(&b), PARAM_FILE, &again, &e) == 0);
	again.set = l->set;		/* a change that is about something else */
	FUZZ_CHECK(str_list_equal(l, &again));
	FUZZ_CHECK(!strpbrk(buf_str(&b), "\n\r\t"));
	buf_done(&b);
	str_list_clear(&again);
}

/* Lines: the stored value, what is added, and KEY=VALUE of an edit each. */
void fuzz_one(const uint8_t *data, size_t len)
{
	struct net_conf base = { 0 }, change = { 0 };
	struct str_list sum = { 0 };
	struct err e = { 0 };
	char s[2048], *rest = s, *file, *add;

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	file = strsep(&rest, "\n");
	add = rest ? strsep(&rest, "\n") : NULL;
	if (net_type_netif.parse(NULL, file, PARAM_FILE, &base.netif, &e) == 0)
		round_trip(&base.netif);
	if (add && net_type_netif.parse(NULL, add, PARAM_CLI, &change.netif, &e) == 0)
		round_trip(&change.netif);
	while (rest) {
		char *line = strsep(&rest, "\n"), *val = strchr(line, '=');
		struct param p = { .opt = line };

		if (!val)
			continue;
		*val = '\0';
		net_type_netif_edit.parse(&p, val + 1, PARAM_CLI, &change.netif_edit, &e);
	}
	err_clear(&e);
	if (net_conf_complete(&change, &base, 101, &e) == 0 && net_conf_merge_netif(&base, &change, &sum, &e) == 0)
		round_trip(&sum);
	net_type_netif.done(&base.netif);
	net_type_netif.done(&change.netif);
	net_type_netif.done(&change.netif_edit);
	str_list_clear(&sum);
}
