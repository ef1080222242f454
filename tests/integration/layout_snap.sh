# SPDX-License-Identifier: GPL-2.0-or-later
# Snapshots of the layouts that have a root of their own: taken running and stopped, listed, mounted, gone back to, dropped.
. "$TOP/tests/integration/lib.sh"

A={11111111-1111-1111-1111-111111111111} B={22222222-2222-2222-2222-222222222222}
for l in btrfs image image:xfs; do
	up 680 --layout $l --diskspace 330M
	ok "$l: write one" vzctl exec2 680 'echo one >/state; chown 5:6 /state; dd if=/dev/urandom of=/data bs=1M count=5 2>/dev/null; sha256sum /data >/sum'
	ok "$l: snapshot of a running one" vzctl snapshot 680 --id $A --name first
	ok "$l: write two" vzctl exec2 680 'echo two >/state; rm /data'
	ok "$l: it still runs" vzctl exec2 680 true
	ok "$l: stop" vzctl stop 680
	ok "$l: snapshot of a stopped one" vzctl snapshot 680 --id $B
	is "$l: both are listed" "$(vzctl snapshot-list 680 -H -o uuid | tr -d ' ' | sort | tr '\n' ' ')" "$A $B "
	mkdir -p /mnt/snap
	ok "$l: mount the first" vzctl snapshot-mount 680 --id $A --target /mnt/snap
	is "$l: it has what was" "$(cat /mnt/snap/state) $(stat -c %u:%g /mnt/snap/state)" "one 5:6"
	ok "$l: all of it" sh -c 'cd /mnt/snap && sed "s, /, ," sum | sha256sum -c'
	rc "$l: it is read-only" 2 sh -c 'echo x >/mnt/snap/new'
	ok "$l: umount" vzctl snapshot-umount 680 --id $A
	ok "$l: go back to the first" vzctl snapshot-switch 680 --id $A
	ok "$l: start" vzctl start 680
	is "$l: it is as it was" "$(in_ct 680 'cat /state; sha256sum -c /sum')" "$(printf 'one\n/data: OK')"
	ok "$l: write three" vzctl exec2 680 'echo three >/state'
	ok "$l: go forward to the second" sh -c "vzctl stop 680 --fast && vzctl snapshot-switch 680 --id $B && vzctl start 680"
	is "$l: it is as it was then" "$(in_ct 680 'cat /state; ls /data 2>/dev/null')" two
	ok "$l: drop the first" vzctl snapshot-delete 680 --id $A
	ok "$l: the second stands" sh -c "vzctl stop 680 --fast && vzctl snapshot-switch 680 --id $B"
	rc "$l: no conversion with snapshots" 155 vzctl convert 680 --layout overlay
	ok "$l: drop the second" vzctl snapshot-delete 680 --id $B
	ok "$l: then it converts" vzctl convert 680 --layout overlay
	gone 680
	btrfs -q subvolume delete /vz/private/680.${l%%:*}/root 2>/dev/null
	btrfs -q subvolume delete /vz/private/680.${l%%:*} 2>/dev/null || rm -rf /vz/private/680.${l%%:*}
done

# files that somebody moved away: told, and what does not stand on them goes on
for l in dir btrfs image; do
	new 682 --layout $l --diskspace 100M
	for id in $A $B; do
		vzctl --quiet snapshot 682 --id $id || fail "$l: snapshot $id"
	done
	home=/vz/private/682/snap file=$home/${A:1:36}
	case $l in
	dir) home=/vz/private/682.snap file=$home/${A:1:36} ;;&
	image) file=$file.img ;;
	*) btrfs property set $file ro false ;;
	esac
	mv $file $home/away
	rc "$l: files that are missing: switch" 159 vzctl snapshot-switch 682 --id $A
	like "$l: says so" "$TAP_OUT" "the files of snapshot .${A:1:36}. are missing"
	rc "$l: files that are missing: mount" 160 vzctl snapshot-mount 682 --id $A --target /mnt/snap
	like "$l: says so" "$TAP_OUT" "the files of snapshot .${A:1:36}. are missing"
	ok "$l: another one is there" vzctl snapshot-switch 682 --id $B
	mv $home/away $file
	ok "$l: put back it is there, too" vzctl snapshot-switch 682 --id $A
	rm $home/${B:1:36}.conf
	like "$l: without its configuration" "$(vzctl snapshot-switch 682 --id $B)" "has no configuration with it: that of the container stays"
	gone 682
done

# they count in the limit of the container
up 681 --layout btrfs --diskspace 40M
vzctl exec2 681 'dd if=/dev/zero of=/fill bs=1M count=20 2>/dev/null; sync'
ok "keep 20M" vzctl snapshot 681 --id $A
ok "overwrite them" vzctl exec2 681 'dd if=/dev/zero of=/fill bs=1M count=10 conv=notrunc 2>/dev/null; sync'
rc "what is kept counts: the limit bites" 1 vzctl exec2 681 'dd if=/dev/zero of=/more bs=1M count=15 2>/dev/null && sync || exit 1'
ok "drop it" vzctl snapshot-delete 681 --id $A
gone 681
rmdir /mnt/snap
