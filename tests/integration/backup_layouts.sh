# SPDX-License-Identifier: GPL-2.0-or-later
# Backups of every layout, stopped, running and with snapshots and clones beside them, restored into every other one, file by
# file; and incremental ones over what changes a root at once: going back to a snapshot, and a conversion.
# seconds: 240
. "$TOP/tests/integration/backup_lib.sh"

A={11111111-1111-1111-1111-111111111111} B={22222222-2222-2222-2222-222222222222}
fill_in() {	# ID: the tree that is hard to keep
	vzctl --quiet mount "$1" && hard_tree "/vz/root/$1/srv"
	vzctl --quiet umount "$1"
}
snaps() { vzctl snapshot-list "$1" -H -o uuid 2>/dev/null | tr -d ' ' | sort | tr '\n' ' '; }

new 921 --hostname orig --diskspace 600M
fill_in 921
tree_of 921 >$W/want
dump "a backup of overlay" 921
gone 921
for l in dir btrfs image image:xfs overlay; do
	ok "restored into $l" vzrestore $F 921 --layout $l
	is "$l: is its layout" "$(sed -n 's/^VE_LAYOUT="\(.*\)"/\1/p' /etc/vz/conf/921.conf)" ${l%%:*}
	same "$l: file by file the same" 921 $W/want
	[ $l = overlay ] && break
	dump "$l: a backup of it, stopped" 921
	S=$F
	ok "$l: start" vzctl start 921
	in_ct 921 'echo in the memory of the guest >/srv/fresh'
	ok "$l: a snapshot before" vzctl snapshot 921 --id $A --skip-suspend
	dump "$l: a backup of it, running" 921
	is "$l: it runs on" "$(field status 921)" running
	is "$l: its snapshot stays, and no other" "$(snaps 921)" "$A "
	R=$F
	ok "$l: a clone of it" sh -c "vzctl stop 921 --fast && vzctl clone 921 922"
	dump "$l: a backup of the clone" 922
	C=$F
	gone 921 922
	ok "$l: the running one goes back into overlay" vzrestore $R 922 --layout overlay
	is "$l: with what was written last" "$(cat /vz/private/922/upper/srv/fresh)" "in the memory of the guest"
	ok "$l: and starts" vzctl start 922
	gone 922
	ok "$l: the clone's, too" vzrestore $C 922 --layout dir
	is "$l: is the same" "$(cat /vz/private/922/srv/fresh)" "in the memory of the guest"
	gone 922
	F=$S
done
gone 921

# what is changed at once: the same names, sizes and times may come back with other contents
next=btrfs
for l in overlay dir image btrfs; do
	vzrestore --quiet $F 921 --layout $l
	rm -f $D/*-921-*.inc.*
	dump "$l: a whole one" 921
	Z=$F
	ok "$l: a snapshot" vzctl snapshot 921 --id $A
	vzctl --quiet mount 921
	s=/vz/root/921/srv
	touch -r $s/b13 $W/stamp; printf '99\n' >$s/b13; touch -r $W/stamp $s/b13
	rm $s/b10; echo new >$s/only; echo more >>$s/big/text
	vzctl --quiet umount 921
	tree_of 921 >$W/want1
	dump "$l: incremental, of what changed" 921 --incremental
	I1=$F
	ok "$l: back to the snapshot" vzctl snapshot-switch 921 --id $A
	dump "$l: incremental, of what it was" 921 --incremental
	I2=$F
	ok "$l: $l to $next" sh -c "vzctl snapshot-delete 921 --id $A && vzctl convert 921 --layout $next"
	dump "$l: incremental, in another layout" 921 --incremental
	I3=$F
	ok "$l: only what differs is in them" test $(($(stat -c %s $I2) * 4)) -lt $(stat -c %s $Z) -a $(($(stat -c %s $I3) * 4)) -lt $(stat -c %s $Z)
	for i in "$I1 $W/want1" "$I2 $W/want" "$I3 $W/want"; do
		vzrestore --quiet ${i% *} 922 --layout overlay
		same "$l: as it was at $(basename ${i% *})" 922 ${i#* }
		gone 922
	done
	gone 921
	btrfs -q subvolume delete /vz/private/921.$l/root /vz/private/921.$l 2>/dev/null
	rm -rf /vz/private/921.*
	next=$l
	F=$Z
done
bk_done
