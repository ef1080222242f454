# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 120
# What is promised of containers and was only ever tried on routed ones: zones, forwards to oneself, a firewall inside, floods, on
# bridged interfaces; and macvlan, which nobody filters. IPv4 and IPv6.
. "$TOP/tests/integration/lib.sh"

vznetcfg br new vtbrz --address 10.99.1.254/24 --address fd99:1::254/64 >/dev/null
# br_netfilter hands bridged packets to the rules of routed ones, and then a packet comes to its own container by no way
# (vzfw(8)): as on a host where nobody has loaded it.
nf() { for k in iptables ip6tables; do [ ! -e /proc/sys/net/bridge/bridge-nf-call-$k ] || echo "$1" >/proc/sys/net/bridge/bridge-nf-call-$k; done; }
nf 0
dress() {	# ID: what the guest's own ifcfg would do
	in_ct "$1" "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set eth0 up; ip addr add 10.99.1.$(($1 - 650))/24 dev eth0
		ip -6 addr add fd99:1::$(($1 - 650))/64 dev eth0; ip route replace default via 10.99.1.254
		ip -6 route replace default via fd99:1::254" >/dev/null
}
for ct in 651 652 653; do
	new $ct --packetrate 0
	vzctl set $ct --netif_add eth0,,,,vtbrz --save >/dev/null
	vzctl start $ct >/dev/null
	dress $ct
done
# a FROM N: yes if FROM reaches 65N by IPv4 and the same for IPv6
a() {
	local six
	vzctl exec "$1" "ping -c 1 -W 1 fd99:1::$2" >/dev/null 2>&1 </dev/null & six=$!
	vzctl exec "$1" "ping -c 1 -W 1 10.99.1.$2" >/dev/null 2>&1 </dev/null && echo -n yes || echo -n no
	wait $six && echo yes || echo no
}
# talk FROM N...: soon, as the other's address may have to be looked for again
talk() { for n in ${@:2}; do [ "$(a "$1" "$n")" = yesyes ] || return 1; done; }
soon "without zones all talk" 10 talk 651 2 3

# --- zones ---
ok "a zone" vzctl set 651 --fw_zone blue --save
ok "another" vzctl set 652 --fw_zone red --save
is "do not reach one another" "$(a 651 2) $(a 652 1)" "nono nono"
soon "who is in none reaches both" 10 talk 653 1 2
soon "and they the host" 10 talk 651 254
ok "one zone" vzctl set 652 --fw_zone blue --save
soon "within it they talk" 10 talk 651 2
ok "two again" vzctl set 652 --fw_zone red --save
ok "allowed" vzfw zone allow red blue
soon "one way" 10 talk 651 2
soon "and the other" 10 talk 652 1
ok "not any more" vzfw zone deny red blue
nft flush ruleset
ok "after somebody's flush" vzfw reload
is "closed" "$(a 651 2) $(a 652 1)" "nono nono"
ok "restart" vzctl restart 652
dress 652
is "closed after a restart" "$(a 652 1)" nono
soon "but not to who is in none" 10 talk 652 3
ok "owners are zones by themselves" vzctl set 651 --fw_zone "" --owner acme --save
is "another owner, another zone" "$(a 651 2)" nono
ok "no owner" vzctl set 651 --owner "" --save
soon "no zone" 10 talk 651 2

# --- a port of the host that leads to the one who asks ---
vzctl exec 651 'nc -ll -p 80 -e echo self >/dev/null 2>&1 &' >/dev/null 2>&1
up6=$(ip -6 -o addr show dev up0 scope global | awk '{print $4; exit}'); up6=${up6%/*}
ok "a forward" vzctl set 651 --forward_add 'tcp 8090 to 10.99.1.1:80' --forward_add 'tcp 8090 to [fd99:1::1]:80'
ask() { vzctl exec "$1" "echo | timeout 3 nc -w 2 $2 8090" 2>/dev/null; }
leads() { [ "$(ask "$1" "$2")" = self ]; }
soon "by the container itself" 10 leads 651 192.0.2.1
soon "over IPv6" 10 leads 651 "$up6"
soon "by its neighbour" 10 leads 653 192.0.2.1
soon "over IPv6" 10 leads 653 "$up6"
vzctl set 651 --forward_del all >/dev/null

# --- its own firewall ---
inside() { nsenter -t "$(init_of 651)" -n "$@" 2>&1; }
ok "its own nft" inside nft 'add table inet own; add chain inet own in { type filter hook input priority 0; }; add rule inet own in icmp type echo-request drop; add rule inet own in icmpv6 type echo-request drop'
is "works" "$(a 653 1)" nono
is "and sees nothing of the host's" "$(inside nft list tables)" "table inet own"
ok "its own flush" inside nft flush ruleset
soon "opens its own" 10 talk 653 1

# --- floods ---
cat >/tmp/blast.py <<'EOT'
import ctypes, socket, sys, time
fd = open("/proc/%s/ns/net" % sys.argv[1]); ctypes.CDLL(None).setns(fd.fileno(), 0)
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, socket.SOCK_DGRAM)
end, n = time.time() + float(sys.argv[3]), 0
while time.time() < end:
    for _ in range(200):
        try: s.sendto(b"x" * 18, (sys.argv[2], 9)); n += 1
        except OSError: pass
print(n)
EOT
received() { outside ip -j -s link show out0 | jq ".[0].stats64.rx.packets"; }
# flood CT ADDRESS: packets sent, packets that arrived outside, and of a neighbour's twenty pings those that were answered
flood() {
	local before
	before=$(received)
	python3 /tmp/blast.py "$(init_of "$1")" "$2" 1.5 >/tmp/sent & local blast=$!
	vzctl exec 653 'ping -q -i 0.1 -c 15 -W 3 10.99.1.254' >/tmp/ping 2>&1 </dev/null
	wait $blast
	echo "$(cat /tmp/sent) $(($(received) - before)) $(sed -n 's/.*transmitted, \([0-9]*\) .*received.*/\1/p' /tmp/ping)"
}
held() {	# NAME CT ADDRESS CAP: at most what two seconds and a busy machine make of the cap; measured again if it was too busy
	local sent arrived answered
	for _ in 1 2 3 4 5; do
		read -r sent arrived answered <<<"$(flood "$2" "$3")"
		[ "$sent" -gt $((4 * $4)) ] && [ "$arrived" -le $((8 * $4)) ] && [ "$arrived" -gt 0 ] && [ "${answered:-0}" -ge 14 ] &&
			pass "$1" && return
	done
	fail "$1" "sent $sent, arrived $arrived, neighbour $answered of 15"
}
ping -q -c 1 -W 2 2001:db8:ffff::2 >/dev/null	# up0 has no address to ask from for others
outside ip route add 10.99.1.0/24 via 192.0.2.1
ok "a cap on packets" vzctl set 651 --packetrate 200 --save
held "holds on a bridge, and the neighbour is answered" 651 192.0.2.2 200
held "over IPv6" 651 2001:db8:ffff::2 200
up 654 --ipadd 10.77.65.4 --ipadd fd00:77::654 --packetrate 200
held "holds on a routed one" 654 192.0.2.2 200
held "over IPv6" 654 2001:db8:ffff::2 200
# a link that goes up and down as fast as it can, and links made and removed
for try in 1 2 3 4 5; do
	vzctl exec 651 'for i in $(seq 40); do ip link set eth0 down; ip link set eth0 up; ip link add d0 type dummy; ip link del d0; done' >/dev/null 2>&1 </dev/null & flap=$!
	vzctl exec 653 'ping -q -i 0.1 -c 15 -W 3 10.99.1.254' >/tmp/ping 2>&1 </dev/null
	[ $try -gt 1 ] || ok "commands work meanwhile" vzctl set 653 --fw_in accept --save
	wait $flap
	! grep -q '15 packets transmitted, 1[45] packets received' /tmp/ping || break
done
like "a link that flaps harms no neighbour" "$(cat /tmp/ping)" '15 packets transmitted, 1[45] packets received'
is "and is whole" "$(vznetcfg check 651)" ""
dress 651
soon "and works" 10 sh -c "ping -c 1 -W 1 10.99.1.1 >/dev/null"

# --- macvlan ---
gone 651 652 653 654
new 655
ok "macvlan" vzctl set 655 --netif_add eth1,00:18:51:00:00:55 --ifname eth1 --macvlan up0 --mac_filter off --save
vzctl start 655 >/dev/null
in_ct 655 'ip link set eth1 up; ip addr add 10.97.0.1/24 dev eth1' >/dev/null
outside timeout 60 python3 "$TOP/tests/lib/spoof.py" --listen out0 30 >/tmp/at.out 2>&1 & lo=$!
timeout 20 python3 "$TOP/tests/lib/spoof.py" --listen up0 4 >/tmp/at.host 2>&1 & lh=$!
for n in $(seq 800); do [ "$(cat /tmp/at.out /tmp/at.host | grep -c ready)" = 2 ] && break; sleep 0.05; done
# without what time and the carrier of a bridge change of themselves
known() {
	ip -6 route show | grep -v up0 | sed 's/ linkdown//; s/ expires [0-9]*sec//'
	ip neigh show | grep lladdr | grep -v '192.0.2.2\|2001:db8:ffff::2\|^fe80' | sed 's/ [A-Z]* *$//'
}
known >/tmp/known
nsenter -t "$(init_of 655)" -n python3 "$TOP/tests/lib/spoof.py" eth1 00:18:51:00:00:55 10.97.0.1
wait $lo
like "S91 what a macvlan sends is on the cable, as the consent said" "$(sed -n 2p /tmp/at.out)" 'own4 own6'
wait $lh
is "S91 S92 S98 and none of it reaches the host itself" "$(sed -n 2p /tmp/at.host)" ""
is "S92 nor gives it routes and neighbours" "$(known | grep -vxFf /tmp/known)" ""
gone 655
outside ip route del 10.99.1.0/24
nf 1
vznetcfg br del vtbrz
rmdir /etc/vz/bridges
rm -rf /etc/vz/firewall
