# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 170
# Layouts with a root of their own, killed at each step: create, start, stop, convert, and an image resized. The next
# command works, and no mount, loop device, subvolume or half of an area is left.
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-6}

# create
made() {
	vzctl create 860 --ostemplate vz-base --layout $L --diskspace 330M >/tmp/again 2>&1
	must 0 vzctl start 860
	must 0 vzctl exec 860 true
}
L=image
crash "create $L" nothing made "gone 860" vzctl create 860 --ostemplate vz-base --layout $L --diskspace 330M

# start and stop
there() {
	new 861 --layout $L --diskspace 330M
}
started() {
	must "0 32" vzctl start 861
	must 0 vzctl exec 861 true
}
crash "start $L" there started "gone 861" vzctl start 861
runs() {
	up 862 --layout image --diskspace 64M
}
stopped() {
	must 0 vzctl stop 862 --fast
	must 0 vzctl start 862
}
crash "stop image" runs stopped "gone 862" vzctl stop 862 --fast

# an image made smaller, on a copy: old or new, always whole
sized() {
	new 863 --layout image --diskspace 64M
}
resized() {
	must 0 vzctl set 863 --diskspace 40M --save
	must 0 test "$(stat -c %s /vz/private/863/root.img)" = $((40 << 20))
	must 1 test -e /vz/private/863/root.img.new
	must 0 e2fsck -fn /vz/private/863/root.img
	must 0 vzctl start 863
}
crash "set of an image" sized resized "gone 863" vzctl set 863 --diskspace 40M --save

# convert
old() {
	new 864 --diskspace 330M
}
converted() {
	must "0 155" vzctl convert 864 --layout $L
	must 0 grep -qx "VE_LAYOUT=\"$L\"" /etc/vz/conf/864.conf
	must 0 test -d /vz/private/864.overlay/upper
	must 1 test -e /vz/private/864.tmp
	must 1 test -e /var/lib/vz/intent/864
	must 0 vzctl start 864
	must 0 vzctl exec 864 true
}
away() {
	gone 864
	btrfs -q subvolume delete /vz/private/864.overlay 2>/dev/null || rm -rf /vz/private/864.overlay
}
L=image
crash "convert to image" old converted away vzctl convert 864 --layout image
L=image FOLLOW=-f
crash "convert, and what it starts killed" old converted away vzctl convert 864 --layout image
