# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 180
# Rates of a command that is killed: the next one finds them as the configuration has them, and nothing queues for nobody.
. "$TOP/tests/integration/crash_lib.sh"

POINTS=${VZTEST_POINTS:-6}
idle() {
	must_soon 0 sh -c '! ls /run/vz/shape/* 2>/dev/null && ! ip -o link | grep vzifb'
}
mkdir -p /run/vz/shape
new 851
ok "configure" vzctl set 851 --ratelimit 1:20000 --save
repair() {
	must "0 32" vzctl start 851
	must 0 sh -c 'tc qdisc show dev vz851 root | grep -q "tbf 2: .* rate 20Mbit"'
	must 0 sh -c 'tc qdisc show dev vz851 | grep -q "ingress_block $((0x767a101a))"'
	must 0 sh -c 'tc filter show block $((0x767a101a)) | grep -q vzifb-up26'
	must 0 sh -c 'tc qdisc show dev vzifb-up26 | grep -q "parent 1:14 rate 20Mbit"'
}
undo() {
	must 0 vzctl stop 851 --fast
	idle
}
crash "start with rates" nothing repair undo vzctl start 851
up_with() { must "0 32" vzctl start 851; }
repair() { :; }
crash "stop of the last one with rates" up_with repair undo vzctl stop 851 --fast

ok "start" vzctl start 851
settled 851
ok "without" vzctl set 851 --ratelimit '' --save
idle
prepare() { must 0 vzctl set 851 --ratelimit 1:20000 --save; }
undo() {
	must 0 vzctl set 851 --ratelimit '' --save
	idle
	must 1 sh -c 'tc qdisc show dev vz851 | grep clsact'
}
crash "rates taken from a running container" prepare repair undo vzctl set 851 --ratelimit '' --save
ok "stop" vzctl stop 851 --fast

# --- in the tree of all ---
echo 'BANDWIDTH="eth0:30000"' >>/etc/vz/vz.conf
ok "a guarantee" vzctl set 851 --rate 1:20000 --save
repair() {
	must "0 32" vzctl start 851
	must 0 sh -c 'tc class show dev vzifb-up | grep -q "htb 1:21 parent 1:2 .* rate 20Mbit"'
	must 0 sh -c 'tc qdisc show dev vz851 | grep -q "ingress_block $((0x767a1200))"'
	must 0 sh -c 'tc filter show block $((0x767a1200)) | grep -q vzifb-up'
}
undo() {
	must 0 vzctl stop 851 --fast
	idle
}
crash "start with a guarantee" nothing repair undo vzctl start 851
gone 851
sed -i '/^BANDWIDTH=/d' /etc/vz/vz.conf
rmdir /run/vz/shape
