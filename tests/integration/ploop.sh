# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of OpenVZ move in with their ploop images: every format, every ext, deltas, a journal; then one runs.
. "$TOP/tests/integration/ploop_lib.sh"

# ext4 in a GPT, version 2
fs 64M -t ext4 -O orphan_file; fill $W/mnt; close_fs
area 501; d=/vz/private/501/root.hdd
$MK gpt $W/disk.raw $W/fs.raw
$MK image $d/root.hdd $W/disk.raw v2
$MK desc $d/DiskDescriptor.xml "$(sectors $W/disk.raw)" Compressed root.hdd
like "vzploop info" "$(vzploop info $d)" 'File system: ext4 at byte 1048576.*expanded v2 .*closed root.hdd'
ok "vzploop raw" vzploop raw $d $W/out.raw
ok "vzploop raw is the disk" cmp $W/out.raw $W/disk.raw
ok "vzploop raw is sparse" test "$(stat -c %b $W/out.raw)" -lt "$(($(stat -c %s $W/out.raw) / 1024))"
ok "vzploop cat is the disk" sh -c "vzploop cat $d/DiskDescriptor.xml | cmp - $W/disk.raw"
ok "an image alone" sh -c "vzploop cat $d/root.hdd | cmp - $W/disk.raw"
rc "vzploop raw never over a file" 1 vzploop raw $d $W/out.raw
ok "qemu-img says the same" qemu-img compare -f parallels -F raw $d/root.hdd $W/disk.raw
rm -f $W/out.raw
cp --sparse=always $d/root.hdd $W/image
moved_in "ext4, v2, GPT" 501 overlay
like "what is left out is said" "$TAP_OUT" 'Left out: 2 device nodes, 2 extended attributes that steer the host, chattr.1. flags of 1 file'
like "the image is kept" "$TAP_OUT" 'The image is kept in /vz/private/501.ploop'
ok "and is there" cmp /vz/private/501.ploop/root.hdd/root.hdd $W/image
rm -f $W/image
ok "the layout is stored" grep -qx 'VE_LAYOUT="overlay"' /etc/vz/conf/501.conf
rc "once is enough" 155 vzctl convert 501 --layout overlay

# ext4 with small things inside inodes, MBR, version 1 in blocks of 256 KiB that lie in another order
fs 64M -t ext4 -O inline_data,metadata_csum,64bit,sparse_super2 -I 256; fill $W/mnt; close_fs
area 502; d=/vz/private/502/root.hdd
$MK mbr $W/disk.raw $W/fs.raw
$MK image $d/root.hdd $W/disk.raw v1 --cluster 512 --shuffle
$MK desc $d/DiskDescriptor.xml "$(sectors $W/disk.raw)" Compressed root.hdd
ok "qemu-img reads our v1" qemu-img compare -f parallels -F raw $d/root.hdd $W/disk.raw
moved_in "ext4 with inline data, v1, MBR" 502 dir

# ext3: no extents; no partition table; preallocated
fs 64M -t ext3 -I 128; fill $W/mnt; close_fs
area 503; d=/vz/private/503/root.hdd
$MK image $d/root.hdd $W/fs.raw v1 --full
$MK desc $d/DiskDescriptor.xml "$(sectors $W/fs.raw)" Compressed root.hdd
moved_in "ext3 with small inodes, preallocated v1, no table" 503 overlay

# ext2 in blocks of 1 KiB; raw
fs 48M -t ext2 -b 1024; fill $W/mnt; close_fs
area 504; d=/vz/private/504/root.hdd
$MK gpt $d/root.hdd $W/fs.raw
$MK desc $d/DiskDescriptor.xml "$(sectors $d/root.hdd)" Plain root.hdd
moved_in "ext2 in small blocks, raw" 504 dir
away 501 502 503 504

# three images on each other, the base bare, of both versions; what was there first has changed since
fs 64M -t ext4 -O bigalloc,ea_inode -C 16384; fill $W/mnt; setfattr -n user.large -v "$(printf 'w%.0s' $(seq 8000))" $W/mnt/a/hole
 sync -f $W/mnt; umount $W/mnt; cp --sparse=always $W/fs.raw $W/1.raw
mount -o loop $W/fs.raw $W/mnt; rm -r $W/mnt/big; head -c 2000000 /dev/urandom >$W/mnt/second; umount $W/mnt; cp --sparse=always $W/fs.raw $W/2.raw
mount -o loop $W/fs.raw $W/mnt; echo third >$W/mnt/a/data; mkdir $W/mnt/new; head -c 900000 /dev/urandom >$W/mnt/new/file; close_fs
area 505; d=/vz/private/505/root.hdd
grep -q 'user.large=' $W/want || fail "the large attribute is in the tree"
cp --sparse=always $W/1.raw $d/root.hdd
$MK image $d/root.hdd.1 $W/2.raw v1 --parent $W/1.raw
$MK image $d/root.hdd.2 $W/fs.raw v2 --parent $W/2.raw --cluster 128
$MK desc $d/DiskDescriptor.xml "$(sectors $W/fs.raw)" Plain root.hdd root.hdd.1 root.hdd.2
like "vzploop info of deltas" "$(vzploop info $d)" '1  expanded v2.*root.hdd.2.*2  expanded v1 .*3  raw'
moved_in "two deltas on a raw base, bigalloc" 505 overlay

# qemu-img's own image
area 506; d=/vz/private/506/root.hdd
qemu-img convert -f raw -O parallels $W/fs.raw $d/root.hdd
$MK desc $d/DiskDescriptor.xml "$(sectors $W/fs.raw)" Compressed root.hdd
moved_in "an image of qemu-img" 506 overlay
away 505 506

# copied while it was mounted: what is only in the journal counts, for every kind of checksum a journal can have
for kind in journal_v3:defaults:metadata_csum,64bit plain:data=ordered:^metadata_csum,^64bit \
	checksum:journal_checksum:^metadata_csum,64bit data:data=journal:metadata_csum,^64bit; do
	MOUNT_OPTS=$(cut -d: -f2 <<<"$kind") fs 64M -t ext4 -O "${kind##*:}"; fill $W/mnt; sync -f $W/mnt
	head -c 20000 /dev/urandom >$W/mnt/etc/log; printf '\300\073\071\230\001' | dd of=$W/mnt/etc/log conv=notrunc status=none
	printf '\300\073\071\230\001' | dd of=$W/mnt/etc/log bs=4096 seek=2 conv=notrunc status=none	# looks like the log itself
	mv $W/mnt/a/data $W/mnt/etc/moved; rm -r $W/mnt/big; for i in $(seq 300); do echo "$i" >$W/mnt/etc/$i; done; rm $W/mnt/etc/1?
	$DUMP $W/mnt >$W/want; sync -f $W/mnt; cp --sparse=always $W/fs.raw $W/dirty.raw; umount $W/mnt
	area 507; d=/vz/private/507/root.hdd
	$MK image $d/root.hdd $W/dirty.raw v2 --in-use
	$MK desc $d/DiskDescriptor.xml "$(sectors $W/dirty.raw)" Compressed root.hdd
	like "${kind%:*}: info knows" "$(vzploop info $d)" 'not unmounted cleanly.*in use'
	vzctl register /vz/private/507 507 >/dev/null 2>&1
	rc "${kind%:*}: in use is refused" 155 vzctl convert 507 --layout overlay
	like "${kind%:*}: and says what to do" "$TAP_OUT" 'marked as in use.*--force'
	rc "${kind%:*}: and nothing is left" 1 test -e /vz/private/507.tmp
	vzctl unregister 507 >/dev/null 2>&1
	moved_in "${kind%:*}: journal" 507 dir --force
	like "${kind%:*}: it is said" "$TAP_OUT" 'changes in its journal were taken over'
	away 507
done

# one that is not wanted any more needs no conversion
area 509; d=/vz/private/509/root.hdd
cp --sparse=always $W/dirty.raw $d/root.hdd
$MK desc $d/DiskDescriptor.xml "$(sectors $W/dirty.raw)" Plain root.hdd
ok "register" vzctl register /vz/private/509 509
rc "an occupied name for the image is refused" 155 sh -c 'mkdir /vz/private/509.ploop; vzctl convert 509 --layout dir'
rmdir /vz/private/509.ploop
rc "no room: refused" 155 sh -c 'vzctl set 509 --diskspace 4M --save >/dev/null; vzctl convert 509 --layout dir'
rc "and nothing is left of it" 1 test -e /vz/private/509.tmp
ok "destroy" vzctl destroy 509
away 509

# a container of vz-base runs from it
fs 64M -t ext4
cp -a "$(template_tree vz-base)/." $W/mnt/; template_trees_done
mknod $W/mnt/.balloon c 1 3; head -c 1000000 /dev/zero >$W/mnt/.balloon-c3a5ae3d-ce7f-43c4-a1ea-c61e2b4504e8
echo from-ploop >$W/mnt/etc/marker; umount $W/mnt
area 508; d=/vz/private/508/root.hdd
$MK gpt $W/disk.raw $W/fs.raw
$MK image $d/root.hdd $W/disk.raw v2
$MK desc $d/DiskDescriptor.xml "$(sectors $W/disk.raw)" Compressed root.hdd
printf 'VE_ROOT="/vz/root/$VEID"\nVE_PRIVATE="/vz/private/$VEID"\nVE_LAYOUT="ploop"\nHOSTNAME="moved.example"\nPHYSPAGES="0:65536"\n' >/etc/vz/conf/508.conf
rc "start before" 53 vzctl start 508
like "says what to do" "$TAP_OUT" 'vzctl convert 508 --layout overlay'
rc "mount before" 53 vzctl mount 508
like "says it, too" "$TAP_OUT" 'vzctl convert 508 --layout overlay'
rc "to an image of ours, which needs a size" 63 vzctl convert 508 --layout ploop
ok "with one, and without a layout" sh -c 'vzctl set 508 --diskspace 100M --save && VZ_JOB=1 vzctl convert 508'
like "a job hears how far reading is" "$TAP_OUT" 'progress [0-9]{1,2}%.*progress 100%'
is "and never less than before" "$(grep -o '^progress [0-9]*' <<<"$TAP_OUT" | sort -c -n -k 2 2>&1)" ''
ok "start on the image" vzctl start 508
is "it runs on its image" "$(in_ct 508 cat /etc/marker)" from-ploop
ok "stop" vzctl stop 508 --fast
ok "convert it once more" vzctl convert 508 --layout overlay
rm -rf /vz/private/508.image; btrfs -q subvolume delete /vz/private/508.image 2>/dev/null
ok "start" vzctl start 508
is "it runs on its files" "$(in_ct 508 cat /etc/marker)" from-ploop
is "its configuration came along" "$(in_ct 508 hostname)" moved.example
rc "the balloon stayed behind" 1 vzctl exec2 508 'test -e /.balloon-c3a5ae3d-ce7f-43c4-a1ea-c61e2b4504e8 && exit 0; exit 1'
ok "it writes" vzctl exec2 508 'echo more >>/etc/marker; rm /etc/passwd; mkdir /new; test ! -e /etc/passwd'
ok "stop" vzctl stop 508 --fast
away 508
rm -rf $W
