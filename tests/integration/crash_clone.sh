# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 170
# Clones of layouts btrfs and image, and the way back to a snapshot of layout dir, killed at each step.
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-6}

# clone: the source as it was, the clone whole or not there
two() {
	new 865 --layout $L --diskspace 64M
	vzctl --quiet mount 865; echo mine >/vz/root/865/mine; vzctl --quiet umount 865
}
cloned() {
	[ -e /etc/vz/conf/866.conf ] || must 0 vzctl clone 865 866 --$HOW
	must 0 vzctl start 866
	must 0 vzctl exec 866 grep -qx mine /mine
	must 0 vzctl start 865
	must 0 vzctl exec 865 grep -qx mine /mine
	must 1 test -e /vz/private/866.tmp
}
both() {
	gone 865 866
}
L=btrfs HOW=full
crash "full clone of btrfs" two cloned both vzctl clone 865 866 --full
L=image HOW=linked
crash "linked clone of image" two cloned both vzctl clone 865 866 --linked

# layout dir on btrfs: back to a snapshot, which is one exchange of subvolumes
A='{aaaaaaaa-0000-4000-8000-000000000001}'
kept() {
	L=dir
	two
	must 0 vzctl snapshot 865 --id $A
	vzctl --quiet mount 865; echo other >/vz/root/865/mine; vzctl --quiet umount 865
}
back() {
	must 0 vzctl snapshot-switch 865 --id $A
	must 0 vzctl start 865
	must 0 vzctl exec 865 grep -qx mine /mine
	must 1 test -e /vz/private/865.tmp
}
crash "switch of dir" kept back "gone 865" vzctl snapshot-switch 865 --id $A
