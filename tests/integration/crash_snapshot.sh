# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 240
# snapshot, -switch, -delete and clone, killed at each step: the next command finds a whole container and a whole tree.
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-6}

A='{aaaaaaaa-0000-4000-8000-000000000001}'
B='{bbbbbbbb-0000-4000-8000-000000000002}'
up 851
must 0 vzctl exec 851 'echo 0 >/root/state'

# holds TEXT: the container works, and /root/state is that.
holds() {
	must 0 vzctl start 851
	must 0 sh -c "vzctl exec 851 cat /root/state | grep -qx '$1'"
	must 0 vzctl stop 851 --fast
	must 0 vzctl snapshot-list 851
	must 1 test -e /vz/private/851/upper.new -o -e /vz/private/851/upper.old -o -e /vz/private/851/layers.new
}
wipe() {
	local id
	for id in $(vzctl snapshot-list 851 -H -o uuid); do
		must 0 vzctl snapshot-delete 851 --id "$id"
	done
	must 1 sh -c 'grep snap: /vz/private/851/layers'
	must 0 sh -c '[ "$(ls /vz/private/851/snap)" = snapshots ]'
}
must 0 vzctl stop 851 --fast
must 0 vzctl snapshot 851 --id "$A"
wipe

# As it was, or with one snapshot more: either is right after a kill.
whole() {
	holds 0
}
crash "snapshot of a stopped one" nothing whole wipe vzctl snapshot 851 --id "$A"

running() {
	must 0 vzctl start 851
}
# Nobody needs to come by for that: it is not left frozen.
thawed() {
	must 0 sh -c 'for i in $(seq 400); do timeout 60 vzctl exec 851 cat /root/state 2>/dev/null | grep -qx 0 && exit; sleep 0.1; done; exit 1'
}
down() {
	must 0 vzctl stop 851 --fast
	wipe
}
crash "snapshot of a running one" running thawed down vzctl snapshot 851 --id "$A"

two() {
	must 0 vzctl snapshot 851 --id "$A"
	must 0 vzctl start 851
	must 0 vzctl exec 851 'echo 1 >/root/state'
	must 0 vzctl stop 851 --fast
}
either() {
	local now
	must 0 vzctl start 851
	now=$(vzctl exec 851 cat /root/state)
	must 0 test "$now" = 0 -o "$now" = 1
	must 0 vzctl stop 851 --fast
	must 0 vzctl snapshot-switch 851 --id "$A"
	holds 0
}
crash "snapshot-switch" two either wipe vzctl snapshot-switch 851 --id "$A"

three() {
	two
	must 0 vzctl snapshot 851 --id "$B"
	must 0 vzctl start 851
	must 0 vzctl exec 851 'echo 2 >/root/state; rm -f /etc/hosts'
	must 0 vzctl stop 851 --fast
}
merged() {
	holds 2
	must 0 vzctl snapshot-switch 851 --id "$B"
	holds 1
	must "0 159" vzctl snapshot-switch 851 --id "$A"
	must 0 sh -c 'vzctl start 851 && vzctl exec 851 "echo 0 >/root/state" && vzctl stop 851 --fast'
}
crash "snapshot-delete" three merged wipe vzctl snapshot-delete 851 --id "$A"

cloned() {
	holds 0
	must "0 44" vzctl clone 851 852
	must 0 vzctl start 852
	must 0 sh -c 'vzctl exec 852 cat /root/state | grep -qx 0'
	must 0 vzctl stop 852 --fast
}
unclone() {
	must 0 vzctl destroy 852
	must 0 vzctl snapshot 851 --id "$A"
	wipe
}
crash "a linked clone" nothing cloned unclone vzctl clone 851 852
crash "a full clone" nothing cloned unclone vzctl clone 851 852 --full

# The source goes while the clone stands on it, and the clone with the last of the layers.
source_too() {
	must 0 vzctl clone 851 852
	must 0 vzctl clone 852 853
}
stands() {
	must "0 14" vzctl destroy 852
	must 0 vzctl repair 852
	must 0 vzctl start 853
	must 0 sh -c 'vzctl exec 853 cat /root/state | grep -qx 0'
	must 0 vzctl stop 853 --fast
}
last() {
	must 0 vzctl destroy 853
	must 0 vzctl snapshot 851 --id "$A"
	wipe
}
crash "destroy of a clone that others stand on" source_too stands last vzctl destroy 852
gone 851
