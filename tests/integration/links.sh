# SPDX-License-Identifier: GPL-2.0-or-later
# What is beside the host finds containers: addresses of the uplink's network, prefixes, bridges made when needed, VXLAN.
. "$TOP/tests/integration/lib.sh"

ping='ping -c 1 -W 20 -w 20'
# A sniffer outside: each line is one frame, in hex. heard PATTERN: it comes.
cat >/tmp/sniff.py <<'EOT'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    print(s.recv(2048).hex(), flush=True)
EOT
sniff() {
	: >/tmp/frames
	nsenter -t "$OUTSIDE" -n python3 /tmp/sniff.py out0 >/tmp/frames 2>&1 &
	SNIFF=$!
	for n in $(seq 800); do grep -q ready /tmp/frames && break; sleep 0.05; done
}
heard() {
	local n
	for n in $(seq 400); do grep -qE "$1" /tmp/frames && return; sleep 0.1; done
	return 1
}
arp_of='^ffffffffffff.{12}0806000108000604000[12].{12}c00002'	# sender 192.0.2.

# outside reaches ADDRESS: a new address of IPv6 takes a moment inside. up0 has no link-local address: the host asks who has
# 2001:db8:ffff::2 for itself, but for nobody else when it has forgotten.
reaches() {
	local n
	for n in $(seq 20); do
		ping -q -c 1 -W 1 2001:db8:ffff::2 >/dev/null
		outside ping -c 1 -W 1 "$1" >/dev/null && return
	done
	return 1
}

# addresses out of the network that the host is on
sniff
up 621 --ipadd 192.0.2.51 --ipadd 2001:db8:ffff::51
ok "who has been told of 192.0.2.51" heard "${arp_of}33.{12}c0000233"
ok "and of 2001:db8:ffff::51" heard '^333300000001.{12}86dd.{80}88.{14}20010db8ffff00000000000000000051'
ok "outside finds it" outside $ping 192.0.2.51
ok "over IPv6 too" reaches 2001:db8:ffff::51
is "answers come at once, not after a delay" "$(cat /proc/sys/net/ipv4/neigh/up0/proxy_delay)" 0
says "one more, live" 0 "UB limits were set successfully
Adding IP address(es): 192.0.2.52
CT configuration saved to /etc/vz/conf/621.conf" "" vzctl set 621 --ipadd 192.0.2.52 --save
ok "is told" heard "${arp_of}34.{12}c0000234"
ok "is found" outside $ping 192.0.2.52
ok "and goes, live" vzctl set 621 --ipdel 192.0.2.52 --save
is "the host answers for it no more" "$(ip neigh show proxy | grep -c 192.0.2.52)" 0
ok "and for the other it does" outside $ping 192.0.2.51

# somebody else has it
outside ip addr add 192.0.2.60/24 dev out0
outside ip addr add 2001:db8:ffff::60/64 dev out0 nodad
new 622 --ipadd 192.0.2.60
sed -i '/ARPFAIL\|ARPDETECT/d' /etc/vz/vz.conf
for _ in 1 2 3 4 5; do		# a start does not wait for the answer, which may come late on a busy machine
	tap_run vzctl start 622
	[[ $TAP_OUT != *Warning* ]] || break
	vzctl --quiet stop 622 --fast
done
is "a neighbour's address is given all the same" "$TAP_RC" 0
like "with a warning that says whose" "$TAP_OUT" 'Warning: IP address 192\.0\.2\.60 is in use on another machine, (..:){5}.. on up0'
ok "stop" vzctl stop 622 --fast
tap_run vzctl start 622 --skip_arpdetect
is "nobody is asked with --skip_arpdetect" "$TAP_RC:$(printf '%s' "$TAP_OUT" | grep -c Warning)" 0:0
vzctl stop 622 --fast >/dev/null
echo 'ERROR_ON_ARPFAIL="yes"' >>/etc/vz/vz.conf
tap_run vzctl start 622
is "ERROR_ON_ARPFAIL refuses it" "$TAP_RC" 78
like "and says whose it is" "$TAP_OUT" '192\.0\.2\.60 is in use on another machine'
is "it stays stopped" "$(vzctl status 622)" "CTID 622 exist unmounted down"
tap_run vzctl set 621 --ipadd 2001:db8:ffff::60 --save
is "live too, IPv6" "$TAP_RC" 78
rc "nothing is stored" 1 grep -q ffff::60 /etc/vz/conf/621.conf
is "nothing is answered for" "$(ip -6 neigh show proxy | grep -c ffff::60)" 0
echo 'SKIP_ARPDETECT="yes"' >>/etc/vz/vz.conf
ok "SKIP_ARPDETECT" vzctl start 622
gone 622
sed -i '/ARPFAIL\|ARPDETECT/d' /etc/vz/vz.conf
outside ip addr del 192.0.2.60/24 dev out0
outside ip addr del 2001:db8:ffff::60/64 dev out0

# after both have died
kill -9 "$(monitor_of 621)" "$(init_of 621)"
soon "start after a death of both" 5 vzctl start 621
ok "is found again" outside $ping 192.0.2.51
gone 621
is "nothing is answered for" "$(ip neigh show proxy)$(ip -6 neigh show proxy)" ""
kill "$SNIFF"
wait $SNIFF 2>/dev/null

# the interface to the neighbours is set down and up, or made anew: with it the kernel forgets whom it answers for
ip link add vtbr5 type bridge && ip link set vtbr5 addrgenmode none && ip link set vtbr5 up && ip addr add 198.18.5.1/24 dev vtbr5
ip link add vtlan0 type veth peer name lan5 netns "$OUTSIDE" && ip link set vtlan0 master vtbr5 up
outside sh -c 'ip addr add 198.18.5.2/24 dev lan5; ip link set lan5 up'
up 627 --ipadd 198.18.5.51 --ipadd 192.0.2.53 --ipadd 2001:db8:ffff::53 --ipadd 10.77.6.27
is "nothing is wrong" "$(vznetcfg check 627)" ""
ip link set up0 down && ip link set up0 up && ip -6 addr add 2001:db8:ffff::1/64 dev up0 nodad
ip route add default via 192.0.2.2 && ip -6 route add default via 2001:db8:ffff::2
is "set down and up: it is told" "$(vznetcfg check 627)" "CT 627: neighbours on up0 are not answered for 192.0.2.53"
says "and repaired by the next command" 0 "UB limits were set successfully
CT configuration saved to /etc/vz/conf/627.conf" "Warning: neighbours on up0 are not answered for 192.0.2.53: repaired" \
	vzctl set 627 --fw_in accept --save
outside ip neigh flush dev out0
ok "outside finds it" outside $ping 192.0.2.53
ok "over IPv6 too" reaches 2001:db8:ffff::53
ip link del vtbr5
is "a bridge that is gone is no fault of the container's" "$(vznetcfg check 627)" ""
ip link add vtbr5 type bridge && ip link set vtbr5 addrgenmode none && ip link set vtbr5 up && ip addr add 198.18.5.1/24 dev vtbr5
ip link set vtlan0 master vtbr5
is "made anew: it is told" "$(vznetcfg check 627)" "CT 627: neighbours on vtbr5 are not answered for 198.18.5.51"
ok "and repaired" vznetcfg repair
outside ip neigh flush dev lan5
ok "found again" outside $ping 198.18.5.51
gone 627
is "and not answered for when it is gone" "$(ip neigh show proxy)$(ip -6 neigh show proxy)" ""
ip link del vtbr5
ip link del vtlan0

# prefixes: a /64 for each container
outside ip -6 route add 2001:db8:7::/48 via 2001:db8:ffff::1
up 623 --ipadd 2001:db8:7:1::/64
up 624 --ipadd 2001:db8:7:2::/64 --ipadd 10.77.8.0/29
is "stored as given" "$(sed -n 's/^IP_ADDRESS=//p' /etc/vz/conf/623.conf)" '"2001:db8:7:1::/64"'
like "its first address is inside" "$(in_ct 623 'ip -6 -o addr show dev venet0')" 'inet6 2001:db8:7:1::1/64'
ok "the other's first" vzctl exec 623 $ping 2001:db8:7:2::1
ok "from outside" reaches 2001:db8:7:1::1
in_ct 623 'ip addr add 2001:db8:7:1:a:b:c:d/128 dev venet0; ip addr add 2001:db8:7:2::9/128 dev venet0'
ok "any other of its own" reaches 2001:db8:7:1:a:b:c:d
ok "used by itself" vzctl exec 623 "$ping -I 2001:db8:7:1:a:b:c:d 2001:db8:ffff::1"
rc "none of the neighbour's" 8 vzctl exec 623 'ping -c 1 -W 1 -I 2001:db8:7:2::9 2001:db8:ffff::2'
ok "IPv4 prefix" $ping 10.77.8.1
drops() {	# frames of containers that were dropped
	nft list ruleset | sed -n 's/.*counter packets \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
before=$(drops)
ping -c 1 -W 1 10.77.8.5 >/dev/null 2>&1
between "an unused address does not go round" "$(($(drops) - before))" 1 9		# guests send a little of their own
tap_run vzctl set 624 --ipadd 2001:db8:7:1::5 --save
is "an address of another's prefix is refused" "$TAP_RC" 78
tap_run vzctl set 624 --ipadd 2001:db8:ffff::/64 --save
is "so is the network of the host" "$TAP_RC" 78
vzctl --quiet stop 624 --fast
is "nothing of a stopped one with two prefixes is left" "$(nft list ruleset | grep -c vz624)" 0
ok "it starts again" vzctl start 624
ok "a prefix goes, live" vzctl set 624 --ipdel 10.77.8.0/29 --save
is "with its route" "$(ip route show 10.77.8.0/29)" ""
ok "the other stays" reaches 2001:db8:7:2::1
nft flush ruleset
ok "after a flush" vzctl set 624 --ipadd 10.77.8.9 --save
ok "prefixes work" reaches 2001:db8:7:1:a:b:c:d
rc "and hold" 8 vzctl exec 623 'ping -c 1 -W 1 -I 2001:db8:7:2::9 2001:db8:ffff::2'
gone 623 624
outside ip -6 route del 2001:db8:7::/48

# interfaces: MTU, VLAN where the kernel has none, macvlan
vznetcfg br new vtbr6 --mtu 1400 >/dev/null
new 625
ok "MTU" vzctl set 625 --netif_add eth0,,,,vtbr6 --ifname eth0 --mtu 1300 --save
vzctl start 625 >/dev/null
like "inside" "$(in_ct 625 'ip link show eth0')" 'mtu 1300'
like "not on the bridge" "$(ip link show vtbr6)$(ip link show veth625.0)" 'vtbr6.*mtu 1400.*veth625.*mtu 1400'
ok "live" vzctl set 625 --ifname eth0 --mtu 0 --save
like "the bridge's" "$(in_ct 625 'ip link show eth0')" 'mtu 1400'
tap_run vzctl set 625 --ifname eth0 --mtu 9000 --save
is "more than the bridge carries" "$TAP_RC" 130
like "is refused" "$TAP_OUT" 'MTU of 9000 is more than the 1400 of bridge vtbr6'
rc "and not stored" 1 grep -q 9000 /etc/vz/conf/625.conf
if ip link add vtprobe type bridge vlan_filtering 1 2>/dev/null; then
	ip link del vtprobe
	skip "a VLAN is refused" "this kernel has VLANs: tests/vm/cases/vlan.sh"
else
	tap_run vzctl set 625 --ifname eth0 --vlan 10 --save
	is "a VLAN where the kernel has none" "$TAP_RC" 130
	like "is refused by what it lacks" "$TAP_OUT" 'cannot tell VLANs apart \(CONFIG_BRIDGE_VLAN_FILTERING\)'
	rc "so is such a bridge" 1 vznetcfg br set vtbr6 --vlan-aware on
	rc "whose file stays" 1 grep -q VLAN /etc/vz/bridges/vtbr6.conf
fi
rc "no VLAN" 21 vzctl set 625 --ifname eth0 --vlan 4095 --save
tap_run vzctl set 625 --netif_add eth1 --ifname eth1 --macvlan up0 --save
like "macvlan wants consent" "$TAP_RC:$TAP_OUT" '130:.*nothing can filter what a macvlan interface sends'
ok "with it" vzctl set 625 --netif_add eth1,00:18:51:00:00:21 --ifname eth1 --macvlan up0 --mac_filter off --save
in_ct 625 'ip link set eth1 up; ip addr add 192.0.2.70/24 dev eth1'
ok "it is on the cable itself" outside $ping 192.0.2.70
ok "restart" vzctl restart 625
like "it is there again" "$(in_ct 625 'ip link show eth1')" '00:18:51:00:00:21'
ok "goes, live" vzctl set 625 --netif_del eth1 --save
rc "is gone" 1 sh -c 'ip netns exec 625 ip link show eth1 2>/dev/null'
rc "a macvlan on nothing" 130 vzctl set 625 --netif_add eth1 --ifname eth1 --macvlan nosuch0 --mac_filter off --save
gone 625
vznetcfg br del vtbr6

# two hosts: this one and "outside", bridges joined by VXLAN 7
outside ip link add vtfar type bridge
outside ip link add vx7 type vxlan id 7 dstport 4789 local 192.0.2.2 nolearning
outside bridge fdb append 00:00:00:00:00:00 dev vx7 dst 192.0.2.1
outside sh -c 'ip link set vx7 master vtfar up; ip link set vtfar up; ip addr add 10.96.0.2/24 dev vtfar'
rc "a VXLAN without the other side" 1 vznetcfg br new vtbr7 --vxlan 7
ok "a bridge with a VXLAN" vznetcfg br new vtbr7 --vxlan 7 --local 192.0.2.1 --remote 192.0.2.2
new 626
vzctl set 626 --netif_add eth0,,,,vtbr7 --save >/dev/null
vzctl start 626 >/dev/null
like "its MTU leaves room for the heads" "$(in_ct 626 'ip link show eth0')" 'mtu 1450'
in_ct 626 'ip link set eth0 up; ip addr add 10.96.0.1/24 dev eth0'
ok "container to the other host's bridge" vzctl exec 626 $ping 10.96.0.2
ok "big ones too" vzctl exec 626 "$ping -s 1400 10.96.0.2"
ip link del vxlan7
like "the port deleted" "$(vznetcfg check)" 'bridge vtbr7: its port vxlan7 does not exist'
ok "repair" vznetcfg repair
ok "they talk again" vzctl exec 626 $ping 10.96.0.2
# a third host, over a narrower way: what is for everybody goes to both
unshare -n sleep infinity &
THIRD=$!
third() { nsenter -t "$THIRD" -n "$@"; }
until [ "$(readlink /proc/$THIRD/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
ip link add vtway0 mtu 1400 type veth peer name way0 netns "$THIRD" && ip addr add 198.18.9.1/24 dev vtway0 && ip link set vtway0 up
third sh -e <<'EOT'
ip link set way0 mtu 1400 up; ip addr add 198.18.9.2/24 dev way0; ip route add default via 198.18.9.1
ip link add vtfar type bridge; ip link add vx7 type vxlan id 7 dstport 4789 local 198.18.9.2
bridge fdb append 00:00:00:00:00:00 dev vx7 dst 192.0.2.1
ip link set vx7 master vtfar up; ip link set vtfar up; ip addr add 10.96.0.3/24 dev vtfar
EOT
ok "one more host" vznetcfg br set vtbr7 --remote 192.0.2.2 --remote 198.18.9.2
ok "container to the third" vzctl exec 626 $ping 10.96.0.3
ok "and to the second" vzctl exec 626 $ping 10.96.0.2
third ip link set way0 down
rc "the third goes away" 8 vzctl exec 626 'ping -c 1 -W 1 10.96.0.3'
ok "the second does not mind" vzctl exec 626 $ping 10.96.0.2
third ip link set way0 up && third ip route replace default via 198.18.9.1
soon "the third is back" 60 vzctl exec 626 $ping 10.96.0.3
bridge fdb del 00:00:00:00:00:00 dev vxlan7 dst 198.18.9.2
is "no longer led to" "$(vznetcfg check)" 'bridge vtbr7: its port vxlan7 does not lead to 198.18.9.2'
ok "repair" vznetcfg repair
third ip addr add 10.96.0.33/24 dev vtfar	# the question for it goes to all
ok "led to again" vzctl exec 626 $ping 10.96.0.33
like "the narrowest way counts" "$(vznetcfg br set vtbr7 --udp-port 4790; ip link show vxlan7)" 'vxlan7: .* mtu 1350'
ip link del vxlan7; ip link add vxlan7 type vxlan id 9 dstport 4790 local 192.0.2.1; ip link set vxlan7 master vtbr7 up
is "another network's in its place" "$(vznetcfg check)" 'bridge vtbr7: its port vxlan7 has another number, UDP port or address'
ok "repair" vznetcfg repair
is "is gone" "$(vznetcfg check)" ""
kill $THIRD
wait $THIRD 2>/dev/null
ip link del vtway0 2>/dev/null
ok "another number" vznetcfg br set vtbr7 --vxlan 8 --udp-port "" --remote 192.0.2.2
rc "is another network" 8 vzctl exec 626 'ping -c 1 -W 1 10.96.0.2'
ip link show vxlan7 >/dev/null 2>&1 && echo "not ok - the old one is gone"
gone 626
ok "all of it goes" vznetcfg br del vtbr7
rc "VXLAN too" 1 ip link show vxlan8
outside sh -c 'ip link del vx7; ip link del vtfar'
rmdir /etc/vz/bridges
