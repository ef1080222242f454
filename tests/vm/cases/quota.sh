# SPDX-License-Identifier: GPL-2.0-or-later
# Project quota on ext4: blocks and inodes stop at the limit, df inside shows it, changes are live, nothing stays behind.
. "$TOP/tests/integration/lib.sh"

[ "$(stat -f -c %T /vz)" = ext2/ext3 ] || bail "/vz is not ext4"
no_quota_left() {
	sync
	! repquota -P -n -v /vz | awk '/^#/ && $1 != "#0" && ($3 + $4 + $5 + $6 + $7 + $8 > 0)' | grep .
}

for layout in overlay dir; do
	up 911 --layout $layout --diskspace 30M --diskinodes 1000
	space=$(in_ct 911 'df -k / | tail -n 1' | awk '{ print $2 }')
	[ "${space:-0}" -le 30720 ] && [ "${space:-0}" -gt 20000 ] && pass "$layout: df shows the space" ||
		fail "$layout: df shows the space" "KiB: $space"
	count=$(in_ct 911 'df -i / | tail -n 1' | awk '{ print $2 }')
	is "$layout: df shows the inodes" "$count" 1000
	out=$(in_ct 911 'dd if=/dev/zero of=/root/fill bs=1M count=50 2>&1; stat -c %s /root/fill')
	like "$layout: blocks stop" "$out" 'Disk quota exceeded|No space left'
	[ "$(echo "$out" | tail -n 1)" -le 31457280 ] && pass "$layout: at the limit" || fail "$layout: at the limit" "$out"
	ok "$layout: more, live" vzctl set 911 --diskspace 60M --save
	like "$layout: then it fits" "$(in_ct 911 'dd if=/dev/zero of=/root/fill bs=1M count=40 2>&1; stat -c %s /root/fill')" '41943040$'
	in_ct 911 'rm /root/fill' >/dev/null
	out=$(in_ct 911 'mkdir /root/i; cd /root/i; i=0; while [ $i -lt 1200 ]; do echo >$i || break; i=$((i+1)); done 2>&1; echo $i')
	like "$layout: inodes stop" "$out" 'Disk quota exceeded|No space left'
	[ "$(echo "$out" | tail -n 1)" -lt 1000 ] && pass "$layout: below the limit" || fail "$layout: below the limit" "$out"
	like "$layout: usage of inodes" "$(field diskinodes 911)" '[0-9]{3,4}'
	vzctl stop 911 --fast >/dev/null
	tap_run vzctl start 911
	[ "$TAP_RC" = 0 ] || like "$layout: a start that fails for want of inodes says so" "$TAP_OUT" 'inode_hard_limit'
	gone 911
	soon "$layout: no limit and no usage stays" 30 no_quota_left
done
