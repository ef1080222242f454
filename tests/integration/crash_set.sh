# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/integration/crash_lib.sh"

up 831 --ipadd 10.77.8.31
base="--ram 128M --swap 0 --cpuunits 1000 --numproc 100 --hostname base"
vzctl set 831 $base --save >/dev/null 2>&1
settled 831
change="--ram 96M --swap 0 --cpuunits 700 --numproc 90 --hostname changed --ipadd 10.77.8.32"
repair() {
	must 0 vzctl exec 831 true
	must 0 ping -c 1 -w 20 10.77.8.31
	must 0 vzctl set 831 $change --save
	must 0 ping -c 1 -w 20 10.77.8.32
	must 0 grep -qx 'PHYSPAGES="0:24576"' /etc/vz/conf/831.conf
}
undo() {
	must 0 vzctl set 831 $base --ipdel 10.77.8.32 --save
}
crash "set on a running container" nothing repair undo vzctl set 831 $change --save
gone 831
