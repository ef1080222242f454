# SPDX-License-Identifier: GPL-2.0-or-later
# convert of a ploop container, killed at each step, and the reader of the image killed under it: the container is on its
# image or on its files, whole in both cases, and the image is there until somebody removes it.
. "$TOP/tests/integration/ploop_lib.sh"
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-24}

fs 16M -t ext4 -N 1000
cp -a "$(template_tree vz-base)/." $W/mnt/; template_trees_done
close_fs
mkdir -p $W/saved/root.hdd
$MK image $W/saved/root.hdd/root.hdd $W/fs.raw v2 --cluster 512
$MK desc $W/saved/root.hdd/DiskDescriptor.xml "$(sectors $W/fs.raw)" Compressed root.hdd

arrive() {
	cp -a $W/saved /vz/private/842
	printf 'VE_ROOT="/vz/root/$VEID"\nVE_PRIVATE="/vz/private/$VEID"\nVE_LAYOUT="ploop"\nPHYSPAGES="0:65536"\n' >/etc/vz/conf/842.conf
}
repaired() {
	must "0 155" vzctl convert 842 --layout $LAYOUT
	must 0 grep -qx "VE_LAYOUT=\"$LAYOUT\"" /etc/vz/conf/842.conf
	must 0 sh -c "$DUMP /vz/private/842/$UPPER >$W/got && cmp $W/want $W/got"
	must 0 cmp /vz/private/842.ploop/root.hdd/root.hdd $W/saved/root.hdd/root.hdd
	must 1 test -e /vz/private/842.tmp
	must 1 test -e /var/lib/vz/intent/842
	must 0 vzctl start 842
	must 0 vzctl exec 842 true
}
leave() {
	away 842
}
arrive; vzctl convert 842 --layout overlay >/dev/null 2>&1; away 842	# the empty layer is in the store now
LAYOUT=overlay UPPER=upper
crash "convert to overlay" arrive repaired leave vzctl convert 842 --layout overlay
POINTS=$((POINTS / 2))
LAYOUT=dir UPPER=
crash "convert to dir" arrive repaired leave vzctl convert 842 --layout dir
LAYOUT=overlay UPPER=upper FOLLOW=-f
crash "convert, and the reader killed" arrive repaired leave vzctl convert 842 --layout overlay
rm -rf $W
