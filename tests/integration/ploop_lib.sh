# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of ploop images: file systems written by the kernel, images made by tests/lib/mkploop.py and qemu-img.
. "$TOP/tests/integration/lib.sh"

MK="python3 $TOP/tests/lib/mkploop.py"
DUMP="python3 $TOP/tests/lib/treedump.py"
W=/tmp/ploop
mkdir -p $W/mnt

# fs SIZE MKE2FS-OPTIONS...: $W/fs.raw, mounted on $W/mnt.
fs() {
	local size=$1
	shift
	rm -f $W/fs.raw
	truncate -s "$size" $W/fs.raw && mke2fs -q -F "$@" $W/fs.raw && mount -o "loop,${MOUNT_OPTS:-defaults}" $W/fs.raw $W/mnt ||
		bail "a file system of mke2fs $*"
}

# A tree with everything that a copy can get wrong.
fill() {
	local d=$1 i
	mkdir -p $d/a/b/c $d/big $d/etc $d/empty
	echo one >$d/a/one
	ln $d/a/one $d/a/b/hard; ln $d/a/one $d/etc/hard
	ln -s one $d/a/sym
	ln -s "/$(printf 'x%.0s' $(seq 200))" $d/a/longsym
	mkfifo $d/a/fifo
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' $d/a/sock
	mknod $d/a/null c 1 3; mknod $d/a/disk b 8 0
	head -c 3000000 /dev/urandom >$d/a/data
	truncate -s 20M $d/a/hole; printf end | dd of=$d/a/hole bs=1 seek=9000001 conv=notrunc status=none
	for i in 1 3 5 7 9 11; do dd if=/dev/urandom of=$d/a/gaps bs=4096 count=1 seek=$((i * 5)) conv=notrunc status=none; done
	fallocate -l 300000 $d/a/reserved 2>/dev/null; printf tail | dd of=$d/a/reserved bs=1 seek=100000 conv=notrunc status=none
	fallocate -n -l 500000 $d/a/beyond 2>/dev/null; echo short >$d/a/beyond
	python3 -c 'import os, sys; f = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT); [os.pwrite(f, b"%04d" % i * 1024, i * 8192) for i in range(2000)]' $d/a/fragments
	printf 'tiny' >$d/a/tiny
	: >$d/a/nothing
	for i in $(seq 700); do echo $i >"$d/big/a_name_that_is_somewhat_long_so_that_the_directory_grows_$i"; done
	echo x >"$d/$(printf 'n%.0s' $(seq 255))"
	echo x >"$d/$(printf 'with\nnewline \001 and \377')"
	chown 1000:100 $d/a/one; chown 65534:65535 $d/a/tiny; chown -h 33:33 $d/a/sym
	chmod 4755 $d/a/data; chmod 1777 $d/empty; chmod 2750 $d/a/b; chmod 0 $d/a/nothing
	setfattr -n user.mine -v some $d/a/tiny; setfattr -n user.long -v "$(printf 'v%.0s' $(seq 900))" $d/a/data
	setfattr -n trusted.theirs -v x $d/a/tiny; setfattr -n user.overlay.opaque -v y $d/a/b
	setcap cap_net_raw+ep $d/a/data
	setfacl -m u:1234:rwx,g:77:r $d/a/one; setfacl -d -m u:5:rx $d/a/b
	chattr +A $d/a/tiny
	touch -d '2031-02-03 04:05:06.123456789' $d/a/tiny; touch -h -d '1999-12-31 23:59:59.5' $d/a/sym
	touch -d '1969-07-20 20:17:40' $d/a/gaps; touch -d '2040-01-01 00:00:00.000000001' $d/a/fifo
	touch -d '2001-01-01' $d/a/b $d/a $d
}

close_fs() {
	$DUMP $W/mnt >$W/want
	umount $W/mnt
}

sectors() {
	echo $(($(stat -c %s "$1") / 512))
}

# area ID: an empty private area of OpenVZ.
area() {
	rm -rf "/vz/private/$1" "/vz/private/$1.ploop"
	mkdir -p "/vz/private/$1/root.hdd"
}

# moved_in TEXT ID LAYOUT [OPTION]: register, convert, and the tree is the one of the last close_fs.
moved_in() {
	local text=$1 id=$2 layout=$3 tree=/vz/private/$2
	shift 3
	ok "$text: register" vzctl register "/vz/private/$id" "$id"
	ok "$text: convert to $layout" vzctl convert "$id" --layout "$layout" "$@"
	[ "$layout" = overlay ] && tree=$tree/upper
	$DUMP "$tree" >$W/got
	cmp -s $W/want $W/got && pass "$text: every file is as it was ($(wc -l <$W/got))" ||
		fail "$text: every file is as it was" "$(diff $W/want $W/got | cut -c1-300 | head -n 6)"
}

away() {
	local id
	for id; do
		vzctl --quiet stop "$id" --fast >/dev/null 2>&1 </dev/null
		vzctl --quiet destroy "$id" >/dev/null 2>&1 </dev/null
		rm -rf "/vz/private/$id" "/vz/private/$id.ploop" "/etc/vz/conf/$id.conf.destroyed"
	done
}
