# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/integration/crash_lib.sh"

create="vzctl create 801 --ostemplate vz-base --name crashed --ipadd 10.77.8.1 --diskspace 50M"
repair() {
	must 0 vzctl status 801
	must "0 44" $create
	must 0 vzctl start 801
	must 0 vzctl exec 801 true
	must 0 vzctl stop 801 --fast
}
undo() {
	must 0 vzctl --quiet destroy 801
}
crash "create" nothing repair undo $create

prepare() {
	new 801 --name crashed --diskspace 50M
}
repair() {
	must 0 vzctl status 801
	must "0 14 43" vzctl destroy 801
}
undo() {
	# whatever the kill left, the id is free again
	must 0 vzctl create 801 --ostemplate vz-base --name crashed
	must 0 vzctl destroy 801
}
crash "destroy" prepare repair undo vzctl destroy 801
