# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/integration/crash_lib.sh"

new 811 --ipadd 10.77.8.11 --diskspace 50M
ok "limits" vzctl set 811 --ram 64M --swap 0 --cpulimit 80 --numproc 100 --save
turn=0
repair() {
	must 0 vzctl status 811
	turn=$((turn + 1))
	if [ $((turn % 2)) = 0 ]; then
		must "0 32" vzctl start 811
		must 0 vzctl exec 811 true
		must 0 ping -c 1 -w 20 10.77.8.11
	fi
}
undo() {
	must 0 vzctl stop 811 --fast
	vzctl --quiet umount 811 >/dev/null 2>&1
}
crash "start" nothing repair undo vzctl start 811
gone 811
