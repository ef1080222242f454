# SPDX-License-Identifier: GPL-2.0-or-later
# Not vzctl dies but what it starts: launcher, monitor, init while it sets itself up, the unpacker.
# seconds: 240
. "$TOP/tests/integration/crash_lib.sh"
FOLLOW=-f
POINTS=${VZTEST_POINTS:-40}

new 841 --ipadd 10.77.8.41
repair() {
	must 0 vzctl status 841
	must "0 32" vzctl start 841
	must 0 vzctl exec 841 true
	must 0 ping -c 1 -w 20 10.77.8.41
}
undo() {
	must 0 vzctl stop 841 --fast
	vzctl --quiet umount 841 >/dev/null 2>&1
}
crash "helpers of start" nothing repair undo vzctl start 841
gone 841

cold() {
	rm -rf /vz/template/store
}
create="vzctl create 842 --ostemplate vz-base"
POINTS=${VZTEST_POINTS:-25}	# each unpacks and makes an image
repair() {
	must 0 vzctl status 842
	must "0 44" $create
	must 0 vzctl start 842
	must 0 vzctl exec 842 true
	must 0 vzctl stop 842 --fast
}
undo() {
	must 0 vzctl --quiet destroy 842
}
crash "helpers of create with an unpacked template missing" cold repair undo $create
FOLLOW=
crash "create with an unpacked template missing" cold repair undo $create
