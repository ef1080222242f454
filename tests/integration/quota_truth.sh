# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 150
# What the limits say is so: known amounts are written, and vzquota and vzlist know them to the block, in every layout;
# snapshots count; clones pay for what is theirs; a file system that cannot limit is refused; a wrong place is no other one.
. "$TOP/tests/integration/lib.sh"

A={11111111-1111-1111-1111-111111111111}
settled() {	# the host's file system has counted
	vzctl exec2 "$1" sync >/dev/null 2>&1 </dev/null
	btrfs -q filesystem sync /vz 2>/dev/null || sync -f /vz
}
used() {	# ID: KiB by vzquota, if vzlist says the same
	local a b
	settled "$1"
	a=$(vzquota -b show "$1" | awk 'NR == 1 { print $1 }')
	b=$(field diskspace "$1")
	[ "$a" = "$b" ] && echo "$a" || echo "vzquota $a, vzlist $b"
}
# about TEXT GOT WANTED SLACK: KiB
about() {
	[ "${2:-x}" -ge $(($3 - $4)) ] 2>/dev/null && [ "$2" -le $(($3 + $4)) ] && pass "$1" || fail "$1" "got $2, wanted $3 +- $4"
}
put() {		# ID FILE MIB: as much as that, in blocks of its own
	vzctl exec2 "$1" "dd if=/dev/urandom of=$2 bs=1M count=$3 conv=notrunc 2>/dev/null; sync" </dev/null
}

# layout; KiB of metadata that so many blocks may need; a snapshot of a running one costs the image (only if blocks cannot be shared)
while read -r l slack; do
	up 691 --layout $l --diskspace 360M
	base=$(used 691)
	put 691 /one 7
	about "$l: 7 MiB are counted" "$(used 691)" $((base + 7168)) $slack
	put 691 /two 13
	about "$l: and 13 more" "$(used 691)" $((base + 20480)) $slack
	vzctl exec2 691 'rm /one; sync' </dev/null
	about "$l: and what was freed" "$(used 691)" $((base + 13312)) $slack
	vzctl exec2 691 'dd if=/dev/zero of=/hole bs=1 count=1 seek=50M 2>/dev/null; ln /two /three' </dev/null
	about "$l: holes and second names are nothing" "$(used 691)" $((base + 13312)) $slack
	ok "$l: snapshot" vzctl snapshot 691 --id $A
	put 691 /two 13
	about "$l: overwritten, what the snapshot keeps counts" "$(used 691)" $((base + 26624)) $((slack + 5000))
	ok "$l: the snapshot dropped" vzctl snapshot-delete 691 --id $A
	soon "$l: it counts no more" 60 sh -c "vzctl exec2 691 sync </dev/null; btrfs -q filesystem sync /vz; [ \$(vzlist -H -o diskspace 691) -le $((base + 13312 + slack + 5000)) ]"
	gone 691
done <<'END'
overlay 64
dir 64
btrfs 64
image:ext4 64
image:xfs 512
END

# the limit, with a snapshot in it: as much as is left can be written, not more
for l in dir btrfs; do
	up 692 --layout $l --diskspace 60M
	put 692 /f 20
	vzctl snapshot 692 --id $A >/dev/null
	put 692 /f 20
	rc "$l: what a snapshot keeps is not there twice" 1 vzctl exec2 692 'dd if=/dev/zero of=/g bs=1M count=30 2>/dev/null && sync || exit 1'
	vzctl exec2 692 'rm -f /g; sync' >/dev/null 2>&1
	ok "$l: back to it" sh -c "vzctl stop 692 --fast && vzctl snapshot-switch 692 --id $A && vzctl start 692"
	rc "$l: nor after a switch" 1 vzctl exec2 692 'dd if=/dev/zero of=/g bs=1M count=50 2>/dev/null && sync || exit 1'
	gone 692
done
ok "nothing of them is left" sh -c '! ls -d /vz/private/69[12]*'

# an image on a host that cannot share blocks: a snapshot costs what the image has, and must fit
mkdir -p /mnt/plain
truncate -s 600M /tmp/plain.img && mkfs.ext4 -q /tmp/plain.img && mount -o loop /tmp/plain.img /mnt/plain && chmod 700 /mnt/plain
up 693 --layout image --diskspace 100M --private '/mnt/plain/$VEID'
put 693 /f 20
before=$(field diskspace 693)
ok "image on ext4: a snapshot that fits" vzctl snapshot 693 --id $A
copy=$(($(stat -c %b /mnt/plain/693/snap/*.img) / 2))
about "image on ext4: counts with all its blocks" "$(used 693)" $((before + copy)) 64
put 693 /g 40
rc "image on ext4: one that does not: refused" 156 vzctl snapshot 693
like "says what to do" "$TAP_OUT" 'no room for another copy of the image in DISKSPACE: .*snapshot-delete'
is "and nothing is left of it" "$(ls /mnt/plain/693/snap | grep -c img)" 1
gone 693

# where nothing can be limited: refused with what to do, or no limit at all
plain() {	# TEXT DIR
	rc "$1: a limit is refused" 62 vzctl create 694 --ostemplate vz-base --diskspace 50M --private "$2/\$VEID"
	like "$1: says what to do" "$TAP_OUT" 'cannot enforce disk limits|quotas are off'
	like "$1: by name" "$TAP_OUT" 'vzhost pool'
	ok "$1: nothing is left of it" sh -c "! ls -d $2/694* /etc/vz/conf/694.conf"
	ok "$1: without one it is made" vzctl create 694 --ostemplate vz-base --diskspace unlimited --diskinodes unlimited --private "$2/\$VEID"
	rc "$1: none can be set later" 62 vzctl set 694 --diskspace 50M --save
	rc "$1: quota does not run" 1 sh -c 'vzquota stat 694; exit $(($? == 0 ? 0 : 1))'
	gone 694
}
plain "ext4 without prjquota" /mnt/plain
mkdir -p /mnt/tmpfs /mnt/xfs /mnt/btrfs
mount -t tmpfs -o mode=700 none /mnt/tmpfs && plain tmpfs /mnt/tmpfs
# moved there by hand, with its limit: no way to run it is silent
vzctl create 694 --ostemplate vz-base --diskspace 50M >/dev/null && mv /vz/private/694 /mnt/tmpfs/694 || bail "a container on tmpfs"
sed -i 's,^VE_PRIVATE=.*,VE_PRIVATE="/mnt/tmpfs/$VEID",' /etc/vz/conf/694.conf
rc "moved to a tmpfs: start" 60 vzctl start 694
like "is refused with the cure" "$TAP_OUT" "Disk limits of /mnt/tmpfs/694 cannot be enforced \\('vzctl set 694 --diskspace unlimited .*the file system that it lies on"
rc "so is a script in it" 60 sh -c 'echo true >/tmp/script; vzctl runscript 694 /tmp/script; exit $?'
ok "mounted it is, for its files" vzctl mount 694
like "with a warning" "$TAP_OUT" "Warning: Disk limits of /mnt/tmpfs/694 cannot be enforced"
vzctl umount 694 >/dev/null
rc "quotaon" 60 vzctl quotaon 694
ok "without limits" vzctl set 694 --diskspace unlimited --diskinodes unlimited --save
ok "it starts" vzctl start 694
gone 694
new 694 --diskspace 50M
rc "a full clone to it" 62 vzctl clone 694 696 --full --private '/mnt/tmpfs/$VEID'
rc "a linked one" 62 vzctl clone 694 696 --private '/mnt/tmpfs/$VEID'
ok "leave nothing" sh -c '! ls -d /mnt/tmpfs/696* /etc/vz/conf/696.conf'
gone 694
truncate -s 400M /tmp/xfs.img && mkfs.xfs -q /tmp/xfs.img && mount -o loop /tmp/xfs.img /mnt/xfs && chmod 700 /mnt/xfs && plain "xfs without prjquota" /mnt/xfs
truncate -s 400M /tmp/btrfs.img && mkfs.btrfs -q /tmp/btrfs.img && mount -o loop /tmp/btrfs.img /mnt/btrfs && chmod 700 /mnt/btrfs && plain "btrfs with quotas off" /mnt/btrfs
umount /mnt/plain /mnt/tmpfs /mnt/xfs /mnt/btrfs
rm -rf /tmp/plain.img /tmp/xfs.img /tmp/btrfs.img
rmdir /mnt/plain /mnt/tmpfs /mnt/xfs /mnt/btrfs

# a path that cannot be used is not another one
new 695
cp /etc/vz/conf/695.conf /tmp/695.conf
sed -i 's,^VE_PRIVATE=.*,VE_PRIVATE="vz/private/$VEID",' /etc/vz/conf/695.conf
for verb in start mount destroy snapshot quotaon "convert --layout dir"; do
	rc "relative VE_PRIVATE: $verb" 23 sh -c "cd / && set -- $verb && v=\$1 && shift && vzctl \$v 695 \"\$@\""
	like "says so" "$TAP_OUT" 'VE_PRIVATE is not set'
done
ok "the files of the default place are there" test -d /vz/private/695/upper
sed 's,^VE_ROOT=.*,VE_ROOT="vz/root/$VEID",' /tmp/695.conf >/etc/vz/conf/695.conf
rc "relative VE_ROOT: start" 22 vzctl start 695
cp /tmp/695.conf /etc/vz/conf/695.conf
ok "and it starts when it is right" vzctl start 695
gone 695

# second level where the kernel cannot count users: refused, and the image is as it was
up 696 --layout image --diskspace 50M
rc "no users are counted" 9 vzquota stat 696 -t
rc "setlimit2 is refused" 9 vzquota setlimit2 696 -u 1000 0 5000 0 0
like "says what to do" "$TAP_OUT" 'QUOTAUGIDLIMIT is not set .*--quotaugidlimit'
like "soft limits of an image: told" "$(vzctl set 696 --diskspace 40M:50M --quotatime 600 --save 2>&1)" 'only the hard limits are enforced here: an image has one size'
vzctl stop 696 --fast >/dev/null
vzctl set 696 --quotaugidlimit 10 --save >/dev/null 2>&1
if vzctl start 696 >/dev/null 2>&1; then
	ok "this kernel counts them" vzquota setlimit2 696 -u 1000 0 5000 0 0
else
	ok "without them it starts again" sh -c 'vzctl set 696 --quotaugidlimit 0 --save && vzctl start 696'
fi
gone 696
