# SPDX-License-Identifier: GPL-2.0-or-later
# reinstall, register, unregister, and runscript in a stopped container, killed at each step.
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-12}

up 841
must 0 vzctl stop 841 --fast
works() {
	must 0 vzctl start 841
	must 0 vzctl exec 841 true
	must 0 vzctl stop 841 --fast
	must 1 test -e /vz/private/841.tmp
}
crash "reinstall" nothing works nothing vzctl reinstall 841 --skipbackup

forget() {
	must 0 vzctl unregister 841
}
again() {
	must "0 140" vzctl register /vz/private/841 841
	works
}
crash "register" forget again again vzctl register /vz/private/841 841
crash "unregister" nothing again again vzctl unregister 841

printf 'echo inside >/root/ran\n' >/tmp/script
runs() {
	must "0" vzctl stop 841 --fast
	must 0 vzctl runscript 841 /tmp/script
	works
}
crash "runscript in a stopped container" nothing runs nothing vzctl runscript 841 /tmp/script
gone 841
rm -f /tmp/script
