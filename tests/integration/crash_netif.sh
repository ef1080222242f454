# SPDX-License-Identifier: GPL-2.0-or-later
# Bridged and lent interfaces of a command that is killed: the next one finds them as the configuration has them.
. "$TOP/tests/integration/crash_lib.sh"

POINTS=${VZTEST_POINTS:-24}
ip link add name vtbr0 type bridge && ip link set vtbr0 addrgenmode none && ip link set vtbr0 up
ip link add name vtdev0 mtu 1400 type veth peer name vtdev1
ip link set vtdev0 addrgenmode none && ip link set vtdev1 addrgenmode none
new 841
ok "configure" vzctl set 841 --netif_add eth0,,,,vtbr0 --netdev_add vtdev0 --save
repair() {
	must "0 32" vzctl start 841
	must 0 vzctl exec2 841 ip link show eth0
	must 0 vzctl exec2 841 ip link show vtdev0
	must 0 sh -c 'ip -o link show veth841.0 | grep -q "master vtbr0"'
	must 0 sh -c 'bridge -d link show dev veth841.0 | grep -q "locked on"'
}
undo() {
	must 0 vzctl stop 841 --fast
	must_soon 0 sh -c 'ip -o link show vtdev0 | grep -q "mtu 1400"'
	must_soon 1 ip link show veth841.0
}
crash "start with interfaces" nothing repair undo vzctl start 841

ok "start" vzctl start 841
settled 841
base="--netif_del eth1 --ifname eth0 --mac 00:18:51:00:00:01 --host_ifname vtold --netdev_add vtdev0"
change="--netif_add eth1,00:18:51:00:00:02,vtmore,00:18:51:00:00:03,vtbr0 --ifname eth0 --mac 00:18:51:00:00:04
	--host_ifname vtnew --netdev_del vtdev0"
ok "before" vzctl set 841 $base --save
repair() {
	must 0 vzctl set 841 $change --save
	must 0 sh -c 'vzctl exec2 841 ip link show eth0 | grep -q "00:18:51:00:00:04"'
	must 0 vzctl exec2 841 ip link show eth1
	must 0 sh -c 'ip -o link show vtnew | grep -q "master vtbr0"'
	must 0 sh -c 'bridge fdb show dev vtnew | grep -q "00:18:51:00:00:04.*static"'
	must 0 ip link show vtmore
	must 0 ip link show vtdev0
	must 1 ip link show vtold
}
undo() {
	must 0 vzctl set 841 $base --save
	must 0 ip link show vtold
	must 1 ip link show vtnew
	must 1 ip link show vtmore
	must 1 ip link show vtdev0
}
crash "set of interfaces on a running container" nothing repair undo vzctl set 841 $change --save
gone 841
ip link del vtdev0
ip link del vtbr0
