# SPDX-License-Identifier: GPL-2.0-or-later
# The tool that makes an image of a template runs in a box: what it makes there is what it makes outside, byte for byte,
# and one that an archive has taken over reaches nothing of the host.
. "$TOP/tests/integration/lib.sh"

mkfs=$(command -v mkfs.erofs)
box=/tmp/box
mkdir -p $box/sbin $box/etc $box/dev $box/var/many

entry() { # NAME: its place in the store
	local s
	s=$(vztmpl info "$1" | sed -n 's/^SHA-256: *//p')
	echo "/vz/template/store/sha256/${s:0:2}/$s"
}
pack() { # NAME: an archive of $box, under this name
	tar -C $box --xattrs --xattrs-include='*' --acls --format=posix -cf "/vz/template/cache/$1.tar" .
}

# --- The same bytes: ids, modes, links, times, holes, capabilities, ACLs with ids, attributes, odd names
cp /bin/busybox $box/sbin/init && ln $box/sbin/init $box/sbin/link && chmod 4755 $box/sbin/init
echo box >$box/etc/name
ln -s /nowhere $box/etc/dangling
mkfifo $box/var/fifo
head -c 300000 /dev/urandom >$box/var/blob
truncate -s 3M $box/var/holes
for i in $(seq 300); do echo "$i" >"$box/var/many/file $i"; done
touch "$box/var/many/"' "odd" \ $(name) '\'';' "$box/var/many/-rf" "$box/var/many/$(printf '%0250d' 7)"
setcap cap_net_raw,cap_net_bind_service+ep $box/var/blob
setfattr -n user.note -v hello $box/var/many
setfacl -m u:1234:r,g:60000:rw $box/etc/name && setfacl -d -m u:4321:rwx $box/var
chown 1000:1001 "$box/var/many/file 7" && chmod 0600 "$box/var/many/file 7"
chown -h 65534:65535 $box/etc/dangling
chmod 0 $box/var/blob && chmod 0700 $box/var/many && chown 33:33 $box/var/many
touch -h -d '2001-02-03 04:05:06.123456789' $box/etc/dangling $box/etc/name $box/var/many
sed -i 's/^TEMPLATE_FORMAT=.*/TEMPLATE_FORMAT="tree"/' /etc/vz/vz.conf
pack box1
vztmpl verify box1 >/dev/null
vzctl create 261 --ostemplate box1 >/tmp/out 2>&1 || bail "create" "$(cat /tmp/out)"
gone 261
e=$(entry box1) d=${e##*/}
mknod $e/tree/dev/null c 1 3 && mknod $e/tree/dev/disk b 259 1048575	# archives' own are dropped; a builder may make them
# The superblock's time of making, and its checksum, are of the moment.
bare() { # IMAGE: its sum without them
	cp "$1" /tmp/bare
	printf '\0\0\0\0' | dd of=/tmp/bare bs=1 seek=1028 conv=notrunc status=none
	head -c 12 /dev/zero | dd of=/tmp/bare bs=1 seek=1048 conv=notrunc status=none
	sha256sum </tmp/bare
	rm /tmp/bare
}
uuid=${d:0:8}-${d:8:4}-${d:12:4}-${d:16:4}-${d:20:12}
for format in erofs erofs-lz4; do
	ok "made in the box, as $format" vztmpl image box1 --format $format
	[ $format = erofs ] && z= || z=-zlz4hc
	"$mkfs" --quiet --preserve-mtime -U"$uuid" $z /tmp/outside "$e/tree" >/dev/null 2>&1
	is "is what the tool makes outside, byte for byte" "$(bare "$e/image/data")" "$(bare /tmp/outside)"
done
is "its file is root's again" "$(stat -c '%u:%g %a' "$e/image/data")" "0:0 444"
mkdir -p /tmp/m && mount -t erofs -o loop,ro "$e/image/data" /tmp/m
is "capabilities of version 2" "$(getfattr -n security.capability -e hex --only-values --absolute-names /tmp/m/var/blob | xxd -p)" \
	"$(getfattr -n security.capability -e hex --only-values --absolute-names $box/var/blob | xxd -p)"
is "ACLs with their ids" "$(getfacl -n -p -c /tmp/m/etc/name)" "$(getfacl -n -p -c $box/etc/name)"
is "devices" "$(stat -c '%F %t:%T' /tmp/m/dev/null /tmp/m/dev/disk)" "character special file 1:3
block special file 103:fffff"
umount /tmp/m
setfacl -bR "$e/tree" && setfacl -kR "$e/tree"
if vztmpl image box1 --format squashfs >/tmp/out 2>&1; then
	mount -t squashfs -o loop,ro "$e/image/data" /tmp/m
	python3 "$TOP/tests/lib/treedump.py" /tmp/m | sed 's/ \(sparse\|full\)/ full/' >/tmp/got
	python3 "$TOP/tests/lib/treedump.py" "$e/tree" | sed 's/ \(sparse\|full\)/ full/' >/tmp/want
	umount /tmp/m
	seconds='s/\b\([0-9]\{9,10\}\)[0-9]\{9\}\b/\1/'
	is "made in the box, as squashfs: keeps all of the tree" "$(diff <(sed "$seconds" /tmp/want) <(sed "$seconds" /tmp/got))" ""
else
	like "squashfs is for newer kernels" "$(cat /tmp/out)" 'squashfs images need Linux 6.2'
fi

# --- One that was taken over: it tries, and reports what it got
mv "$mkfs" "$mkfs.away"
cat >"$mkfs" <<'EOF'
#!/usr/bin/perl
use Socket;
my @got;
sub try { my ($what, $does) = @_; push @got, $what if $does->(); }
sub reads { my $f = shift; try("read $f", sub { my ($h, $line); open($h, '<', $f) && defined($line = <$h>) }); }
sub writes { my $f = shift; try("write $f", sub { open(my $h, '>', $f) }); }
for my $f (qw(/etc/shadow /etc/passwd /etc/vz/vz.conf /proc/1/environ /proc/self/status /proc/mounts /dev/null)) { reads $f }
for my $f (qw(/etc /vz /root /proc/1 /sys/kernel /run /dev /home /var /tmp /boot)) { try("see $f", sub { -e $f }) }
for my $f (qw(/new /vz/new /usr/new /usr/bin/new /tree/new /tmp/new /etc/new)) { writes $f }
try("make a directory", sub { mkdir '/d' or mkdir '/tree/d' });
try("a link", sub { symlink('/x', '/tree/l') or link('/out', '/tree/l') });
try("a set-user-id image", sub { chmod 04755, '/out' });
try("a socket", sub { socket(my $s, PF_INET, SOCK_STREAM, 0) or socket($s, PF_UNIX, SOCK_STREAM, 0) });
try("another process", sub { kill 0, 3 .. $$ - 1, $$ + 1 .. 40000 });	# 1: vz-mkimage, ours alone
try("another user", sub { $> = 1000; $> != 0 });
try("a mount", sub { my ($at, $fs) = ('/tree', 'tmpfs'); syscall(165, $fs, $at, $fs, 0, 0) == 0 });
try("a namespace", sub { syscall(272, 0x10000000) == 0 });
try("environment", sub { scalar keys %ENV });
open(my $f, '<', '/tree/var/many/file 7') and push @got, 'the tree';	# its due: a file of another user's
print STDERR "uid $<, got: ", join(', ', @got), "\n";
exit 3;
EOF
chmod 755 "$mkfs"
ls -a / /vz /usr /usr/bin >/tmp/before
cp "$e/image/info" /tmp/info
says "a tool that was taken over gets nothing but the tree" 1 "" \
	"vztmpl: image of box1: mkfs.erofs failed: uid 0, got: the tree" vztmpl image box1 --format erofs
is "and has left nothing" "$(ls -a / /vz /usr /usr/bin | diff /tmp/before -; half_made)" ""
is "the image there was stays" "$(diff /tmp/info "$e/image/info")" ""

like "which the same one has outside" "$("$mkfs" 2>&1)" 'got: read /etc/shadow, .*see /vz, .*write /vz/new, .*a socket, another process'
rm -rf /new /d /vz/new /usr/new /usr/bin/new /tmp/new /etc/new

# What it is on the host, how much it may write, and what it leaves when it lives longer than its maker
printf '#!/bin/sh\nexec >/out\nwhile :; do sleep 1000; done\n' >"$mkfs"
vztmpl image box1 --format erofs >/tmp/out 2>&1 &
maker=$!
soon "it runs" 20 pgrep -f "^/bin/sh $mkfs"
tool=$(pgrep -n -f "^/bin/sh $mkfs")
is "as nobody on the host" "$(awk '/^[UG]id:/ { print $2 }' "/proc/$tool/status" | sort -u)" 268369920
is "with one capability, in its user namespace" "$(awk '/^Cap(Eff|Bnd|Prm)/ { print $2 }' "/proc/$tool/status" | sort -u)" 0000000000000004
is "no new privileges, and a filter" "$(awk '/^(NoNewPrivs|Seccomp):/ { print $2 }' "/proc/$tool/status" | paste -sd' ')" "1 2"
for ns in user mnt pid net ipc uts cgroup; do
	[ "$(readlink "/proc/$tool/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ] && pass "its own $ns namespace" ||
		fail "its own $ns namespace"
done
is "holds no descriptor but its input, the log and the image" "$(ls "/proc/$tool/fd" | grep -v '^[012]$' |
	while read -r n; do readlink "/proc/$tool/fd/$n"; done | grep -v "^$mkfs\$")" ""
kill -9 $maker
{ wait $maker; } 2>/dev/null
soon "it ends with its maker" 20 sh -c "! test -d /proc/$tool || grep -q 'State:.Z' /proc/$tool/status"
printf '#!/bin/sh\nwhile cat /usr/bin/perl; do :; done >>/out; stat -c "stopped at %%s bytes" /out >&2; exit 9\n' >"$mkfs"
like "an image without end is stopped" "$(vztmpl image box1 --format erofs 2>&1)" 'image of box1: mkfs.erofs failed: .*stopped at 10[78][0-9]{7} bytes'
mv "$mkfs.away" "$mkfs"
ok "the next call makes the image" vztmpl image box1 --format erofs
is "and nothing half-made is left" "$(half_made)" ""
rm -rf $box /tmp/outside /tmp/m /vz/template/cache/box1.tar "$e"
find /vz/template/store/by-archive -lname "*$d" -delete
sed -i 's/^TEMPLATE_FORMAT=.*/TEMPLATE_FORMAT="auto"/' /etc/vz/vz.conf
