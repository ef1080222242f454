/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RHEL, CentOS, Alma, Rocky, Fedora as long as they have network-scripts: ifcfg-venet0, an alias for
 * each IPv4 address as OpenVZ's users know them, and our part of /etc/sysconfig/network. Releases
 * without network-scripts have NetworkManager (dist_daemon.c).
 */
#include "libct/dist.h"

#include "util/str.h"

#define DIR "etc/sysconfig/network-scripts"
#define ALIASES_MAX 256

static void device(const struct dist *d, struct buf *b)
{
	size_t k = 0;

	buf_adds(b, "DEVICE=venet0\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=127.0.0.1\n"
		    "NETMASK=255.255.255.255\nBROADCAST=0.0.0.0\nARPCHECK=no\n");
	if (!d->n6)
		return;
	buf_adds(b, "IPV6INIT=yes\nIPV6_DEFAULTDEV=venet0\nIPV6ADDR=");
	for (size_t i = 0; i < d->n; i++) {
		if (!d->ip[i].v6)
			continue;
		if (k)
			buf_adds(b, k == 1 ? "\nIPV6ADDR_SECONDARIES=\"" : " ");
		buf_addf(b, "%s/%u", d->ip[i].addr, d->ip[i].prefix);
		k++;
	}
	buf_adds(b, k > 1 ? "\"\n" : "\n");
}

static int alias(const struct dist *d, const char *name, size_t k, const struct dist_ip *ip,
		 struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (ip)
		buf_addf(&b, "DEVICE=venet0:%zu\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=%s\nNETMASK=%s\n"
			     "ARPCHECK=no\n", k, ip->addr, ip->mask);
	return dist_file(d, DIR, name, &b, e);
}

/* They are numbered without a gap: the first one that is not there ends the search for old ones. */
static int aliases(const struct dist *d, struct err *e)
{
	const struct dist_ip *v4[ALIASES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < d->n && n < ALIASES_MAX; i++)
		if (!d->ip[i].v6)
			v4[n++] = &d->ip[i];
	for (size_t k = 0; k < ALIASES_MAX; k++) {
		char name[32];

		str_fmt(name, sizeof(name), "ifcfg-venet0:%zu", k);
		if (k >= n && !dist_has_file(d, DIR, name))
			break;
		if (alias(d, name, k, k < n ? v4[k] : NULL, e) < 0)
			return -1;
	}
	return 0;
}

int dist_redhat(const struct dist *d, struct err *e)
{
	auto_buf struct buf dev = BUF_INIT, net = BUF_INIT;

	if (d->n)
		device(d, &dev);
	if (d->n)
		buf_adds(&net, "NETWORKING=yes\n");
	if (d->n4)
		buf_adds(&net, "GATEWAYDEV=venet0\n");
	if (d->n6)
		buf_adds(&net, "NETWORKING_IPV6=yes\nIPV6_DEFAULTDEV=venet0\n");
	if (d->hostname)
		buf_addf(&net, "HOSTNAME=\"%s\"\n", d->hostname);
	if (dist_file(d, DIR, "ifcfg-venet0", &dev, e) < 0 || aliases(d, e) < 0)
		return -1;
	return dist_has_dir(d, DIR) ? dist_section(d, "etc/sysconfig", "network", &net, e) : 0;
}
