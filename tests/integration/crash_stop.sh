# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/integration/crash_lib.sh"

new 821 --ipadd 10.77.8.21
prepare() {
	must 0 vzctl start 821
}
repair() {
	must 0 vzctl status 821
	must 0 vzctl stop 821 --fast
}
undo() {
	vzctl --quiet stop 821 --fast >/dev/null 2>&1
	vzctl --quiet umount 821 >/dev/null 2>&1
	[ "$(vzctl status 821)" = "CTID 821 exist unmounted down" ] || must 0 false
}
crash "stop --fast" prepare repair undo vzctl stop 821 --fast
crash "mount" nothing nothing undo vzctl mount 821
gone 821
