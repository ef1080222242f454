/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of rates, caps and the monthly quota. */
#include <errno.h>
#include <stddef.h>

#include "libct/files.h"
#include "libct/type.h"
#include "net/shape.h"

static int rates_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	struct net_rate v[NET_CLASS_N];

	if (net_rates_parse(text, v, e) < 0)
		return -e->code;
	return param_str.parse(p, text, src, field, e);
}
static STR_TYPE(type_rates, "rates", rates_parse);

static int action_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	if (!str_eq(text, "notify") && !str_eq(text, "throttle") && !str_eq(text, "stop"))
		return err_say(e, EINVAL, "'%s' is none of notify, throttle, stop", text);
	return param_str.parse(p, text, src, field, e);
}
static STR_TYPE(type_action, "mode", action_parse);

#define S(field) .off = offsetof(struct ct_shape, field)
#define LIVE (PARAM_ADMIN | PARAM_BOUND | PARAM_LIVE | PARAM_CREATE | PARAM_HOST_DEFAULT)

const struct param ct_shape_params[] = {
	{ .key = "RATE", .opt = "rate", .arg = "device:class:kbits[/kbits]", .type = &type_rates, S(rate), .flags = LIVE,
	  .man = "Guaranteed rate for traffic with the networks of a class (networks_classes), in kbit/s; behind a slash that of "
		 "what is received, else it is the same. Several are separated by blanks. The device may be left out: "
		 "traffic is shaped on its own interfaces, and figures for several devices are added. A guarantee needs to "
		 "know of how much: it counts where vz.conf has BANDWIDTH or TOTALRATE, else only limits do. All interfaces "
		 "of a container share its rates; one on macvlan, which goes past the host, is refused with them." },
	{ .key = "RATEBOUND", .opt = "ratebound", .arg = "yes|no", .type = &param_yesno, S(bound), .flags = LIVE, .def = "no",
	  .man = "With yes, --rate is the most, too; with no, what others leave may be used." },
	{ .key = "RATELIMIT", .opt = "ratelimit", .arg = "device:class:kbits[/kbits]",
	  .type = &type_rates, S(limit), .flags = LIVE,
	  .man = "The most for a class, in the same form; with --rate that much is guaranteed and this is the most." },
	{ .key = "RATEBURST", .opt = "rateburst", .arg = "kib", .type = &param_u64, S(burst), .min = 4, .max = 1048576,
	  .flags = LIVE, .man = "How many KiB may pass at once before a rate counts. Unset, what comes in 10 ms, at least 16." },
	{ .key = "PACKETRATE", .opt = "packetrate", .arg = "num", .type = &param_u64, S(packets), .max = 1000000000, .flags = LIVE,
	  .man = "Packets a second that the container may send; what is above is dropped. 0 lifts the limit." },
	{ .key = "NEWCONNS", .opt = "newconns", .arg = "num", .type = &param_u64, S(conns), .max = 1000000000, .flags = LIVE,
	  .man = "New connections a second that the container may open, each datagram that nobody has answered yet "
		 "among them; on a bridge only those of TCP. 0 lifts the limit." },
	{ .key = "SMTP", .opt = "smtp", .arg = "yes|no", .type = &param_yesno, S(smtp), .flags = LIVE, .def = "yes",
	  .man = "With no, connections to port 25 of other machines are refused; a mail server of this host is within reach." },
	{ .key = "TRAFFICQUOTA", .opt = "trafficquota", .arg = "size", .type = &ct_type_size, S(quota), .flags = LIVE,
	  .max = NUM_UNLIMITED, .man = "Bytes that may be sent and received in a calendar month. 0 lifts the quota." },
	{ .key = "TRAFFICACTION", .opt = "trafficaction", .arg = "notify|throttle|stop", .type = &type_action, S(action),
	  .flags = LIVE, .def = "notify",
	  .man = "What happens above --trafficquota: nothing more than telling, the rate of --trafficrate for all traffic until "
		 "the month ends, or a stop, after which start is refused without --force. It is told once a month in each case: "
		 "in the log, by vzd's event ct.traffic and its webhooks, to the script vzevent-traffic." },
	{ .key = "TRAFFICRATE", .opt = "trafficrate", .arg = "kbits", .type = &param_u64, S(throttle), .min = 8, .max = 100000000,
	  .flags = LIVE, .def = "1000", .man = "The rate of --trafficaction throttle, in kbit/s." },
};
const size_t ct_shape_params_n = ARRAY_SIZE(ct_shape_params);
