# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of backups: a tree with everything that an archive can get wrong, and the comparison of two containers.
. "$TOP/tests/integration/lib.sh"

DUMP="python3 $TOP/tests/lib/treedump.py"
W=/vz/bktest
D=$W/dump
mkdir -p $D
bk_done() {
	rm -rf $W /etc/vz/backup.key
}

# hard_tree DIR: names, links, holes, times, attributes.
hard_tree() {
	local d=$1 i
	mkdir -p $d/a/b/c $d/empty $d/big "$d/$(printf 'n%.0s' $(seq 200))/$(printf 'm%.0s' $(seq 200))"
	echo one >$d/a/one
	ln $d/a/one $d/a/b/hard; ln $d/a/one $d/zhard
	ln -s one $d/a/sym; ln -s "/$(printf 'x%.0s' $(seq 300))" $d/a/longsym; ln -s nowhere/at/all $d/a/dangling
	ln $d/a/sym $d/a/symhard 2>/dev/null
	mkfifo $d/a/fifo
	head -c 5000000 /dev/urandom >$d/big/noise
	yes "the same again" | head -c 9000000 >$d/big/text
	truncate -s 60M $d/big/hole; printf x | dd of=$d/big/hole bs=1 seek=20000000 conv=notrunc status=none
	truncate -s 100000 $d/big/allhole
	: >$d/empty/file
	printf 'x' >"$d/a/new
line"; printf 'x' >"$d/a/"$'tab\tback\\slash'; printf 'x' >"$d/a/"$'\xff\xfe bytes'; printf 'x' >"$d/a/ü ñ"
	ln -s $'\xff' "$d/a/"$'\xfelink'
	printf 'x' >"$d/a/ blank "; printf 'x' >"$d/a/a=b%20"
	for i in $(seq 300); do echo "$i" >$d/b$i; done
	chown 33:44 $d/a/one; chmod 6755 $d/a/b; chmod 1777 $d/empty; chmod 0 $d/b7; chown 65534:65535 $d/b8
	setfattr -n user.note -v "some text" $d/b1; setfattr -n user.empty $d/b2
	setfattr -n user.long -v "$(printf 'v%.0s' $(seq 3000))" $d/a
	setfacl -m u:1000:rw,g:50:r $d/b3; setfacl -d -m u:1000:rwx $d/a/b
	cp -f /bin/true $d/b4 2>/dev/null; setcap cap_net_raw+ep $d/b4 2>/dev/null
	touch -d '1969-12-31 12:00:00 UTC' $d/b5; touch -d '2040-01-01 00:00:00.123456789' $d/b6
	touch -h -d '2001-02-03 04:05:06.7' $d/a/sym; touch -d '1999-09-09 09:09:09.999999999' $d/a/b
}

# tree_of ID: what the container holds, as a list; it is stopped.
tree_of() {
	vzctl mount "$1" >/dev/null 2>&1 || return
	$DUMP "/vz/root/$1"
	vzctl umount "$1" >/dev/null 2>&1
}

# same TEXT ID FILE: a stopped container holds what is listed in the file.
same() {
	tree_of "$2" >$W/got.$2
	if diff "$3" $W/got.$2 >$W/diff; then
		pass "$1"
	else
		fail "$1" "$(wc -l <$W/diff) lines differ:" "$(head -n 12 $W/diff | cut -c 1-300)"
	fi
}

# newest: the archive that was made last.
newest() {
	ls -t $D/vzdump-openvz-*.zst | head -n 1
}

# dump TEXT ID [OPTIONS]: a backup into $D; $F is its file.
dump() {
	ok "$1" vzctl backup "$2" --dumpdir $D "${@:3}"
	F=$(sed -n 's|^Backup finished: \(.*\.zst\), .*|\1|p' <<<"$TAP_OUT")
}
