# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody else deletes, renames or sets down what is a container's on the host, or its bridge: told, and put right.
. "$TOP/tests/integration/lib.sh"

ping='ping -c 2 -i 0.3 -W 2'
reach='ping -c 1 -w 30'
up 631 --ipadd 10.77.9.1/24 --ipadd fd00:77:9::1
is "nothing is wrong" "$(vznetcfg check 631)" ""

ip link del vz631
tap_run vznetcfg check
is "a deleted link is found" "$TAP_RC" 1
like "and named" "$TAP_OUT" '^CT 631: interface vz631 does not exist$'
tap_run vzctl set 631 --ipadd 10.77.9.2 --save
is "the next set repairs it" "$TAP_RC" 0
like "and says so" "$TAP_OUT" 'Warning: interface vz631 does not exist: repaired'
ok "the old address" $reach 10.77.9.1
ok "the new one" $reach 10.77.9.2
ok "IPv6" $reach fd00:77:9::1
ok "the way out" vzctl exec 631 $ping 192.0.2.2
like "the prefix inside is as before" "$(in_ct 631 'ip -4 -o addr show dev venet0')" '10\.77\.9\.1/24'
in_ct 631 'ip addr add 10.77.9.9/32 dev venet0'
rc "and it is filtered" 8 vzctl exec 631 'ping -c 1 -W 1 -I 10.77.9.9 192.0.2.1'

is "vzlist has nothing to tell" "$(vzlist -H -o netfault 631)" "-"
ip link set vz631 down
like "a link set down is found" "$(vznetcfg check)" 'vz631 is down'
is "vzlist tells, too" "$(vzlist -H -o ctid,netfault 631 | xargs)" "631 interface vz631 is down"
is "as JSON" "$(vzlist -j 631 | jq -r '.[0].netfault')" "interface vz631 is down"
is "repair" "$(vznetcfg repair 631)" "CT 631: interface vz631 is down: repaired"
ok "IPv4" $reach 10.77.9.1
ok "IPv6" $reach fd00:77:9::1
is "nothing more to do" "$(vznetcfg repair)" ""

ip link set vz631 down; ip link set vz631 name stray; ip link set stray up
like "a renamed one is found" "$(vznetcfg check)" 'vz631 does not exist'
ok "repair" vznetcfg repair
rc "it has its name again" 1 ip link show stray
ok "and its addresses" $reach 10.77.9.2
ip route del 10.77.9.1
like "a route that is missing" "$(vznetcfg check)" 'no route to 10\.77\.9\.1 by vz631'
ok "repair" vznetcfg repair
ok "is there again" $reach 10.77.9.1
# An address taken away inside is the container's own doing: nobody puts it back but a command that names it.
in_ct 631 'ip addr del 10.77.9.1/24 dev venet0; ip -6 addr del fd00:77:9::1/128 dev venet0'
rc "an address that is taken away inside" 1 $ping 10.77.9.1
is "is no fault of the host's" "$(vznetcfg check)" ""
ok "the same given again" vzctl set 631 --ipadd 10.77.9.1/24 --ipadd fd00:77:9::1 --save
ok "is there again" $reach 10.77.9.1
ok "IPv6, too" $reach fd00:77:9::1
ok "and the way out" vzctl exec 631 $ping 192.0.2.2
in_ct 631 'ip route flush table main; ip -6 route flush table main'
rc "routes flushed inside" 1 $ping 10.77.9.1
ok "the same given again" vzctl set 631 --ipadd 10.77.9.1/24 --ipadd fd00:77:9::1 --save
is "lead out again" "$(in_ct 631 'ip route; ip -6 route' | grep -c '^default')" 2
ok "both" $reach 10.77.9.1
ok "IPv6, too" $reach fd00:77:9::1
in_ct 631 'ip link set venet0 down; ip link set lo down'
ok "links set down inside, and given again" vzctl set 631 --ipadd 10.77.9.1/24 --ipadd fd00:77:9::1 --save
ok "are up" $reach 10.77.9.1
ok "IPv6, too" $reach fd00:77:9::1
ok "lo too" vzctl exec 631 $ping 127.0.0.1
in_ct 631 'ip link add own0 type bridge; ip link set own0 up; ip route del default; ip route add default dev own0 metric 9'
ok "a way out of its own" vzctl set 631 --ipadd 10.77.9.1/24 --save
is "stays the only one" "$(in_ct 631 'ip route' | grep '^default' | cut -d' ' -f1-3)" 'default dev own0'
in_ct 631 'ip link del own0'
ok "until it goes" vzctl set 631 --ipadd 10.77.9.1/24 --save
ok "and ours is back" $reach 10.77.9.1
nft flush ruleset
ip link del vz631
ok "all at once" vznetcfg repair
ok "works" $reach 10.77.9.1
rc "and is filtered" 8 vzctl exec 631 'ping -c 1 -W 1 -I 10.77.9.9 192.0.2.1'
ip link del vz631
ok "stop without a link" vzctl stop 631 --fast
is "leaves no route" "$(ip route | grep -c 10.77.9)" 0
gone 631

# bridges
says "a bridge by vznetcfg" 0 "" "" vznetcfg br new vtbr8 --address 10.98.0.254/24
says "twice" 1 "" "vznetcfg: bridge vtbr8 is there already: vznetcfg br set vtbr8 changes it" vznetcfg br new vtbr8
is "is listed" "$(vznetcfg br list)" 'vtbr8 ADDRESS="10.98.0.254/24"'
new 632
ok "an interface on it" vzctl set 632 --netif_add eth0,,,,vtbr8 --save
ip link del vtbr8
like "it is gone" "$(vznetcfg br list)" ': it does not exist$'
ok "the start makes it" vzctl start 632
in_ct 632 'ip link set eth0 up; ip addr add 10.98.0.1/24 dev eth0'
ok "traffic" $reach 10.98.0.1
ip link del vtbr8
tap_run vznetcfg check
like "removed while it runs" "$TAP_OUT" 'CT 632: bridge vtbr8 of veth632\.0 does not exist'
tap_run vzctl set 632 --onboot no --save
like "the next set makes it again" "$TAP_OUT" 'bridge vtbr8 of veth632\.0 does not exist: repaired'
ok "traffic" $reach 10.98.0.1
like "filtered as before" "$(bridge -d link show dev veth632.0)" 'locked on'
ip link set veth632.0 nomaster
like "taken out of it" "$(vznetcfg check)" 'veth632\.0 is no port of bridge vtbr8'
ok "repair" vznetcfg repair
ok "traffic" $reach 10.98.0.1
ip link set veth632.0 down; ip link set veth632.0 name stray; ip link set stray up
ok "renamed: repair" vznetcfg repair
ok "traffic" $reach 10.98.0.1
ip link del veth632.0
ok "deleted: repair" vznetcfg repair
in_ct 632 'ip link set eth0 up; ip addr add 10.98.0.1/24 dev eth0'
ok "traffic" $reach 10.98.0.1
rc "a bridge in use is not removed" 1 vznetcfg br del vtbr8
like "its user is named" "$TAP_OUT" 'vtbr8 is in use: veth632\.0 is a port of it'
gone 632
ok "a bridge goes" vznetcfg br del vtbr8
rc "from the kernel" 1 ip link show vtbr8
rc "and its file" 1 test -e /etc/vz/bridges/vtbr8.conf
rmdir /etc/vz/bridges
