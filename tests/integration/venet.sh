# SPDX-License-Identifier: GPL-2.0-or-later
# The routed interface's own settings: MTU, and a container that may send from any address, as a router or VPN has to.
. "$TOP/tests/integration/lib.sh"

conf=/etc/vz/conf/661.conf
mtus() { echo "$(ip -o link show vz661 | sed 's/.*mtu \([0-9]*\).*/\1/') $(in_ct 661 'ip -o link show venet0' | sed 's/.*mtu \([0-9]*\).*/\1/')"; }
# heard ADDRESS: does a packet of that source come out of 661 and arrive outside?
cat >/tmp/venet.py <<'EOT'
import ctypes, socket, sys
six = ":" in sys.argv[2]
fd = open("/proc/%s/ns/net" % sys.argv[1]); ctypes.CDLL(None).setns(fd.fileno(), 0)
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 75 if six else 19, 1)	# IPV6_TRANSPARENT, IP_TRANSPARENT
s.bind((sys.argv[2], 0))
for n in range(3): s.sendto(b"VENET" + sys.argv[2].encode(), (sys.argv[3], 9))
EOT
cat >/tmp/venet_ear.py <<'EOT'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("out0", 0)); print("ready", flush=True)
while True:
    d = s.recv(2048)
    if b"VENET" in d: print(d.split(b"VENET")[1].rstrip(b"\0").decode(), flush=True)
EOT
nsenter -t "$OUTSIDE" -n python3 /tmp/venet_ear.py >/tmp/venet.out 2>&1 & ear=$!
for n in $(seq 800); do grep -q ready /tmp/venet.out && break; sleep 0.05; done
speak() { python3 /tmp/venet.py "$(init_of 661)" "$1" "$2"; }
heard() {
	local n
	for n in $(seq 400); do grep -qx "$1" /tmp/venet.out && return; speak "$1" "$2"; sleep 0.1; done
	return 1
}
unheard() {	# after something honest was heard
	speak "$1" "$2"; speak "$1" "$2"
	heard "$3" "$2" && ! grep -qx "$1" /tmp/venet.out
}
again() { kill $ear; wait $ear 2>/dev/null; : >/tmp/venet.out; nsenter -t "$OUTSIDE" -n python3 /tmp/venet_ear.py >/tmp/venet.out 2>&1 & ear=$!
	for n in $(seq 800); do grep -q ready /tmp/venet.out && break; sleep 0.05; done; }
ping -q -c 1 -W 2 2001:db8:ffff::2 >/dev/null	# up0 has no address to ask from for others

new 661 --ipadd 198.18.6.1 --ipadd 2001:db8:66::1 --venet_mtu 1400
like "stored" "$(cat $conf)" 'VENET_MTU="1400"'
vzctl start 661 >/dev/null
is "both ends" "$(mtus)" "1400 1400"
is "no route to groups, which would be one for each container" "$(ip -6 route show table local type multicast dev vz661)" ""
ok "live" vzctl set 661 --venet_mtu 1300 --save
is "both ends" "$(mtus)" "1300 1300"
ok "restart" vzctl restart 661
is "the same" "$(mtus)" "1300 1300"
ip link del vz661
ok "the link is deleted by somebody, and repaired" vznetcfg repair 661
is "the same" "$(mtus)" "1300 1300"
ok "packets of that size pass" ping -c 1 -w 20 -M do -s 1272 198.18.6.1
rc "not bigger ones" 1 ping -c 1 -W 1 -M do -s 1300 198.18.6.1
rc "less than IPv6 wants" 21 vzctl set 661 --venet_mtu 1279 --save
ok "as usual" vzctl set 661 --venet_mtu 1500 --save
is "is 1500" "$(mtus)" "1500 1500"

# --- sources ---
ok "a source that is not its own is not heard" unheard 198.18.99.9 192.0.2.2 198.18.6.1
ok "nor over IPv6" unheard 2001:db8:99::9 2001:db8:ffff::2 2001:db8:66::1
is "the host checks sources by interface only" "$(cat /proc/sys/net/ipv4/conf/all/rp_filter)" 0
ok "the filter off, live" vzctl set 661 --venet_filter no --save
ok "it is heard" heard 198.18.99.9 192.0.2.2
ok "over IPv6, too" heard 2001:db8:99::9 2001:db8:ffff::2
again
nft flush ruleset
ok "after a flush" vzfw reload
ok "it is as before" heard 198.18.99.9 192.0.2.2
ok "over IPv6, too" heard 2001:db8:99::9 2001:db8:ffff::2
ok "restart" vzctl restart 661
again
ok "after a restart, too" heard 198.18.99.9 192.0.2.2
new 662 --ipadd 198.18.6.2
vzctl start 662 >/dev/null
rc "nobody else may" 8 vzctl exec 662 'ip addr add 198.18.99.8/32 dev venet0; ping -c 1 -W 1 -I 198.18.99.8 192.0.2.1'
ok "on again, live" vzctl set 661 --venet_filter yes --save
again
ok "it is not heard" unheard 198.18.99.9 192.0.2.2 198.18.6.1
ok "nor over IPv6" unheard 2001:db8:99::9 2001:db8:ffff::2 2001:db8:66::1
vzctl set 661 --venet_filter no --save >/dev/null
kill $ear; wait $ear 2>/dev/null
ok "two prefixes and an address of one" vzctl set 662 --ipadd 198.18.7.0/28 --ipadd 2001:db8:67::/64 --ipadd 2001:db8:67::1/64 --save
ok "one goes" vzctl set 662 --ipdel 198.18.7.0/28 --save
is "the other is its still" "$(nft list set inet vztest routed | grep -c vz662)" 1
ok "all go, live" vzctl set 662 --ipdel all --ipadd 198.18.6.2 --save
is "and with them that it has any" "$(nft list set inet vztest routed | grep -c vz662)" 0
says "a network's broadcast address is told as what it is" 78 "" \
	"IP address 192.0.2.255 is the broadcast address of a network that this host is on" vzctl set 662 --ipadd 192.0.2.255 --save
says "so is a prefix that has the host in it" 78 "" \
	"IP address 192.0.2.0/24 would take addresses of this host along: choose a longer prefix" vzctl set 662 --ipadd 192.0.2.0/24 --save
ip route add 198.18.8.8/32 via 192.0.2.2
says "and an address that goes elsewhere" 78 "" \
	"IP address 198.18.8.8 has a route of its own through up0 already: remove that, or choose another address" \
	vzctl set 662 --ipadd 198.18.8.8 --save
ip route del 198.18.8.8/32
gone 661 662
is "nothing is left of it" "$(nft list set inet vztest open | grep -c vz66)" 0
