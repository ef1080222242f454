# SPDX-License-Identifier: GPL-2.0-or-later
# VLANs on a bridge that tells them apart, which the kernels of some machines cannot: tags, trunks, the filter in each VLAN.
. "$TOP/tests/integration/lib.sh"

modprobe -a bridge 8021q veth 2>/dev/null
ok "a bridge that tells VLANs apart" vznetcfg br new vtbr5 --vlan-aware on
like "it does" "$(ip -d link show vtbr5)" 'vlan_filtering 1'
port() {	# ID VLAN-OPTIONS...: a container on the bridge; its address is 10.95.0.ID-650
	local id=$1
	shift
	new "$id"
	vzctl set "$id" --netif_add "eth0,00:18:51:00:06:${id#6},,,vtbr5" --ifname eth0 "$@" --save >/dev/null
	vzctl start "$id" >/dev/null || fail "start $id"
}
inside() {
	nsenter -t "$(init_of "$1")" -n "${@:2}"
}
port 651 --vlan 10
port 652 --vlan 10
port 653 --vlan 20
port 654 --trunk 10+20-29
for id in 651 652 653; do inside $id sh -c "ip link set eth0 up; ip addr add 10.95.0.${id#65}/24 dev eth0"; done
like "untagged in its VLAN" "$(bridge vlan show dev veth651.0)" '10 PVID Egress Untagged'
rc "and in no other" 1 sh -c 'bridge vlan show dev veth651.0 | grep -qw 1'
is "a trunk has its VLANs" "$(bridge vlan show dev veth654.0 | grep -c -E '(^| )(10|20-29|2[0-9])')" "$(bridge vlan show dev veth654.0 | grep -c '[0-9]$')"
ok "same VLAN" inside 651 ping -c 1 -w 30 10.95.0.2
rc "other VLAN" 1 inside 651 ping -c 1 -W 1 10.95.0.3
inside 654 sh -c 'ip link set eth0 up; for v in 10 20 30; do ip link add link eth0 name eth0.$v type vlan id $v; ip link set eth0.$v up; done
	ip addr add 10.95.0.4/32 dev eth0.10; ip route add 10.95.0.1 dev eth0.10 src 10.95.0.4; ip route add 10.95.0.3 dev eth0.20 src 10.95.0.4'
inside 651 ip route add 10.95.0.4 dev eth0
ok "the trunk to VLAN 10" inside 654 ping -c 1 -w 30 10.95.0.1
ok "and to VLAN 20" inside 654 ping -c 1 -w 30 10.95.0.3
inside 654 ip link set eth0.10 address 00:18:51:00:06:ee
rc "the filter holds in a VLAN" 1 inside 654 ping -c 1 -W 1 10.95.0.1
inside 654 ip link set eth0.10 address 00:18:51:00:06:54
inside 651 sh -c 'ip link add link eth0 name eth0.20 type vlan id 20; ip link set eth0.20 up; ip addr add 10.95.1.1/24 dev eth0.20'
inside 653 sh -c 'ip addr add 10.95.1.3/24 dev eth0'
rc "no hop into another VLAN by a tag" 1 inside 651 ping -c 1 -W 1 10.95.1.3
ok "another VLAN, live" vzctl set 652 --ifname eth0 --vlan 20 --save
inside 652 sh -c 'ip link set eth0 up; ip addr add 10.95.0.2/24 dev eth0' 2>/dev/null
ok "is joined" inside 652 ping -c 1 -w 30 10.95.0.3
rc "the old one is left" 1 inside 651 ping -c 1 -W 1 10.95.0.2
ok "none at all, live" vzctl set 652 --ifname eth0 --vlan 0 --save
like "is the bridge's own" "$(bridge vlan show dev veth652.0)" '1 PVID Egress Untagged'
ip link del vtbr5
ok "the bridge removed by hand: repaired" vznetcfg repair
ok "VLANs too" inside 654 ping -c 1 -w 30 10.95.0.3
ip link add vtplain type bridge
tap_run vzctl set 653 --ifname eth0 --bridge vtplain --save
is "a bridge that does not" "$TAP_RC" 130
like "is told how" "$TAP_OUT" 'vtplain does not tell VLANs apart'
ip link del vtplain
gone 651 652 653 654
vznetcfg br del vtbr5
rmdir /etc/vz/bridges
