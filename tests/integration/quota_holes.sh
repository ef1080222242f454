# SPDX-License-Identifier: GPL-2.0-or-later
# Ways around a disk limit, tried from inside as root: what is written counts, whatever it is called and wherever it is.
. "$TOP/tests/integration/evil_lib.sh"

LIMIT=48	# MiB

# at_most TEXT MIB: of what the last command printed.
at_most() {
	[ "${got:-x}" -ge 0 ] 2>/dev/null && [ "$got" -le "$2" ] && pass "$1" || fail "$1" "got ${got:-nothing} MiB, at most $2"
}

for l in overlay dir btrfs image; do
	up 690 --layout $l --diskspace ${LIMIT}M
	got=$(in_ct 690 'i=0; while dd if=/dev/zero of=/f$i bs=1M count=1 2>/dev/null && sync /f$i 2>/dev/null; do i=$((i + 1)); [ $i -gt 200 ] && break; done; echo $i')
	at_most "$l: files" $LIMIT
	in_ct 690 'rm -f /f*; sync' >/dev/null
	got=$(in_ct 690 'exec 3>/open; rm /open; i=0; while dd if=/dev/zero bs=1M count=1 >&3 2>/dev/null; do i=$((i + 1)); [ $i -gt 200 ] && break; done; sync; echo $i')
	at_most "$l: a file that is open and has no name" $LIMIT
	got=$(in_ct 690 'i=0; while fallocate -l 1048576 /a$i 2>/dev/null; do i=$((i + 1)); [ $i -gt 200 ] && break; done; rm -f /a*; echo $i')
	at_most "$l: blocks that are only promised" $LIMIT
	got=$(in_ct 690 'mkdir /w; i=0; while dd if=/dev/zero of=/w/f bs=1M count=4 2>/dev/null && mv /w/f /g$i 2>/dev/null; do i=$((i + 4)); [ $i -gt 200 ] && break; done; rm -rf /g* /w; echo $i')
	at_most "$l: files that are moved away" $LIMIT
	rc "$l: a link out of it is not possible" 1 vzctl exec2 690 'ln /proc/self/exe /here 2>/dev/null && exit 0; ln /dev/null /here 2>/dev/null && exit 0; exit 1'
	arm 690
	refused "$l: no subvolume, no other project, no flags" "$(evil 690 ioctls /)"
	in_ct 690 'mkdir /bombs' >/dev/null
	got=$(evil 690 xattrs /bombs)
	[ "${got:-x}" -ge 2000 ] 2>/dev/null && [ "$got" -le $((LIMIT * 1024)) ] && pass "$l: attributes are counted" || fail "$l: attributes are counted" "$got KiB"
	in_ct 690 'rm -rf /bombs /evil /evil?*; sync' >/dev/null
	got=$(in_ct 690 'mkdir /wh; cd /wh; i=0; while [ $i -lt 100 ]; do mknod w$i c 0 0 2>/dev/null || break; i=$((i + 1)); done; ls /bin/busybox /etc/passwd | wc -l; rm -rf /wh')
	is "$l: whiteouts of its own hide nothing" "$got" 2
	is "$l: all is free again" "$(in_ct 690 'sync; dd if=/dev/zero of=/last bs=1M count=20 2>/dev/null && echo yes; rm -f /last')" yes
	# what was there before: blocks that are only promised read as nothing
	in_ct 690 'i=0; while [ $i -lt 300000 ]; do echo CANARY-OF-690; i=$((i + 1)); done >/canary; sync' >/dev/null
	gone 690
	up 692 --layout $l --diskspace ${LIMIT}M
	is "$l: nothing of the one that was destroyed" "$(in_ct 692 'fallocate -l 30M /a; grep -c CANARY-OF /a; rm -f /a')" 0
	gone 692
done

# what all share is written by none of them
up 690 --diskspace ${LIMIT}M
tree=$(template_tree vz-base)
files() { (cd "$tree" && find . -type f -printf '%p %m %U %T@ ' -exec sha256sum {} + | sha256sum); }
[ -e "$tree/bin/busybox" ] || bail "the template's files" "$tree"
before=$(files)
in_ct 690 'cp /bin/busybox /b; for f in /bin/*; do chmod 777 $f; touch $f; echo x >>$f; truncate -s 5 $f; done' >/dev/null
is "the template is as it was" "$(files)" "$before"
ok "on the disk, too" vztmpl verify vz-base
up 692
is "and its next container, too" "$(in_ct 692 'echo works')" works
gone 690 692
template_trees_done
