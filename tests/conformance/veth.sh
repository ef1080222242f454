# SPDX-License-Identifier: GPL-2.0-or-later
# Bridged interfaces and lent ones, as vzctl 4.x's options, configuration and messages have them.
. "$TOP/tests/conformance/case.sh"

b=" "	# the blank at the end of a list of interfaces
ip link add name vtbr0 type bridge && ip link set vtbr0 up
mac=00:18:51:0A:0B:0C host_mac=00:18:51:0A:0B:0D
full="ifname=eth0,bridge=vtbr0,mac=$mac,host_ifname=veth101.0,host_mac=$host_mac"

it "--netif_add with everything, as it is stored"
given stopped 101
run vzctl set 101 --netif_add "eth0,$mac,veth101.0,$host_mac,vtbr0" --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 "NETIF=\"$full\""

it "the same again"
given stopped 101 NETIF="$full"
run vzctl set 101 --netif_add "eth0,$mac,veth101.0,$host_mac,vtbr0" --save
out "No changes in CT configuration, not saving"

it "--netif_add with a name only: addresses are made up"
given stopped 101
run vzctl set 101 --netif_add eth1 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
gives "grep -Ec '^NETIF=\"ifname=eth1,mac=00:18:51:[0-9A-F:]{8},host_ifname=veth101.1,host_mac=00:18:51:[0-9A-F:]{8}\"$' /etc/vz/conf/101.conf" 1

it "two, joined by a semicolon"
given stopped 101 NETIF="$full"
run vzctl set 101 --netif_add "eth1,00:18:51:00:00:01,veth101.1,00:18:51:00:00:02" --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 "NETIF=\"$full;ifname=eth1,mac=00:18:51:00:00:01,host_ifname=veth101.1,host_mac=00:18:51:00:00:02\""

it "keys in another order, and those of version 7, survive a change"
given stopped 101 NETIF="gw=10.0.0.1,host_mac=$host_mac,bridge=vtbr0,ifname=eth0,dhcp=yes,mac=$mac,host_ifname=veth101.0"
run vzctl set 101 --ifname eth0 --mac_filter off --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 "NETIF=\"$full,mac_filter=off,gw=10.0.0.1,dhcp=yes\""

it "--ifname with all that can be changed"
given stopped 101 NETIF="$full"
run vzctl set 101 --ifname eth0 --mac 00:18:51:00:00:01 --host_ifname ext0 --host_mac 00:18:51:00:00:02 --bridge vmbr1 --mac_filter on --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NETIF="ifname=eth0,bridge=vmbr1,mac=00:18:51:00:00:01,host_ifname=ext0,host_mac=00:18:51:00:00:02,mac_filter=on"'

it "--mac without --ifname"
given stopped 101 NETIF="$full"
run vzctl set 101 --mac 00:18:51:00:00:01 --save
err "Invalid usage.  Option --ifname not specified"
rc 20

it "--ifname of an unknown interface"
given stopped 101 NETIF="$full"
run vzctl set 101 --ifname eth5 --mac 00:18:51:00:00:01 --save
err "Invalid usage: veth device eth5 is not configured, use --netif_add option first"
rc 130
conf 101 "NETIF=\"$full\""

it "--netif_add together with --ifname"
given stopped 101
run vzctl set 101 --netif_add "eth0,$mac,veth101.0,$host_mac" --ifname eth0 --bridge vtbr0 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 "NETIF=\"$full\""

it "a bad hardware address"
given stopped 101
run vzctl set 101 --netif_add eth0,00:18:51 --save
err "Bad parameter for --netif_add: eth0,00:18:51"
rc 21
no_conf 101 NETIF

it "a bad filter"
given stopped 101 NETIF="$full"
run vzctl set 101 --ifname eth0 --mac_filter maybe --save
err "Bad parameter for --mac_filter: maybe"
rc 21

it "a bad VLAN, which vzctl 4.x has not had, says why"
given stopped 101 NETIF="$full"
run vzctl set 101 --ifname eth0 --vlan 4095 --save
err "'4095' is no VLAN: want 1 to 4094, or 0 for none
Bad parameter for --vlan: 4095"
rc 21

it "--netif_del all"
given stopped 101 NETIF="$full"
run vzctl set 101 --netif_del all --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NETIF=""'

it "--netif_del of what is not there"
given stopped 101 NETIF="$full"
run vzctl set 101 --netif_del eth5 --save
out "No changes in CT configuration, not saving"

it "a stopped container without --save"
given stopped 101
run vzctl set 101 --netif_add eth0
err "Unable to configure veth: container is not running"
rc 31

it "start: the line about interfaces is the last one before the end"
given stopped 101 NETIF="$full" CPUUNITS=1000
run vzctl start 101
out "Starting container...
Container is mounted
Setting CPU units: 1000
Configure veth devices: veth101.0$b
Container start in progress..."
gives "ip -o link show veth101.0 | grep -c 'master vtbr0'" 1
gives "vzctl exec2 101 cat /sys/class/net/eth0/address" 00:18:51:0a:0b:0c

it "start without the bridge"
given stopped 101 NETIF="ifname=eth0,bridge=vtnone"
run vzctl start 101
out_any
err_like 'bridge vtnone of eth0 does not exist'
rc 130
state 101 "exist unmounted down"

it "live add"
given running 101
run vzctl set 101 --netif_add "eth0,$mac,veth101.0,$host_mac,vtbr0" --save
out "UB limits were set successfully
Configure veth devices: veth101.0$b
CT configuration saved to /etc/vz/conf/101.conf"
conf 101 "NETIF=\"$full\""

it "live delete"
given running 101 NETIF="$full"
run vzctl set 101 --netif_del eth0 --save
out "UB limits were set successfully
Deleting veth devices: veth101.0$b
CT configuration saved to /etc/vz/conf/101.conf"
gives "ip link show veth101.0 2>&1" 'Device "veth101.0" does not exist.'

it "a live add that fails is not saved"
given running 101
run vzctl set 101 --netif_add eth0,,,,vtnone --save
out_any
err_like 'bridge vtnone of eth0 does not exist'
rc 130
no_conf 101 NETIF

it "stop frees the name"
given running 101 NETIF="$full"
run vzctl stop 101 --fast
out "Killing container ...
Container was stopped
Container is unmounted"
gives "ip link show veth101.0 2>&1" 'Device "veth101.0" does not exist.'

it "--netdev_add"
given stopped 101
run vzctl set 101 --netdev_add eth7 --netdev_add eth8 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NETDEV="eth7 eth8"'

it "--netdev_del"
given stopped 101 NETDEV="eth7 eth8"
run vzctl set 101 --netdev_del eth7 --save
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NETDEV="eth8"'

it "interfaces that are not lent"
given stopped 101
run vzctl set 101 --netdev_add tun0 --save
err "Bad parameter for --netdev_add: tun0"
rc 21

it "an interface that is not there"
given running 101
run vzctl set 101 --netdev_add vtnone --save
out_any
err_any
rc 104
no_conf 101 NETDEV

it "the end"
given none 101
run ip link del vtbr0
