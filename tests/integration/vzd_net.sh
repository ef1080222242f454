# SPDX-License-Identifier: GPL-2.0-or-later
# Interfaces and bridges over vzd's API.
. "$TOP/tests/integration/vzd_lib.sh"

vzd_up
new 101 --ipadd 10.77.9.5
like "a bridge" "$(api PUT /v1/bridges/vtbr4 '{"addresses":["10.94.0.254/24"],"mtu":1400}')" '"kind": *"bridge.put"'
soon "is made" 10 ip link show vtbr4
listed() {
	api GET /v1/bridges | grep -q '"name": *"vtbr4".*"mtu": *"1400".*10\.94\.0\.254/24'
}
soon "and listed" 10 listed
like "one that makes no sense is refused" "$(api PUT /v1/bridges/vtbr4 '{"vxlan":99999999}')" 'vxlan'
vzctl start 101 >/dev/null
api PUT /v1/cts/101/interfaces/eth0 '{"bridge":"vtbr4","mac":"00:18:51:00:00:41","mtu":1300,"ip_filter":["10.94.0.1"]}' | op_state >/tmp/put.out
soon "an interface, live" 10 grep -q 'ip_filter=10.94.0.1' /etc/vz/conf/101.conf
like "inside" "$(in_ct 101 'ip link show eth0')" 'mtu 1300'
seen() { api GET /v1/cts/101/interfaces | grep -q '10\.94\.0\.1'; }
soon "which vzd sees" 20 seen
list=$(api GET /v1/cts/101/interfaces)
like "the list has the routed one" "$list" '"name": *"venet0".*"kind": *"routed".*"host": *"vz101"'
like "with its address" "$list" '10\.77\.9\.5'
like "and the bridged one" "$list" '"name": *"eth0".*"mac": *"00:18:51:00:00:41".*"bridge": *"vtbr4".*"mtu": *1300'
like "which is guarded" "$list" '"ip_filter": *\[ *"10\.94\.0\.1"'
like "a bad value is refused at once" "$(api PUT /v1/cts/101/interfaces/eth0 '{"trunk":"5000"}')" 'are no VLANs'
like "so is the routed one's name" "$(api PUT /v1/cts/101/interfaces/venet0 '{"mtu":1300}')" 'cannot be the name'
fault() { api GET /v1/cts/101/interfaces | jq -r ".items[] | select(.name == \"$1\") | .fault"; }
is "nothing is wrong" "$(fault venet0) $(fault eth0)" "null null"
ip link set vz101 down
is "a link that somebody set down is told" "$(fault venet0)" "interface vz101 is down"
ip link set veth101.0 nomaster
is "so is one that was taken out of its bridge" "$(fault eth0)" "veth101.0 is no port of bridge vtbr4"
ip link del vz101
is "and one that was deleted" "$(fault venet0)" "interface vz101 does not exist"
api POST /v1/cts/101/network/repair '{}' | op_state >/dev/null
soon "repair" 10 ping -c 1 -W 1 10.77.9.5
faults() { echo "$(fault venet0) $(fault eth0)"; }
becomes "both are whole" "null null" faults
like "a bridge in use" "$(api DELETE /v1/bridges/vtbr4; sleep 1; api GET /v1/bridges)" '"name": *"vtbr4"'
entry=$(sed -n 's/^NETIF="\(.*\)"/\1/p' /etc/vz/conf/101.conf)
api PATCH /v1/cts/101 "{\"config\":{\"netif\":[\"$entry\"]},\"description\":\"back\"}" >/tmp/patch.out
soon "an entry as it is stored is taken back" 10 grep -q '^DESCRIPTION="back"' /etc/vz/conf/101.conf
is "and the same" "$(sed -n 's/^NETIF="\(.*\)"/\1/p' /etc/vz/conf/101.conf)" "$entry"
api DELETE /v1/cts/101/interfaces/eth0 >/dev/null
soon "the interface goes" 10 sh -c '! grep -q eth0 /etc/vz/conf/101.conf'
soon "on the host, too" 10 sh -c '! ip link show veth101.0 2>/dev/null'
is "one bridge" "$(api GET /v1/bridges/vtbr4 | jq -c '[.name,.mtu,.udp_port]')" '["vtbr4","1400",null]'
like "one that is none" "$(api GET /v1/bridges/vtbr5)" 'no bridge of this name'
is "addresses" "$(api GET /v1/addresses | jq -c .items)" '[{"address":"10.77.9.5","ctid":101,"owner":""}]'
ip link add vtlent0 type veth peer name vtlent1
api PUT /v1/cts/101/interfaces/vtlent0/lent >/dev/null
soon "an interface of the host is lent" 10 vzctl exec 101 'ip link show vtlent0 >/dev/null'
kind() { api GET /v1/cts/101/interfaces | jq -r '.items[] | select(.name == "vtlent0") | .kind'; }
becomes "and told" lent kind
api DELETE /v1/cts/101/interfaces/vtlent0 >/dev/null
soon "and taken back" 10 ip link show vtlent0
ip link del vtlent0
is "classes of traffic: none said" "$(api GET /v1/network/classes | jq -c .)" '{"classes":["1 0.0.0.0/0","1 ::/0"],"default":true}'
is "are replaced" "$(api PUT /v1/network/classes '{"classes":["3 0.0.0.0/0","3 ::/0"]}' | op_state)" done
is "and there" "$(api GET /v1/network/classes | jq -c .)$(cat /etc/vz/conf/networks_classes)" \
	'{"classes":["3 0.0.0.0/0","3 ::/0"],"default":false}3 0.0.0.0/0
3 ::/0'
is "as vznetcfg has it" "$(vznetcfg class show)" $'3 0.0.0.0/0\n3 ::/0'
counted() { ping -c 1 -W 5 10.77.9.5 >/dev/null && vznetstat -4 -v 101 -c 3 | grep -Eq '^ *101 +3 +[1-9]'; }
soon "what runs counts by them" 20 counted
like "wrong ones are refused at once" "$(api PUT /v1/network/classes '{"classes":["3 10.0.0.0/8","4 oops"]}')" "line 2: 'oops' is not a network"
is "none again" "$(api PUT /v1/network/classes '{"classes":[]}' | op_state; ls /etc/vz/conf | grep -c networks_classes)" $'done\n0'
api DELETE /v1/bridges/vtbr4 >/dev/null
soon "and the bridge" 10 sh -c '! ip link show vtbr4 2>/dev/null'
gone 101
vzd_down
vzd_sweep
rmdir /etc/vz/bridges
