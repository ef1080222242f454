# SPDX-License-Identifier: GPL-2.0-or-later
# S91 S92 S98 on a bridge: frames under the names of others, sent from inside; a listener at the neighbour, as the neighbour and
# as the host. What is honest must arrive, or the listeners prove nothing. (The routed interface: evil_wire.sh.)
. "$TOP/tests/integration/lib.sh"

# br_netfilter puts pieces of packets together before anybody looks: as on a host where nobody has loaded it.
nf() { for k in iptables ip6tables arptables; do [ ! -e /proc/sys/net/bridge/bridge-nf-call-$k ] || echo "$1" >/proc/sys/net/bridge/bridge-nf-call-$k; done; }
nf 0
vznetcfg br new vtbr9 --address 10.97.0.254/24 >/dev/null
new 641
new 642
ok "two on a bridge" vzctl set 641 --netif_add eth0,00:18:51:00:00:01,,,vtbr9 --save
ok "the other" vzctl set 642 --netif_add eth0,00:18:51:00:00:02,,,vtbr9 --save
vzctl start 641 >/dev/null
vzctl start 642 >/dev/null
in_ct 641 'ip link set eth0 up; ip addr add 10.97.0.1/24 dev eth0'
in_ct 642 'ip link set eth0 up promisc on; ip addr add 10.97.0.2/24 dev eth0'
ok "they talk" vzctl exec 641 'ping -c 1 -w 20 10.97.0.2'

# spoofed: what of all the frames arrived, at the neighbour | at the host
spoofed() {
	local n
	nsenter -t "$(init_of 642)" -n python3 "$TOP/tests/lib/spoof.py" --listen eth0 60 >/tmp/at.ct 2>&1 &
	python3 "$TOP/tests/lib/spoof.py" --listen vtbr9 60 >/tmp/at.host 2>&1 &
	for n in $(seq 800); do
		[ "$(cat /tmp/at.ct /tmp/at.host | grep -c ready)" = 2 ] && break
		sleep 0.05
	done
	nsenter -t "$(init_of 641)" -n python3 "$TOP/tests/lib/spoof.py" eth0 00:18:51:00:00:01 10.97.0.1
	wait
	echo "$(sed -n 2p /tmp/at.ct) | $(sed -n 2p /tmp/at.host)"
}
honest='own-arp own-nd own4 own6'
# addresses that nobody has said are not its own, and protocols that are not IP
named="arp-gateway ip ip-piece ip-piece2 ip6 na $honest pppoe snap"

is "S91 S92 S98 what a bridged interface may say" "$(spoofed)" "$named | $named"
ok "its addresses are told" vzctl set 641 --ifname eth0 --ip_filter 10.97.0.1+fd97::1 --save
in_ct 641 'ip addr add 10.97.0.1/24 dev eth0' >/dev/null
is "S91 then no others" "$(spoofed)" "$honest | $honest"
ok "they still talk" vzctl exec 641 'ping -c 1 -w 20 10.97.0.2'
in_ct 641 'ip -6 addr add fd97::1/64 dev eth0; ip -6 addr add fd97::3/64 dev eth0'
in_ct 642 'ip -6 addr add fd97::2/64 dev eth0'
reach6() {
	local n
	for n in $(seq 160); do
		vzctl exec 641 "ping -c 1 -W 1 -I $1 fd97::2" >/dev/null 2>&1 </dev/null && return
		sleep 0.25
	done
	return 1
}
ok "over IPv6, duplicate address detection done" reach6 fd97::1
ok "so do pieces of a long packet" vzctl exec 641 'ping -c 1 -W 20 -s 4000 -I fd97::1 fd97::2'
rc "not from another address" 8 vzctl exec 641 'ping -c 1 -W 1 -I fd97::3 fd97::2'
nft flush ruleset
ok "a flush is made good by the next command" vzctl set 642 --netif_add eth1,,,,vtbr9
is "S94 for all interfaces" "$(spoofed)" "$honest | $honest"
ok "without the guard" vzctl set 641 --ifname eth0 --ip_filter "" --guard off --save
in_ct 641 'ip addr add 10.97.0.1/24 dev eth0' >/dev/null
got=$(spoofed)
like "router and DHCP server are allowed" "$got" '^arp-gateway arp-mac cut dhcp dhcp-piece dhcp6 dhcp6-pieces ip .*na-mac nd-mac2 ns-mac .*ra ra-options ra-pieces redirect'
foreign='(^| )mac( |$)'
rc "but no other hardware address" 1 grep -qE "$foreign" /tmp/at.ct
ok "without the filter" vzctl set 641 --ifname eth0 --mac_filter off --save
spoofed >/dev/null
ok "it may say anything" grep -qE "$foreign" /tmp/at.ct
says "ip_filter wants the filter" 130 "" "interface eth0: ip_filter works only with mac_filter and guard on" vzctl set 641 --ifname eth0 --ip_filter 10.97.0.1 --save
gone 641 642
table=$(nft list tables bridge | sed -n 's/table bridge //p' | head -1)
soon "nothing is left of them" 20 sh -c "! nft list table bridge $table | grep -q veth64"
nf 1
vznetcfg br del vtbr9
rmdir /etc/vz/bridges
