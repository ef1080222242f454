/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says about one interface. */
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

/* Of a bridge. The protocol of its tags is only told by a kernel that knows VLANs. */
static void info_bridge(const struct nlattr *nest, struct link_info *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type == IFLA_BR_VLAN_FILTERING && len == sizeof(uint8_t))
			ret->vlan_aware = mnl_attr_get_u8(attr);
		if (type == IFLA_BR_VLAN_PROTOCOL)
			ret->vlan_known = true;
		if (type == IFLA_BR_VLAN_DEFAULT_PVID && len == sizeof(uint16_t))
			ret->pvid = mnl_attr_get_u16(attr);
	}
}

static void info_vxlan(const struct nlattr *nest, struct link_info *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type == IFLA_VXLAN_ID && len == sizeof(uint32_t))
			ret->vxlan.id = mnl_attr_get_u32(attr);
		if (type == IFLA_VXLAN_PORT && len == sizeof(uint16_t))
			ret->vxlan.port = ntohs(mnl_attr_get_u16(attr));
		if ((type == IFLA_VXLAN_LOCAL && len == sizeof(struct in_addr)) ||
		    (type == IFLA_VXLAN_LOCAL6 && len == sizeof(struct in6_addr))) {
			ret->vxlan.family = type == IFLA_VXLAN_LOCAL ? AF_INET : AF_INET6;
			memcpy(&ret->vxlan.local, mnl_attr_get_payload(attr), len);
		}
	}
}

static void info_kind(const struct nlattr *nest, struct link_info *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND && mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0)
			str_copy(ret->kind, MIN(sizeof(ret->kind), (size_t)mnl_attr_get_payload_len(attr) + 1),
				 mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && str_eq(ret->kind, "bridge"))
			info_bridge(attr, ret);
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && str_eq(ret->kind, "vxlan"))
			info_vxlan(attr, ret);
	}
}

static void info_text(const struct nlattr *attr, char *dst, size_t size)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		str_copy(dst, size, mnl_attr_get_str(attr));
}

static void info_u32(const struct nlattr *attr, unsigned *ret)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*ret = mnl_attr_get_u32(attr);
}

static void info_segment(const struct nlattr *attr, struct link_info *ret)
{
	unsigned bytes = 0;

	info_u32(attr, &bytes);
	ret->segment = ret->segment && ret->segment < bytes ? ret->segment : bytes;
}

static int info_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link_info *ret = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return 0;
	ret->index = (unsigned)ifi->ifi_index;
	ret->up = ifi->ifi_flags & IFF_UP;
	ret->arp = ifi->ifi_type == ARPHRD_ETHER && !(ifi->ifi_flags & (IFF_NOARP | IFF_LOOPBACK));
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME: info_text(attr, ret->name, sizeof(ret->name)); break;
		case IFLA_IFALIAS: info_text(attr, ret->alias, sizeof(ret->alias)); break;
		case IFLA_MASTER: info_u32(attr, &ret->master); break;
		case IFLA_LINK: info_u32(attr, &ret->peer); break;
		case IFLA_MTU: info_u32(attr, &ret->mtu); break;
		case IFLA_GSO_MAX_SIZE:
		case LINK_GSO_IPV4_MAX_SIZE: info_segment(attr, ret); break;
		case IFLA_LINKINFO: info_kind(attr, ret); break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attr) == sizeof(ret->mac))
				memcpy(ret->mac, mnl_attr_get_payload(attr), sizeof(ret->mac));
			break;
		default: break;
		}
	}
	return 0;
}

int link_info(struct nl *nl, unsigned index, const char *name, struct link_info *ret, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	struct link_info got = { 0 };

	nlh->nlmsg_type = RTM_GETLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)index;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (!index && !mnl_attr_put_strz_check(nlh, sizeof(buf), IFLA_IFNAME, name))
		return err_say(e, ENODEV, "interface %s", name);
	if (nl_ask(nl, nlh, info_answer, &got, name, e) < 0)
		return -e->code;
	if (!got.index)
		return err_say(e, ENODEV, "interface %s does not exist", name);
	*ret = got;
	return 0;
}

int link_find(struct nl *nl, unsigned index, const char *name, struct link_info *ret, struct err *e)
{
	if (link_info(nl, index, name, ret, e) == 0)
		return 1;
	if (e->code != ENODEV)
		return -e->code;
	err_clear(e);
	return 0;
}

struct info_walk {
	int (*cb)(const struct link_info *link, void *arg);
	void *arg;
};

static int info_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct info_walk *w = arg;
	struct link_info link = { 0 };

	info_answer(nlh, &link);
	return link.index ? w->cb(&link, w->arg) : 0;
}

int link_info_each(struct nl *nl, int (*cb)(const struct link_info *link, void *arg), void *arg, struct err *e)
{
	struct info_walk w = { cb, arg };
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int rc;

	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = nl_dump(nl, nlh, info_one, NULL, &w, e);
	return rc < 0 && !e->code ? err_set(e, -rc, "list interfaces") : rc;
}
