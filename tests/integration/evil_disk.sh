# SPDX-License-Identifier: GPL-2.0-or-later
# S13 S74 S101 S102 S103 S104 S105: the disk. Ways round its limit, through the layers, into the shared template, and what
# a plain user of the host reaches of it.
. "$TOP/tests/integration/evil_lib.sh"

inodes=
[ "$(stat -f -c %T /vz)" = btrfs ] || inodes="--diskinodes 2000"	# btrfs has no inodes to count
new 701 --layout dir --diskspace 64M $inodes
new 702 --diskspace 64M $inodes

# What a hostile upper layer says to the host: opaque and redirect marks of every spelling, in both name spaces.
sum_store() { (cd /vz/template/store && find . -type f ! -name 'lock*' -print0 | sort -z | xargs -0 sha256sum; find . -mindepth 1 ! -name 'lock*' ! -path './marked*' -printf '%p %m %U %G %T@ %C@\n') | sha256sum; }
up=/vz/private/702/upper
mkdir -p "$up/redirected" "$up/opaque"
for space in user trusted; do
	setfattr -n $space.overlay.redirect -v /etc "$up/redirected" 2>/dev/null
	setfattr -n $space.overlay.opaque -v y "$up/opaque" 2>/dev/null
	echo >"$up/meta"
	setfattr -n $space.overlay.metacopy "$up/meta" 2>/dev/null
	setfattr -n $space.overlay.redirect -v /etc/shadow "$up/meta" 2>/dev/null
done
mknod "$up/node" b 8 0
chmod 666 "$up/node"
store=$(sum_store)

for id in 701 702; do ok "start $id" vzctl start $id; done
arm 701 702
is "S104 a redirect in the upper layer leads nowhere" "$(in_ct 702 'ls -A /redirected 2>/dev/null; cat /meta 2>/dev/null' | tr -d '\n')" ""
rc "S73 a node in the upper layer does not open" 1 vzctl exec2 702 'head -c 1 /node >/dev/null 2>&1 && exit 0; exit 1'
refused "S104 marks cannot be made inside" "$(evil 702 remount | grep xattr)"

for id in 701 702; do
	layout=$([ $id = 701 ] && echo dir || echo overlay)
	in_ct $id 'mkdir -p /d' >/dev/null
	refused "S101 $layout: subvolumes, project ids, flags" "$(evil $id ioctls /d)"
	is "S101 $layout: no subvolume came of it" "$(find /vz/private/$id -name 'evil*' -type d -inum 256 | wc -l)" 0
	in_ct $id 'dd if=/dev/zero of=/d/big bs=1M count=200' >/dev/null
	size=$(in_ct $id 'stat -c %s /d/big')
	[ "${size:-0}" -gt 0 ] && [ "$size" -le $((66 * 1048576)) ] && pass "S101 $layout: blocks end at the limit" || fail "S101 $layout: blocks end at the limit" "$size"
	in_ct $id 'rm /d/big; sync; truncate -s 1T /d/sparse; fallocate -l 200M /d/fall 2>/dev/null || dd if=/dev/zero of=/d/sparse bs=1M count=200 conv=notrunc; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=/d/u$i bs=1M count=30; done 2>/dev/null' >/dev/null
	used=$(du -sm /vz/private/$id 2>/dev/null | cut -f1)
	[ "$used" -le 68 ] && pass "S101 $layout: nor sparse, allocated, many files ($used MiB)" || fail "S101 $layout: nor sparse, allocated, many files" "$used"
	timeout 60 vzctl set $id --hostname full --nameserver 192.0.2.1 --userpasswd root:x >/dev/null 2>&1 </dev/null
	used=$(du -sm /vz/private/$id 2>/dev/null | cut -f1)
	[ "$used" -le 68 ] && pass "S102 $layout: helpers of the host do not overshoot" || fail "S102 $layout: helpers of the host do not overshoot" "$used"
	in_ct $id 'rm -f /d/*; sync' >/dev/null
	if [ -z "$inodes" ]; then
		skip "S103 $layout: inodes end at the limit" "the file system counts none"
		continue
	fi
	in_ct $id 'rm -f /d/*; sync; sleep 1; i=0; while [ $i -lt 4000 ]; do i=$((i + 1)); : >/d/i$i || break; done; ls /d | wc -l' >/dev/null 2>&1
	n=$(find /vz/private/$id | wc -l)
	[ "$n" -le 2100 ] && pass "S103 $layout: inodes end at the limit ($n)" || fail "S103 $layout: inodes end at the limit" "$n"
	in_ct $id 'rm -rf /d; sync' >/dev/null
done

# A file that would make its caller root, made by root of the container; a plain user of the host looks for it.
for id in 701 702; do in_ct $id 'cp /bin/busybox /suid; chmod 4755 /suid; chmod 777 /; echo mine >/world; chmod 666 /world' >/dev/null; done
user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
seen=
for path in /vz/private/701/suid /vz/private/702/upper/suid /vz/private/702/upper /vz/private/702/work \
	/vz/template/store/sha256 /vz/template/tmp /run/vz/701/state /var/lib/vz/intent; do
	user ls "$path" >/dev/null 2>&1 && seen="$seen $path"
done
is "S13 areas, templates and state are out of a user's reach" "$seen" ""
for id in 701 702; do
	like "S13 what the host shows of $id has neither set-id nor devices" "$(findmnt -no VFS-OPTIONS "/vz/root/$id")" 'nosuid,nodev'
	is "S13 running it gives nothing" "$(user "/vz/root/$id/suid" id -u 2>&1 | grep -x 0)" ""
	is "S13 a user of the host does not come to it" "$(user ls "/vz/root/$id" 2>/dev/null)" ""
	user sh -c "echo changed >/vz/root/$id/world" 2>/dev/null
	user sh -c "echo made >/vz/root/$id/made" 2>/dev/null
	is "S13 nor does a user of the host write there" "$(in_ct $id 'cat /world; ls /made 2>/dev/null')" mine
done

for id in 701 702; do evil $id deep /tmp 30000 >/tmp/deep; done
is "S103 30000 directories in each other were made" "$(cat /tmp/deep)" 30000

# The template under everybody.
in_ct 702 'chmod 777 /bin/busybox; chown 5 /etc/passwd; touch -d @0 /etc/group; echo x >>/etc/profile; rm -f /bin/sh; mv /etc/init.d /gone 2>/dev/null; rm -rf /lib' >/dev/null 2>&1
is "S105 the shared template is what it was" "$(sum_store)" "$store"
for id in 701 702; do
	vzctl --quiet stop $id --fast
	ok "S103 and $id is destroyed" timeout 200 vzctl destroy $id
done
rm -f /tmp/deep
is "S106 nothing of them is left" "$(ls /vz/private 2>/dev/null | grep -E '^70[12]')" ""
# A place where others may go is refused for a layout whose files have the ids of the host.
chmod 755 /vz/private
like "S13 layout dir is refused where others may enter" "$(vzctl create 703 --ostemplate vz-base --layout dir 2>&1 </dev/null)" 'chmod 700 /vz/private'
gone 703
chmod 700 /vz/private
