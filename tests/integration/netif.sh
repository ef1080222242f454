# SPDX-License-Identifier: GPL-2.0-or-later
# Bridged interfaces and lent ones: ports of a bridge of the host, filtered by hardware address; gone or back after a stop.
. "$TOP/tests/integration/lib.sh"

ping='ping -c 1 -W 20 -w 20'
b=" "	# the blank at the end of some lines
ip link add name vtbr0 type bridge && ip link set vtbr0 addrgenmode none && ip link set vtbr0 up
ip link add name vtbr1 type bridge && ip link set vtbr1 addrgenmode none && ip link set vtbr1 up
ip addr add 10.99.0.254/24 dev vtbr0
conf=/etc/vz/conf/611.conf

# inner ID ADDRESS: what the guest's own ifcfg would do.
inner() {
	in_ct "$1" "ip link set eth0 up; ip addr add $2/24 dev eth0"
}

new 611
new 612
says "stored" 0 "CT configuration saved to $conf" "" vzctl set 611 --netif_add eth0,,,,vtbr0 --save
like "in OpenVZ's form" "$(grep NETIF $conf)" \
	'^NETIF="ifname=eth0,bridge=vtbr0,mac=00:18:51:(..:){2}..,host_ifname=veth611\.0,host_mac=00:18:51:(..:){2}.."$'
before=$(cat $conf)
ok "a second time" vzctl set 611 --netif_add eth0 --save
is "changes nothing" "$(cat $conf)" "$before"
ok "with everything given" vzctl set 612 --netif_add eth0,00:18:51:0A:0B:0C,vtport,00:18:51:0a:0b:0d,vtbr0 --save
is "is kept" "$(sed -n 's/^NETIF=//p' /etc/vz/conf/612.conf)" \
	'"ifname=eth0,bridge=vtbr0,mac=00:18:51:0A:0B:0C,host_ifname=vtport,host_mac=00:18:51:0A:0B:0D"'
rc "no such interface" 130 vzctl set 611 --ifname eth7 --mac 00:18:51:00:00:01 --save
says "--mac alone" 20 "" "Invalid usage.  Option --ifname not specified" vzctl set 611 --mac 00:18:51:00:00:01 --save
rc "no hardware address" 21 vzctl set 611 --netif_add eth1,bad --save
says "not running, not saved" 31 "" "Unable to configure veth: container is not running" \
	vzctl set 611 --netif_add eth1

tap_run vzctl start 611
is "start" "$TAP_RC" 0
like "says which, with a blank at the end" "$(printf '%s' "$TAP_OUT" | tr '\n' '|')" 'Configure veth devices: veth611\.0 \|Container start in'
ok "start the other" vzctl start 612
like "a port of the bridge" "$(ip -o link show veth611.0)" 'master vtbr0.*state (UP|LOWERLAYERDOWN|DOWN)'
like "locked" "$(bridge -d link show dev veth611.0)" 'guard on .*learning off .*locked on'
like "its own interface inside" "$(in_ct 612 'ip -o link show eth0')" '00:18:51:0a:0b:0c'
inner 611 10.99.0.1
inner 612 10.99.0.2
ok "container to container" vzctl exec 611 $ping 10.99.0.2
ok "host to container" $ping 10.99.0.1
in_ct 611 'ip link set eth0 down; ip link set eth0 address 00:18:51:77:77:77; ip link set eth0 up' >/dev/null
rc "nothing gets out with another hardware address" 8 vzctl exec 611 'ping -c 1 -W 1 10.99.0.2'
is "and the bridge has not learnt it" "$(bridge fdb show br vtbr0 | grep -c 77:77:77)" 0
says "filter off, live" 0 "UB limits were set successfully
Configure veth devices: veth611.0$b
CT configuration saved to $conf" "" vzctl set 611 --ifname eth0 --mac_filter off --save
in_ct 611 'ip link set eth0 down; ip link set eth0 address 00:18:51:77:77:77; ip link set eth0 up' >/dev/null
ok "lets it pass" vzctl exec 611 $ping 10.99.0.2
like "is stored" "$(cat $conf)" 'mac_filter=off'

ok "another address, name and bridge, live" vzctl set 611 --ifname eth0 --mac 00:18:51:00:00:11 --host_ifname vtother \
	--bridge vtbr1 --mac_filter on --save
like "the host's end" "$(ip -o link show vtother)" 'master vtbr1'
rc "has the new name only" 1 ip link show veth611.0
like "and the container's the new address" "$(in_ct 611 'ip -o link show eth0')" '00:18:51:00:00:11'
like "which it may use" "$(bridge fdb show dev vtother)" '00:18:51:00:00:11.* static'
ok "and back" vzctl set 611 --ifname eth0 --bridge vtbr0 --save
ok "they talk again" vzctl exec 611 $ping 10.99.0.2

says "a second one, live" 0 "UB limits were set successfully
Configure veth devices: veth611.1$b
WARNING: Settings were not saved to config and will be lost after CT restart (use --save flag)" "" \
	vzctl set 611 --netif_add eth1,,,,vtbr1
ok "is there" vzctl exec2 611 ip link show eth1
rc "not in the file" 1 grep -q eth1 $conf
tap_run vzctl set 611 --netif_add eth2,00:18:51:0A:0B:0C,,,vtbr0 --save
is "a neighbour's hardware address is refused" "$TAP_RC" 130
like "and its holder named" "$TAP_OUT" 'in use by vtport'
rc "and nothing made" 1 ip link show veth611.2
rc "nor stored" 1 grep -q eth2 $conf
tap_run vzctl set 611 --netif_add eth2,,,,vtnone --save
is "no such bridge" "$TAP_RC" 130
like "is told" "$TAP_OUT" 'bridge vtnone of eth2 does not exist'
tap_run vzctl set 611 --netif_add eth2,,up0 --save
is "an interface of the host is not taken" "$TAP_RC" 130
like "and stays" "$(ip -o addr show up0)" '192\.0\.2\.1'
says "the first goes, live" 0 "UB limits were set successfully
Deleting veth devices: vtother$b
CT configuration saved to $conf" "" vzctl set 611 --netif_del eth0 --save
rc "on the host" 1 ip link show vtother
rc "and inside" 2 vzctl exec2 611 ip link show eth0
is "and in the file" "$(sed -n 's/^NETIF=//p' $conf)" '""'
ok "stop" vzctl stop 611 --fast
rc "what was never saved goes too" 1 ip link show veth611.1

# the container goes by itself, and by force
in_ct 612 'poweroff -f' >/dev/null
for n in $(seq 400); do [ "$(vzctl status 612)" = "CTID 612 exist unmounted down" ] && break; sleep 0.1; done
rc "poweroff inside frees the name" 1 ip link show vtport
ok "start" vzctl start 612
kill -9 "$(monitor_of 612)" "$(init_of 612)"
soon "start after a death of both" 5 vzctl start 612
like "has the interface" "$(ip -o link show vtport)" 'master vtbr0'

# vznetcfg
mv /usr/sbin/vznetcfg /tmp/vznetcfg.ours
cat >/usr/sbin/vznetcfg <<'EOT'
#!/bin/sh
echo "$VEID $*" >>/tmp/vznetcfg.log
case $3 in vtport) exit 3 ;; esac
ip link set "$3" master vtbr1
EOT
chmod 755 /usr/sbin/vznetcfg
tap_run vzctl restart 612
is "a script that fails is no failure" "$TAP_RC" 0
like "but a word" "$TAP_OUT" 'Warning: /usr/sbin/vznetcfg init veth vtport failed'
is "it is told" "$(cat /tmp/vznetcfg.log)" "612 init veth vtport"
ok "an interface without a bridge" vzctl set 611 --netif_add lan --save
ok "start it" vzctl start 611
like "is put into one by the script" "$(ip -o link show veth611.0)" 'master vtbr1'
like "and filtered there" "$(bridge -d link show dev veth611.0)" 'locked on'
mv /tmp/vznetcfg.ours /usr/sbin/vznetcfg
rm /tmp/vznetcfg.log
ok "a bridge that goes" ip link del vtbr1
vzctl stop 611 --fast >/dev/null
echo 'NETIF="ifname=eth0,bridge=vtbr1"' >>$conf
sed -i '/lan/d' $conf
tap_run vzctl start 611
is "start without the bridge" "$TAP_RC" 130
like "says so" "$TAP_OUT" 'bridge vtbr1 of eth0 does not exist'
is "and leaves it stopped" "$(vzctl status 611)" "CTID 611 exist unmounted down"
ok "none at all" vzctl set 611 --netif_del all --save

# NETDEV: one end of a pair stands for hardware.
ip link add name vtdev0 mtu 1400 address 02:00:00:00:07:07 type veth peer name vtdev1
ip link set vtdev0 up
rc "lo is not lent" 21 vzctl set 611 --netdev_add lo --save
ok "lend" vzctl set 611 --netdev_add vtdev0 --save
is "stored" "$(sed -n 's/^NETDEV=//p' $conf)" '"vtdev0"'
ok "start" vzctl start 611
rc "gone here" 1 ip link show vtdev0
ok "there inside" vzctl exec2 611 ip link show vtdev0
in_ct 611 'ip link set vtdev0 down; ip link set vtdev0 name stolen; ip link set stolen mtu 1300 address 02:00:00:00:09:09'
ok "stop" vzctl stop 611 --fast
like "back as it was" "$(ip -o link show vtdev0)" 'UP.*mtu 1400 .*02:00:00:00:07:07'
ok "start again" vzctl start 611
in_ct 611 'poweroff -f' >/dev/null
for n in $(seq 400); do [ "$(vzctl status 611)" = "CTID 611 exist unmounted down" ] && break; sleep 0.1; done
ok "back after a poweroff inside" ip link show vtdev0
ok "start" vzctl start 611
ok "return, live" vzctl set 611 --netdev_del vtdev0 --save
ok "is back" ip link show vtdev0
ok "lend, live" vzctl set 611 --netdev_add vtdev0
ok "is there" vzctl exec2 611 ip link show vtdev0
rc "what does not exist" 104 vzctl set 611 --netdev_add vtnone
kill -9 "$(monitor_of 611)" "$(init_of 611)"
soon "after a death of both" 5 vzctl start 611
ok "it is back" ip link show vtdev0
gone 611 612
ip link del vtdev0
ip link del vtbr0
is "no interface stays" "$(ip -o link | grep -c 'veth61\|: vt')" 0
