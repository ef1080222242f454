# SPDX-License-Identifier: GPL-2.0-or-later
# Network interfaces of a container's own: --netif_add, --netif_del, --netdev_add and what goes with them.
. "$TOP/tests/conformance/case.sh"

SAVED="CT configuration saved to /etc/vz/conf/101.conf"
NONE=	# keeps the blank at the end of a line
FULL="ifname=eth0,bridge=vmbr0,mac=00:18:51:01:02:03,host_ifname=veth101.0,host_mac=00:18:51:01:02:04"

it "an interface of a stopped container"
given stopped 101
run vzctl set 101 --netif_add eth0 --save
out "$SAVED"
gives "sed -n -E 's/^NETIF=\"(.*)\"\$/\\1/p' /etc/vz/conf/101.conf | grep -c -E '^ifname=eth0,mac=00:18:51:[0-9A-F:]{8},host_ifname=veth101\\.0,host_mac=00:18:51:[0-9A-F:]{8}'" 1

it "all five parts"
given stopped 101
run vzctl set 101 --netif_add eth0,00:18:51:01:02:03,veth101.0,00:18:51:01:02:04,vmbr0 --save
out "$SAVED"
gives "grep -c -i '^NETIF=\"$FULL' /etc/vz/conf/101.conf" 1

it "two interfaces are joined by a semicolon"
given stopped 101
run vzctl set 101 --netif_add eth0 --netif_add eth1 --save
out "$SAVED"
gives "grep -c -E '^NETIF=\"ifname=eth0,[^;]*;ifname=eth1,[^;]*\"' /etc/vz/conf/101.conf" 1

it "one is deleted"
given stopped 101 "NETIF=ifname=eth0,mac=00:18:51:01:02:03,host_ifname=veth101.0,host_mac=00:18:51:01:02:04;ifname=eth1,mac=00:18:51:01:02:05,host_ifname=veth101.1,host_mac=00:18:51:01:02:06"
run vzctl set 101 --netif_del eth0 --save
out "$SAVED"
gives "grep -c '^NETIF=\"ifname=eth1,' /etc/vz/conf/101.conf" 1

it "all are"
given stopped 101 "NETIF=ifname=eth0,mac=00:18:51:01:02:03,host_ifname=veth101.0,host_mac=00:18:51:01:02:04"
run vzctl set 101 --netif_del all --save
out "$SAVED"
conf 101 'NETIF=""'

it "at start: one line with a blank at its end"
given stopped 101 "NETIF=ifname=eth0,mac=00:18:51:01:02:03,host_ifname=veth101.0,host_mac=00:18:51:01:02:04"
run vzctl start 101
out "Starting container...
Container is mounted
Configure veth devices: veth101.0 $NONE
Container start in progress..."
gives 'ip -o link show veth101.0 | grep -c veth101.0; vzctl exec 101 cat /sys/class/net/eth0/address' "1
00:18:51:01:02:03"

it "live"
given running 101
run vzctl set 101 --netif_add eth0 --save
out "UB limits were set successfully
Configure veth devices: veth101.0 $NONE
$SAVED"
gives 'vzctl exec 101 ls -d /sys/class/net/eth0' /sys/class/net/eth0

it "away, live"
given running 101 "NETIF=ifname=eth0,mac=00:18:51:01:02:03,host_ifname=veth101.0,host_mac=00:18:51:01:02:04"
run vzctl set 101 --netif_del eth0 --save
out_like $'^UB limits were set successfully\nDeleting veth devices: veth101.0 ?\nCT configuration saved'
gives 'ls -d /sys/class/net/veth101.0 2>/dev/null' ""

it "a bridge that is there takes the host's end"
given stopped 101 "NETIF=$FULL"
run sh -c 'ip link add vmbr0 type bridge; vzctl --quiet start 101; ip -o link show master vmbr0 | grep -o "veth101\.0" | head -n 1; vzctl --quiet stop 101 --fast; ip link del vmbr0'
out veth101.0

it "without --save, stopped"
given stopped 101
run vzctl set 101 --netif_add eth0
err "Unable to configure veth: container is not running"
rc 31

it "a part of an interface needs its name"
given stopped 101
run vzctl set 101 --bridge vmbr1 --save
err "Invalid usage.  Option --ifname not specified"
rc 20

it "an interface that is not there cannot be changed"
given stopped 101
run vzctl set 101 --ifname eth7 --bridge vmbr1 --save
err "Invalid usage: veth device eth7 is not configured, use --netif_add option first"
rc 130

it "one that is there can"
given stopped 101 "NETIF=$FULL"
run vzctl set 101 --ifname eth0 --bridge vmbr1 --save
out "$SAVED"
gives "grep -c '^NETIF=\".*bridge=vmbr1' /etc/vz/conf/101.conf" 1

it "a bad address of hardware"
given stopped 101
run vzctl set 101 --netif_add eth0,nonsense --save
err_like 'Bad parameter for --netif_add: eth0,nonsense'
rc 21

it "a device of the host"
given running 101
run sh -c 'ip link add dum0 type veth peer name dum1; vzctl set 101 --netdev_add dum0 --save; vzctl exec 101 ls -d /sys/class/net/dum0; vzctl --quiet set 101 --netdev_del dum0 --save; ls -d /sys/class/net/dum0; ip link del dum0'
out_like $'CT configuration saved to /etc/vz/conf/101.conf\n/sys/class/net/dum0\n/sys/class/net/dum0$'

it "devices that nobody may take"
given stopped 101
run vzctl set 101 --netdev_add lo --save
err_like 'Bad parameter for --netdev_add: lo'
rc 21

it "a device that is not there"
given running 101
run vzctl set 101 --netdev_add nothere0 --save
out_any
err_like 'nothere0'
rc 104
