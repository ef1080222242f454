# SPDX-License-Identifier: GPL-2.0-or-later
# Every layout into every other: each file is as it was, by a second opinion (tests/lib/treedump.py), and the container runs.
. "$TOP/tests/integration/ploop_lib.sh"

root_dump() {	# ID FILE: the tree as the host mounts it
	vzctl --quiet mount "$1" >/dev/null && $DUMP "/vz/root/$1" >"$2"
	vzctl --quiet umount "$1" >/dev/null
}

new 650 --diskspace 500M --hostname travels
ok "its first start" vzctl start 650
ok "files that overlay keeps in two places" vzctl exec2 650 'echo changed >>/etc/passwd; rm /bin/vi; mkdir /bin.d; mv /etc/group /grp; mknod /w c 0 0 || :'
vzctl exec2 650 'i=0; d=/deep; while [ $i -lt 60 ]; do d=$d/a_directory_with_a_name_that_is_long_$i; i=$((i + 1)); done; mkdir -p $d; echo deep >$d/file'
ok "stop" vzctl stop 650
vzctl --quiet mount 650
fill /vz/root/650/srv
vzctl --quiet umount 650
root_dump 650 $W/want
like "the tree has what can go wrong" "$(cat $W/want)" 'user.mine.*'
from=overlay
for to in dir image btrfs image:xfs overlay btrfs dir image overlay; do
	ok "$from to $to" vzctl convert 650 --layout $to
	like "$from to $to: says what" "$TAP_OUT" "Copying and comparing.*successfully converted: [0-9]+ files.*old files are kept"
	root_dump 650 $W/got
	cmp -s $W/want $W/got && pass "$from to $to: every file is as it was ($(wc -l <$W/got))" ||
		fail "$from to $to: every file is as it was" "$(diff $W/want $W/got | cut -c1-300 | head -n 6)"
	ok "$from to $to: stored" grep -qx "VE_LAYOUT=\"${to%%:*}\"" /etc/vz/conf/650.conf
	is "$from to $to: the old files are there" "$(ls -d /vz/private/650.*)" /vz/private/650.${from%%:*}
	btrfs subvolume delete /vz/private/650.${from%%:*}/root >/dev/null 2>&1
	btrfs subvolume delete /vz/private/650.${from%%:*} >/dev/null 2>&1 || rm -rf /vz/private/650.${from%%:*}
	from=$to
done
ok "it starts" vzctl start 650
is "it runs" "$(in_ct 650 'hostname; tail -n 1 /etc/passwd; ls -d /bin/vi /grp 2>/dev/null')" "$(printf 'travels\nchanged\n/grp')"
rc "one that runs: refused" 32 vzctl convert 650 --layout dir
ok "stopped" vzctl stop 650
rc "the layout it has: refused" 155 vzctl convert 650 --layout overlay
like "says so" "$TAP_OUT" 'has the layout overlay already'
rc "no size: refused" 63 sh -c 'vzctl set 650 --diskspace unlimited --save >/dev/null; vzctl convert 650 --layout image'
rc "too small: refused" 155 sh -c 'vzctl set 650 --diskspace 20M --save >/dev/null; vzctl convert 650 --layout image'
like "says what to do" "$TAP_OUT" 'vzctl set 650 --diskspace'
is "and nothing is left of it" "$(ls -d /vz/private/650*)" /vz/private/650
ok "it starts all the same" vzctl start 650
gone 650
rm -rf $W
