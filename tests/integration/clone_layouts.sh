# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 120
# Clones of layouts btrfs, image and dir, linked and full: file by file what the source has, with limits of their own, and
# neither side feels what becomes of the other; conversion, compact and reinstall of what has snapshots or clones.
. "$TOP/tests/integration/ploop_lib.sh"

A={11111111-1111-1111-1111-111111111111}
dump_of() {	# ID FILE
	vzctl --quiet mount "$1" >/dev/null && $DUMP "/vz/root/$1" | grep -v "/etc/machine-id" >"$2"
	vzctl --quiet umount "$1" >/dev/null
}
used() {
	btrfs -q filesystem sync /vz 2>/dev/null
	field diskspace "$1"
}

pays() { echo "$(used 661) KiB"; [ "$(used 661)" -ge 8192 ]; }

# layout, how, which of the two goes first
while read -r l how first <&3; do
	t="$l, $how"
	new 660 --layout $l --diskspace 330M
	vzctl --quiet mount 660
	fill /vz/root/660/srv
	dd if=/dev/urandom of=/vz/root/660/big bs=1M count=8 2>/dev/null
	vzctl --quiet umount 660
	dump_of 660 $W/want
	ok "$t: clone" vzctl clone 660 661 --$how --hostname copy
	dump_of 661 $W/got
	is "$t: every file is as it was" "$(diff $W/want $W/got | grep -vE 'etc/host(s|name)' | grep '^[<>]' | head -n 5)" ""
	like "$t: a second opinion saw many" "$(wc -l <$W/want)" '^[0-9]{2,}$'
	[ $how != full ] || soon "$t: pays for its files" 20 pays
	ok "$t: both start" sh -c "vzctl start 660 && vzctl start 661"
	ok "$t: the clone writes" vzctl exec2 661 'echo new >/big; echo x >/mine'
	is "$t: the source does not see it" "$(in_ct 660 'wc -c </big; ls /mine 2>&1 | grep -c "No such"')" "8388608
1"
	rc "$t: the clone's own limit bites" 1 vzctl exec2 661 'dd if=/dev/zero of=/fill bs=1M count=400 2>/dev/null && sync || exit 1'
	ok "$t: and the source can write" vzctl exec2 660 'dd if=/dev/zero of=/fill bs=1M count=50 2>/dev/null && sync && rm /fill'
	vzctl exec2 661 'rm -f /fill; sync' >/dev/null 2>&1
	ok "$t: of the running clone a snapshot" vzctl snapshot 661 --id $A
	gone $first
	other=$((660 + 661 - first))
	ok "$t: without $first the other goes on" vzctl exec2 $other 'test -s /srv/hole -o -d /srv && echo more >/more && sync'
	ok "$t: and starts anew" vzctl restart $other
	gone $other
	ok "$t: nothing is left" sh -c '! ls -d /vz/private/66* /vz/private/.shared'
done 3<<'END'
btrfs full 660
btrfs linked 661
btrfs linked 660
image full 661
image linked 660
dir full 660
END

# what has snapshots or clones: refused with what to do, or done
new 662 --diskspace 200M
vzctl start 662 >/dev/null; in_ct 662 'echo mine >/f'; vzctl stop 662 --fast >/dev/null
ok "a linked clone" vzctl clone 662 663 --linked
rc "the source of one is not converted" 155 vzctl convert 662 --layout dir
like "says why" "$TAP_OUT" 'Linked clones stand on the files of container 662'
ok "the clone is" vzctl convert 663 --layout image
ok "and runs" vzctl start 663
is "with the files of its source" "$(in_ct 663 cat /f)" mine
ok "without clones that need it, the source is converted" sh -c 'vzctl stop 663 --fast && rm -rf /vz/private/663.overlay && vzctl convert 662 --layout dir'
rm -rf /vz/private/662.overlay
ok "a snapshot of the new one" vzctl snapshot 662 --id $A
rc "then not" 155 vzctl convert 662 --layout overlay
like "says how" "$TAP_OUT" "snapshot-delete"
vzctl start 663 >/dev/null
ok "compact of an image with snapshots" sh -c "vzctl snapshot 663 --id $A && vzctl exec2 663 'dd if=/dev/zero of=/z bs=1M count=20 2>/dev/null; sync; rm /z; sync' && vzctl compact 663"
ok "the snapshot is whole" sh -c "vzctl stop 663 --fast && vzctl snapshot-switch 663 --id $A && vzctl start 663"
is "as it was" "$(in_ct 663 cat /f)" mine
gone 662 663
rm -rf $W
