# SPDX-License-Identifier: GPL-2.0-or-later
# Templates as erofs and squashfs images: nothing of the tree is lost, containers stand on them, one loop device and one
# page cache for all, and nothing stays when the last is gone.
. "$TOP/tests/integration/lib.sh"

STORE=/vz/template/store/sha256

# loops FILE: loop devices that hold this very file; another run on this machine may have one of the same name.
file_of() { # IMAGE
	stat -c '%i %Hd:%Ld' "$1/data"
}
loops() {
	losetup -l -n -O BACK-INO,BACK-MAJ:MIN | awk -v want="$1" '$1 " " $2 == want' | wc -l
}

# A template with all that a tree can hold.
make_rich() {
	local t=/tmp/rich
	mkdir -p $t/bin $t/sbin $t/etc $t/dev $t/proc $t/sys $t/run $t/tmp $t/var/deep/er
	cp /bin/busybox $t/bin/busybox
	ln $t/bin/busybox $t/bin/sh
	ln -s ../bin/busybox $t/sbin/init
	ln -s /nowhere/at/all $t/etc/dangling
	printf 'null::respawn:/bin/busybox sleep 1000\n' >$t/etc/inittab
	printf 'root:x:0:0::/:/bin/sh\n' >$t/etc/passwd
	head -c 3000000 /dev/urandom >$t/var/big
	truncate -s 5M $t/var/holes
	printf 'a\nb' >"$t/var/deep/er/odd name \"quoted\""
	mkfifo $t/var/fifo
	chmod 4755 $t/bin/busybox
	chmod 1777 $t/tmp
	chown 1000:1001 $t/var/deep
	setcap cap_net_raw+ep $t/var/big
	setfattr -n user.note -v hello $t/var/deep
	setfacl -m u:1234:r $t/etc/passwd
	touch -h -d '2001-02-03 04:05:06.123456789' $t/etc/passwd $t/etc/dangling $t/var/deep
	tar -C $t --xattrs --xattrs-include='*' --acls --format=posix -cf /vz/template/cache/rich.tar . &&
		vztmpl verify rich >/dev/null
}

# format WORD: of templates that are unpacked from now on.
format() {
	sed -i "s/^TEMPLATE_FORMAT=.*/TEMPLATE_FORMAT=\"$1\"/" /etc/vz/vz.conf
}
entry() { # NAME: its place in the store
	local s
	s=$(vztmpl info "$1" | sed -n 's/^SHA-256: *//p')
	echo "$STORE/${s:0:2}/$s"
}

format tree
ok "a rich template" make_rich
new 201
gone 201
vzctl create 202 --ostemplate rich >/tmp/out 2>&1 || bail "create from it" "$(cat /tmp/out)"
digest=$(cat /vz/private/202/layers)
tree=$STORE/${digest:0:2}/$digest/tree image=$STORE/${digest:0:2}/$digest/image
python3 "$TOP/tests/lib/treedump.py" "$tree" >/tmp/want

ok "an erofs image" vztmpl image rich
becomes "is not mounted by that" 0 loops "$(file_of "$image")"
ok "start on it" vzctl start 202
is "its root stands on one loop device" "$(loops "$(file_of "$image")")" 1
is "which nobody can write" "$(losetup -l -n -O RO,BACK-FILE | grep "$digest" | awk '{ print $1 }')" 1
like "the host has no mount of it" "$(grep -c ' - erofs ' /proc/self/mountinfo)" '^0$'
ok "a set-user-id file is one inside" vzctl exec 202 '[ -u /bin/busybox ]'
ok "written to inside" vzctl exec 202 'echo new >/var/deep/file && mv /var/fifo /var/fifo2 && rm /etc/dangling && chmod 700 /var/deep'
is "the container's ids are the template's" "$(in_ct 202 'stat -c %u:%g /var/deep')" 1000:1001
vzctl create 203 --ostemplate rich >/dev/null 2>&1
ok "a second one" vzctl start 203
is "shares the device" "$(loops "$(file_of "$image")")" 1
is "and sees nothing of the first" "$(in_ct 203 'ls /var/deep/file 2>&1 | grep -c "No such"')" 1
ok "kill -9 of a container's init" kill -9 "$(init_of 203)"
gone 203
is "the device stays with the first" "$(loops "$(file_of "$image")")" 1
ok "stop" vzctl stop 202 --fast
soon "and goes with it" 5 sh -c "! losetup -l -n -O BACK-FILE | grep -q $digest"

ok "mounted for the host" vzctl mount 202
is "what was written is there" "$(cat /vz/root/202/var/deep/file)" new
ok "the deleted is not" test ! -e /vz/root/202/etc/dangling -a ! -L /vz/root/202/etc/dangling
ok "its administrator may write" sh -c 'echo admin >/vz/root/202/var/admin'
ok "unmounted" vzctl umount 202
soon "no loop device stays" 5 sh -c "! losetup -l -n -O BACK-FILE | grep -q $digest"
ok "start again" vzctl start 202
is "with what the administrator wrote" "$(in_ct 202 cat /var/admin)" admin
vzctl stop 202 --fast >/dev/null 2>&1

# Every byte, id, time, attribute and link of the tree is in the image.
for format in erofs erofs-lz4; do
	ok "an image as $format" vztmpl image rich --format $format
	mkdir -p /tmp/m && mount -t erofs -o loop,ro "${tree%/tree}/image/data" /tmp/m
	python3 "$TOP/tests/lib/treedump.py" /tmp/m | sed 's/ \(sparse\|full\)/ full/' >/tmp/got
	umount /tmp/m
	sed 's/ \(sparse\|full\)/ full/' /tmp/want >/tmp/want.$format
	is "keeps all of the tree" "$(diff /tmp/want.$format /tmp/got)" ""
done
ok "a container starts on the compressed one" vzctl start 202
vzctl stop 202 --fast >/dev/null 2>&1
says "squashfs, which would lose its ACLs, is refused" 1 "" "vztmpl: image of rich: template rich has ACLs or attributes that squashfs cannot keep: use --format erofs" \
	vztmpl image rich --format squashfs
like "the image there was stays" "$(cat "${tree%/tree}/image/info")" 'FORMAT="erofs-lz4"'
says "an unknown format" 1 "" 'vztmpl: "zip" is no image format: use erofs, erofs-lz4 or squashfs' vztmpl image rich --format zip
is "nothing half-made stays" "$(half_made)" ""

ok "squashfs of a plain template" vztmpl image vz-base --format squashfs
based=$(file_of "$(entry vz-base)/image")
new 204
ok "carries a container" vzctl start 204
is "on a loop device" "$(loops "$based")" 1
is "that is squashfs" "$(in_ct 204 'cat /etc/os-release | grep -c ^NAME')" 1
gone 204
e=$(entry vz-base)
first=$(sha256sum <"$e/image/data")
sleep 1.1
ok "made once more" vztmpl image vz-base --format squashfs
is "it is the same, byte for byte" "$(sha256sum <"$e/image/data")" "$first"
ok "verify compares it with the archive" vztmpl verify vz-base
cp -a "$e/image" /tmp/kept.image
mkdir -p /tmp/sq && mount -t squashfs -o loop,ro "$e/image/data" /tmp/sq && cp -a /tmp/sq /tmp/sq.tree && umount /tmp/sq
echo "evil::0:0::/:/bin/sh" >>/tmp/sq.tree/etc/passwd
mksquashfs /tmp/sq.tree /tmp/sq.data -noappend -quiet -no-progress >/dev/null 2>&1
cat /tmp/sq.data >"$e/image/data"
sed -i "s/^SHA256=.*/SHA256=\"$(sha256sum <"$e/image/data" | cut -d' ' -f1)\"/;s/^BYTES=.*/BYTES=\"$(stat -c %s "$e/image/data")\"/" "$e/image/info"
like "an image that was exchanged together with its info is found" "$(vztmpl verify vz-base 2>&1)" "image is damaged: .*passwd has another type, mode, owner or size"
rm -rf "$e/image" /tmp/sq /tmp/sq.tree /tmp/sq.data && mv /tmp/kept.image "$e/image"
ok "with the right one all is well" vztmpl verify vz-base
ok "back to the tree" vztmpl image vz-base --format none
new 204
ok "which carries one as before" vzctl start 204
becomes "without a loop device" 0 loops "$based"
gone 204

# Damage has a name.
truncate -s 8192 "${tree%/tree}/image/data"
vzctl start 202 >/tmp/out 2>&1
like "a cut image is refused" "$(cat /tmp/out)" 'the image is cut or was exchanged: it has 8192 bytes and should have'
rm "${tree%/tree}/image/data"
vzctl start 202 >/tmp/out 2>&1
like "so is a lost one" "$(cat /tmp/out)" 'image data: No such file'
ok "it is made anew" vztmpl image rich
ok "and all is well" vzctl start 202

# One page cache: what the first read, the second has.
vzctl create 205 --ostemplate rich >/dev/null 2>&1
vzctl start 205 >/dev/null 2>&1
sync; echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
dev=$(losetup -l -n -O NAME,BACK-FILE | awk -v d="$digest" 'index($2, d) { print $1 }')
reads() { awk '{ print $3 }' "/sys/block/${dev#/dev/}/stat"; }
for try in 1 2 3 4 5 6 7 8 9; do		# others take from the cache, too, and read what is theirs
	before=$(reads)
	in_ct 202 'cat /var/big >/dev/null'
	first=$(reads)
	in_ct 205 'cat /var/big >/dev/null'
	second=$(reads)
	[ "$first" -gt "$before" ] && [ "$second" = "$first" ] && break
	sync; echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
done
ok "the first container reads from the device" test "$first" -gt "$before"
is "the second container reads no sector again" "$second" "$first"
gone 202 205
rm -rf /vz/template/cache/rich.tar "${tree%/tree}" /tmp/rich
rm -f /vz/template/store/by-archive/*

# TEMPLATE_FORMAT: auto is an erofs image, made by whoever needs the template first, and no tree beside it.
format auto
mkdir -p /tmp/fmt/sbin /tmp/fmt/etc && cp /bin/busybox /tmp/fmt/sbin/init
fmt() { # NAME: an archive of its own content
	echo "$1" >/tmp/fmt/etc/name && tar -C /tmp/fmt -cf "/vz/template/cache/$1.tar" .
}
fmt fmt1
like "info tells beforehand" "$(vztmpl info fmt1)" 'Kept as:    erofs, when it is first used'
says "the first create" 0 "Creating container private area (fmt1)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/206.conf
Container private area was created" "" vzctl create 206 --ostemplate fmt1
e=$(entry fmt1)
is "has made an image, and left no tree" "$(ls "$e")" "image
manifest"
like "info tells" "$(vztmpl info fmt1)" 'Kept as:    erofs image, [0-9]+ bytes'
is "the root's mode is the template's" "$(stat -c %a /vz/private/206/upper)" 755
made=$(stat -c %i "$e/image/data")
ok "the second" vzctl create 207 --ostemplate fmt1
is "uses the same" "$(stat -c %i "$e/image/data")" "$made"
becomes "and mounts nothing" 0 loops "$(file_of "$e/image")"
ok "back to a tree" vztmpl image fmt1 --format none
is "which is unpacked anew" "$(ls "$e"; cat "$e/tree/etc/name"; stat -c %a "$e/tree")" "manifest
tree
fmt1
755"
ok "the next create" vzctl create 208 --ostemplate fmt1
is "makes an image of it; the tree stays for those that run" "$(ls "$e")" "image
manifest
tree"
gone 206 207 208

# What a host cannot do is said, and done otherwise only if nobody asked for it in so many words.
mkfs=$(command -v mkfs.erofs)
mv "$mkfs" "$mkfs.away"
fmt fmt2
like "info tells why not" "$(vztmpl info fmt2)" 'No image:   mkfs.erofs is not installed: apt-get install erofs-utils'
like "so does vzcheck" "$(vzcheck)" 'template images.*mkfs.erofs is not installed'
like "create warns" "$(vzctl create 206 --ostemplate fmt2 2>&1)" 'Warning: template fmt2 is kept as an unpacked tree, .*mkfs.erofs is not installed: apt-get install erofs-utils'
is "and takes a tree" "$(ls "$(entry fmt2)")" "manifest
tree"
is "once" "$(vzctl create 207 --ostemplate fmt2 2>&1 | grep -c Warning)" 0
gone 206 207
fmt fmt3
format erofs
like "an image that was asked for is not replaced" "$(vzctl create 208 --ostemplate fmt3 2>&1)" 'image of fmt3: mkfs.erofs is not installed: apt-get install erofs-utils'
is "and nothing is left" "$(half_made; ls /vz/private)" ""
printf '#!/bin/sh\nprintf %%100000s x >"$4"\n' >"$mkfs" && chmod 755 "$mkfs"
like "what cannot be mounted is no image" "$(vzctl create 208 --ostemplate fmt3 2>&1)" 'mount the erofs image on /dev/loop'
format auto
like "nor with auto" "$(vzctl create 208 --ostemplate fmt3 2>&1)" 'Warning: template fmt3 is kept as an unpacked tree, .*mount the erofs image on /dev/loop'
gone 208
is "which is noted: the next create neither tries nor warns" "$(vzctl create 208 --ostemplate fmt3 2>&1 | grep -c Warning; ls "$(entry fmt3)")" "0
manifest
noimage
tree"
gone 208
ok "verify forgets it" vztmpl verify fmt3
like "so the next one tries again" "$(vzctl create 208 --ostemplate fmt3 2>&1)" 'Warning: template fmt3 is kept as an unpacked tree'
gone 208
mv "$mkfs.away" "$mkfs"
ok "once it is there" vzctl create 208 --ostemplate fmt3
is "the next create makes it" "$(ls "$(entry fmt3)")" "image
manifest
tree"
gone 208
fmt fmt4
format zip
like "an unknown format" "$(vzctl create 208 --ostemplate fmt4 2>&1)" '"zip" is no image format: use auto, tree, erofs, erofs-lz4 or squashfs'
format tree
for name in fmt1 fmt2 fmt3 fmt4; do rm -rf "$(entry $name)" /vz/template/cache/$name.tar; done
rm -rf /tmp/fmt /vz/template/store/by-archive/*
format auto
