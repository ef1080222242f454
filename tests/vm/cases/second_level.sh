# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 300
# Limits of users and groups inside an image, as the tools of old set and show them, and soft limits whose grace runs out:
# needs a kernel with quotas of users (QFMT_V2, XFS_QUOTA).
. "$TOP/tests/integration/lib.sh"

used() {	# KIND ID: usage of blocks as stat -t has it
	vzquota -b stat 911 -t | awk -v k="$1" -v i="$2" '$1 == i && $2 == k && $3 == "1k-blocks" { print $4 }'
}

# The limits in a dump, and the grace times: what is loaded and cloned, without those who only own something.
limits() {
	awk '$1 == "grace_time:" || ($1 == "ugid:" && $4 + $5 + $6 + $7 > 0)'
}

for fs in ext4 xfs; do
	up 911 --layout image:$fs --diskspace 320M --quotaugidlimit 3
	like "$fs: stat -t" "$(vzquota stat 911 -t; echo "rc $?")" 'User/group quota: on,active.*Ugids: loaded.*limit 3.*rc 0$'
	in_ct 911 'echo u:x:1000:1000::/:/bin/sh >>/etc/passwd; mkdir -m 777 /d; dd if=/dev/zero of=/d/own bs=1024 count=100 2>/dev/null; chown 1000:1000 /d/own; sync'
	is "$fs: what a user has is counted to the block" "$(used user 1000) $(used group 1000)" "100 100"
	ok "$fs: setlimit2" vzquota setlimit2 911 -u 1000 0 1M 0 10
	like "$fs: is shown" "$(vzquota stat 911 -t)" '1000 +user +1k-blocks +100 +0 +1024 .*1000 +user +inodes +1 +0 +10 '
	rc "$fs: and holds" 1 vzctl exec2 911 'dd if=/dev/zero of=/d/f bs=64k count=8 2>/dev/null; dd if=/dev/zero of=/d/g bs=64k count=8 2>/dev/null; chown 1000 /d/f /d/g 2>/dev/null || exit 1; exit 0'
	rc "$fs: for inodes, too" 1 vzctl exec2 911 'for i in 1 2 3 4 5 6 7 8 9 10 11; do echo >/d/i$i; chown 1000 /d/i$i 2>/dev/null || exit 1; done; exit 0'
	in_ct 911 'rm -f /d/f /d/g /d/i*; sync' >/dev/null
	ok "$fs: a group's" vzquota setlimit2 911 -g 50 100 200 0 0
	ok "$fs: grace times" vzquota setlimit2 911 -t -u 2D 1:00
	rc "$fs: a soft limit above the hard one" 2 vzquota setlimit2 911 -u 1001 5 4 0 0
	rc "$fs: no numbers" 2 vzquota setlimit2 911 -u 1001
	ok "$fs: a third" vzquota setlimit2 911 -u 1001 0 500 0 0
	rc "$fs: no fourth (QUOTAUGIDLIMIT)" 12 vzquota setlimit2 911 -u 1002 0 500 0 0
	like "$fs: says what to do" "$TAP_OUT" '3 users and groups.*would be 4.*--quotaugidlimit 4'
	ok "$fs: but other limits of the first" vzquota setlimit2 911 -u 1000 0 2M 0 10
	is "$fs: for programs" "$(vzdqdump 911 --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["active"], d["max"], [[i[k] for k in ("hard_bytes", "hard_inodes", "soft_bytes")] for i in d["items"] if i["kind"] == "user" and i["id"] == 1000])')" \
		"True 3 [[2097152, 10, None]]"
	ok "$fs: dump" sh -c 'vzdqdump 911 -U -G -T -F >/tmp/dump && vzdqdump 911 -U -G >/tmp/limits'
	like "$fs: as the old tool wrote it" "$(tr '\t' ' ' </tmp/limits)" \
		'ugid_quota_status: 1.*grace_time: 0 172800 60.*grace_time: 1 [0-9]+ .*ugid_number: [0-9]+.*ugid: 1000 0 0 2048 0 10.*ugid: 50 1 100 200 0 0'
	ok "$fs: restart" vzctl restart 911
	is "$fs: they are still there" "$(vzdqdump 911 -U -G | diff - /tmp/limits)" ""
	ok "$fs: stop" vzctl stop 911 --fast
	is "$fs: and while it is stopped" "$(vzdqdump 911 -U -G | diff - /tmp/limits)" ""
	like "$fs: show -t" "$(vzquota show 911 -t)" '1001 +user +1k-blocks +0 +0 +500'
	[ $fs = ext4 ] || { gone 911; continue; }
	up 912 --layout image:$fs --diskspace 320M --quotaugidlimit 3
	ok "$fs: load into another" sh -c 'vzdqload 912 -U -G -T -F </tmp/dump'
	is "$fs: has the same limits" "$(vzdqdump 912 -U -G | limits)" "$(limits </tmp/limits)"
	rc "$fs: a dump that was cut" 2 sh -c 'head -n 5 /tmp/dump | vzdqload 912 -U'
	gone 912
	ok "$fs: a clone" vzctl clone 911 912
	is "$fs: has them, too" "$(vzdqdump 912 -U -G | limits)" "$(limits </tmp/limits)"
	gone 912
	ok "$fs: an archive" vzdump 911 --dumpdir /vz/dump
	ok "$fs: restored" vzrestore /vz/dump/vzdump-openvz-911-*.zst 912
	is "$fs: has them, too" "$(vzdqdump 912 -U -G | limits)" "$(limits </tmp/limits)"
	gone 912
	rm -f /vz/dump/vzdump-openvz-911-* /etc/vz/backup.key
	for layout in image:xfs overlay image; do
		ok "$fs: converted to $layout" vzctl convert 911 --layout $layout
		rm -rf /vz/private/911.*
		[ $layout = overlay ] || is "$fs: which has them" "$(vzdqdump 911 -U -G | limits)" "$(limits </tmp/limits)"
	done
	is "$fs: and nothing is kept any more" "$(ls /etc/vz/conf/911.ugid 2>&1 | grep -c 'No such')" 1
	gone 911
done

# Grace: above the soft limit until the time is over, then not a block more.
up 911 --layout image --diskspace 64M --quotaugidlimit 10
in_ct 911 'mkdir -m 777 /d'
vzquota setlimit2 911 -u 1000 100 10000 0 0
vzquota setlimit2 911 -t -u 2s 2s
ok "above the soft limit" vzctl exec2 911 'dd if=/dev/zero of=/d/f bs=1024 count=200 2>/dev/null; chown 1000 /d/f'
like "the clock runs" "$(vzquota stat 911 -t)" '1000 +user +1k-blocks +200 +100 +10000 +[0-9n]'
sleep 3
rc "over: the soft limit holds" 1 vzctl exec2 911 'dd if=/dev/zero of=/d/g bs=1024 count=4 2>/dev/null; chown 1000 /d/g 2>/dev/null || exit 1; exit 0'
like "says so" "$(vzquota stat 911 -t)" '1000 +user +1k-blocks +200 +100 +10000 +none'
ok "below it again" vzctl exec2 911 'rm /d/f && chown 1000 /d/g'
ok "stop" vzctl stop 911 --fast
ok "another layout" vzctl convert 911 --layout overlay
like "says where these limits are" "$TAP_OUT" 'Limits of 1 users and groups inside .* /etc/vz/conf/911.ugid'
rm -rf /vz/private/911.image
gone 911

# The first level's soft limit, with project quota: its grace is the file system's.
up 911 --diskspace 10M:40M
setquota -P -t 2 2 /vz
ok "first level: above the soft limit" vzctl exec2 911 'dd if=/dev/zero of=/f bs=1M count=15 2>/dev/null && sync'
like "first level: shown with its clock" "$(vzquota stat 911)" '1k-blocks +[0-9]+\* +10240 +40960 +[0-9n]'
sleep 3
rc "first level: over" 1 vzctl exec2 911 'dd if=/dev/zero of=/g bs=1M count=1 2>/dev/null && sync || exit 1'
like "first level: says so" "$(vzquota stat 911)" '1k-blocks +[0-9]+\* +10240 +40960 +none'
like "first level: another time is the host's to say" "$(vzctl set 911 --quotatime 600 --save 2>&1)" 'setquota -P -t'
setquota -P -t 604800 604800 /vz
gone 911
