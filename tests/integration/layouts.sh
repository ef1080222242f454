# SPDX-License-Identifier: GPL-2.0-or-later
# Layouts that have a root of their own: a btrfs subvolume, an image of ext4 or xfs. What a user does with one, from create
# to destroy, with the limits as they are seen inside, on the host and by vzlist.
. "$TOP/tests/integration/lib.sh"

# life LAYOUT ID STORED: create, start, write on both sides, stop, mount, destroy.
life() {
	local l=$1 id=$2 stored=$3
	ok "$l: create" vzctl create $id --ostemplate vz-base --layout $l --diskspace 400M --hostname on-$stored
	ok "$l: stored as $stored" grep -qx "VE_LAYOUT=\"$stored\"" /etc/vz/conf/$id.conf
	is "$l: vzlist knows" "$(field layout $id)" $stored
	ok "$l: start" vzctl start $id
	is "$l: it runs" "$(in_ct $id hostname)" on-$stored
	ok "$l: it writes" vzctl exec2 $id 'echo inside >/etc/marker; chown 33:44 /etc/marker; mkdir /sub; ln /etc/marker /sub/hard'
	is "$l: the host sees natural ids" "$(stat -c %u:%g:%h /vz/root/$id/etc/marker)" 33:44:2
	ok "$l: the host writes" sh -c "echo outside >/vz/root/$id/etc/host"
	is "$l: and the container reads, as its own root's" "$(in_ct $id 'cat /etc/host; stat -c %u /etc/host')" "$(printf 'outside\n0')"
	is "$l: no set-user-id for the host" "$(findmnt -n -o OPTIONS /vz/root/$id | grep -c nosuid)" 1
	rc "$l: no device nodes inside" 1 vzctl exec2 $id 'mknod /dev-sda b 8 0 2>/dev/null && exit 0; exit 1'
	ok "$l: restart" vzctl restart $id
	is "$l: what was written is there" "$(in_ct $id cat /etc/marker /etc/host)" "$(printf 'inside\noutside')"
	ok "$l: stop" vzctl stop $id
	ok "$l: mount" vzctl mount $id
	is "$l: mounted it has natural ids" "$(stat -c %u:%g /vz/root/$id/etc/marker)" 33:44
	ok "$l: umount" vzctl umount $id
	ok "$l: reinstall" vzctl reinstall $id --skipbackup
	ok "$l: start again" vzctl start $id
	rc "$l: its files are new" 1 vzctl exec2 $id 'test -e /etc/marker && exit 0; exit 1'
	ok "$l: unregister" sh -c "vzctl stop $id --fast && vzctl unregister $id"
	ok "$l: register" vzctl register /vz/private/$id $id
	is "$l: the layout is found again" "$(field layout $id)" $stored
	ok "$l: it starts" vzctl start $id
	ok "$l: its init killed" sh -c "kill -9 $(init_of $id); while vzctl status $id | grep -q running; do sleep 0.1; done"
	ok "$l: destroy" vzctl destroy $id
}

life btrfs 601 btrfs
life image 602 image
life image:xfs 603 image
life ploop:plain 604 image

# what is refused, with the reason and the cure
rc "image without a size" 63 vzctl create 610 --ostemplate vz-base --layout ploop
like "says so" "$TAP_OUT" 'diskspace not set \(required for ploop\)'
rc "xfs that is too small" 48 vzctl create 610 --ostemplate vz-base --layout image:xfs --diskspace 100M
like "says how large" "$TAP_OUT" 'too small for xfs: 307200 KiB at least'
rc "inodes of xfs" 48 vzctl create 610 --ostemplate vz-base --layout image:xfs --diskspace 400M --diskinodes 5000
rc "more inodes than room" 48 vzctl create 610 --ostemplate vz-base --layout image --diskspace 20M --diskinodes 100000
rc "an unknown layout" 21 vzctl create 610 --ostemplate vz-base --layout image:btrfs --diskspace 400M
ok "nothing of it is there" sh -c '! ls -d /vz/private/610* /etc/vz/conf/610.conf /var/lib/vz/intent/610'

# sizes: what df says inside is what vzlist and vzquota say, while it runs and after; grown while it runs, shrunk while not
truth() {
	local id=$1 text=$2 used size listed said
	for _ in 1 2 3 4 5 6 7 8 9 10; do		# what the guest writes in between counts, too
		vzctl exec2 $id sync
		read -r size used <<<"$(in_ct $id "df -k / | awk 'END { print \$2, \$3 }'")"
		listed=$(field diskspace $id) said=$(vzquota stat $id)
		[ "$listed" != "$used" ] || [[ ! $said =~ 1k-blocks\ +$used\  ]] || break
	done
	is "$text: used by vzlist" "$listed" "$used"
	like "$text: and by vzquota, with the size" "$said" "1k-blocks +$used +$size +$size"
}
full() {	# ID: how many KiB can be written
	in_ct $1 'dd if=/dev/zero of=/fill bs=64k 2>/dev/null; wc -c </fill; rm /fill' | awk '{ print int($1 / 1024) }'
}
up 620 --layout image --diskspace 64M
truth 620 "ext4 that runs"
between "64M are 64M less what ext4 needs" "$(full 620)" 45000 62000
ok "stop" vzctl stop 620
down=$(vzquota show 620 | awk '$1 == "1k-blocks" { print $2, $3 }')
ok "start again" vzctl start 620
as_down() { [ "$(in_ct 620 "df -k / | awk 'END { print \$3, \$2 }'" | tee /dev/stderr)" = "$down" ]; }
soon "the figures were the same while it was down ($down)" 10 as_down
ok "stopped" vzctl stop 620
ok "grow while it is down" vzctl set 620 --diskspace 200M --save
ok "start" vzctl start 620
between "200M" "$(full 620)" 170000 200000
truth 620 "ext4 grown"
rc "shrink while it runs: refused" 62 vzctl set 620 --diskspace 100M --save
like "says what to do" "$TAP_OUT" 'stop the container first'
ok "the file still says 200M" grep -q 'DISKSPACE="204800\|DISKSPACE="200M' /etc/vz/conf/620.conf
vzctl exec2 620 'echo kept >/etc/kept; dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null; sha256sum /big >/big.sum'
ok "stop to shrink" vzctl stop 620
ok "shrink while it is down" vzctl set 620 --diskspace 100M --save
is "the file is smaller" "$(stat -c %s /vz/private/620/root.img)" $((100 << 20))
rc "too small for what is in it: refused" 62 vzctl set 620 --diskspace 30M --save
is "nothing is left of the attempt" "$(ls /vz/private/620 | tr '\n' ' ')" "root.img ve.conf "
ok "start the small one" vzctl start 620
ok "all is there" vzctl exec2 620 'sha256sum -c /big.sum && test "$(cat /etc/kept)" = kept'
truth 620 "ext4 shrunk"

# blocks that were freed go back to the host
before=$(stat -c %b /vz/private/620/root.img)
vzctl exec2 620 'rm /big; sync'
ok "compact a running one" vzctl compact 620
between "the image is thin" "$(($(stat -c %b /vz/private/620/root.img) / 2))" 0 $((before / 2 - 50000))
rc "compact of another layout" 0 sh -c 'vzctl create 621 --ostemplate vz-base >/dev/null && vzctl compact 621'
gone 620 621

up 622 --layout image:xfs --diskspace 320M
ok "xfs grows while it runs" vzctl set 622 --diskspace 500M --save
between "at once" "$(in_ct 622 "df -k / | awk 'END { print \$2 }'")" 430000 512000
truth 622 "xfs"
rc "xfs: a size that nobody means" 62 vzctl set 622 --diskspace 100T --save
like "is not tried" "$TAP_OUT" 'grows to [0-9]+ KiB at most: .vzctl convert'
like "no limit: an image keeps its size, and says so" "$(vzctl set 622 --diskspace unlimited --save 2>&1)" 'Warning: DISKSPACE without a limit is kept, but an image has a size'
truth 622 "xfs, as it was"
rc "xfs shrinks never" 62 sh -c 'vzctl stop 622 >/dev/null; vzctl set 622 --diskspace 350M --save'
like "says what to do" "$TAP_OUT" 'vzctl convert'
gone 622

up 623 --layout btrfs --diskspace 30M
between "btrfs: the limit bites" "$(full 623)" 10000 31000
ok "btrfs: raised while it runs" vzctl set 623 --diskspace 90M --save
between "btrfs: at once" "$(full 623)" 50000 92000
is "btrfs: vzlist has the limit" "$(field diskspace.h 623)" 92160
gone 623
no_loops() { ! leak_loops | grep /vz/private; }
soon "no loop device is left" 10 no_loops
