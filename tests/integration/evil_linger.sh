# SPDX-License-Identifier: GPL-2.0-or-later
# A network namespace ends with its container, whatever in it waits for ever: the host's link to it and its number here
# go within moments of a stop, of a death, and where the monitor died before.
. "$TOP/tests/integration/evil_lib.sh"

new 701 --ipadd 10.77.7.1 --ram 128M --swap 0
ok "start" vzctl start 701
arm 701

# The number that this namespace gives to that of 701; shown by name where there is one.
nsid() {
	ip netns list-id | sed -n 's/^nsid \([0-9]*\) .*name: 701)$/\1/p'
}

# left NSID: what there still is of the namespace.
left() {
	ip -o link show vz-701 2>/dev/null
	ip netns list-id | grep "nsid $1 "
}

# hostile: a running container that does it; its namespace's number is in $id.
hostile() {
	vzctl status 701 | grep -q running || vzctl start 701 >/dev/null 2>&1 || bail "start"
	id=$(nsid)
	[ -n "$id" ] || bail "the number of the namespace" "$(ip netns list-id)"
	evil 701 linger >/tmp/linger.out
	is "packets and connections wait" "$(tr '\t\n' '  ' </tmp/linger.out | sed 's/^veth ALLOWED [^ ]* [^ ]* //')" \
		"neighbour ALLOWED connection ALLOWED "
}

ends() {
	soon "$1: the namespace ends" 60 sh -c "! ip -o link show vz-701 2>/dev/null && ! ip netns list-id | grep -q 'nsid $id '"
	is "and nothing is left of it" "$(left "$id")" ""
}

hostile
is "the stop says what it always says" "$(vzctl stop 701 --fast 2>&1; echo "status $?")" \
	"$(printf '%s\n' 'Killing container ...' 'Container was stopped' 'Container is unmounted' 'status 0')"
ends "after a fast stop"

hostile
is "a stop, too" "$(vzctl stop 701 2>&1; echo "status $?")" \
	"$(printf '%s\n' 'Stopping container ...' 'Container was stopped' 'Container is unmounted' 'status 0')"
ends "after a stop"

hostile
ok "restart" vzctl restart 701
ends "after a restart, the old one's"
ok "the new one works" vzctl exec2 701 'ping -q -c 1 -w 20 192.0.2.2'

hostile
kill -9 "$(init_of 701)"
soon "init dies" 40 sh -c 'vzctl status 701 | grep -q " down$"'
ends "after its death"

hostile
evil 701 links veth 300 >/dev/null
ok "stop with hundreds of links" vzctl stop 701 --fast
ends "and they with it"

hostile
old=$(monitor_of 701)
kill -9 "$old"
soon "the monitor dies, another takes over" 40 sh -c \
	"vzctl status 701 >/dev/null; p=\$(cat /run/vz/701/monitor.pid); [ \$p != $old ] && kill -0 \$p"
ok "stop" vzctl stop 701 --fast
ends "by the other monitor"

hostile
kill -9 "$(monitor_of 701)" "$(init_of 701)"
soon "both die" 40 sh -c 'vzctl status 701 | grep -q " down$"'
ok "the next command" vzctl set 701 --description x --save
is "leaves no link of the host" "$(ip -o link show vz-701 2>/dev/null)" ""

ok "and it starts as ever" vzctl start 701
ok "and works" vzctl exec2 701 'ping -q -c 1 -w 20 192.0.2.2'
rm -f /tmp/linger.out
gone 701
