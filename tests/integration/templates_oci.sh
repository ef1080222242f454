# SPDX-License-Identifier: GPL-2.0-or-later
# vztmpl add: archives and OCI images become templates if somebody vouches for them; and vztmpl save.
. "$TOP/tests/integration/lib.sh"

export BASE=$(readlink -f /vz/template/cache/vz-base-*.tar.zst)
T=/tmp/oci
rm -rf $T; mkdir -p $T /etc/vz/keys
for kind in system tags app evil dotdot wh-dots; do python3 "$TOP/tests/lib/mkoci.py" $T/$kind $kind; done
tree() { template_tree "$@"; }

# --- archives ---
zstd -dc "$BASE" | zstd -q -17 -o $T/rootfs.tar.zst	# a digest that nothing else here has
rc "nobody vouches for it" 1 vztmpl add $T/rootfs.tar.zst
like "what to do is said" "$TAP_OUT" 'Give its digest with --sha256, or take it as it is with --unsigned'
rc "another digest" 1 vztmpl add $T/rootfs.tar.zst --sha256 "$(printf %064d 7)"
ok "the right one" vztmpl add $T/rootfs.tar.zst --name by-digest --sha256 "$(sha256sum <$T/rootfs.tar.zst | cut -c1-64)"
vztmpl keygen $T/me >/dev/null
printf 'untrusted comment: x\nbm9uZQ==\n' >$T/rootfs.tar.zst.sig
rc "a broken signature is not no signature" 1 vztmpl add $T/rootfs.tar.zst --unsigned
rm $T/rootfs.tar.zst.sig
ok "a relative path, at one's own risk" sh -c "cd $T && vztmpl add rootfs.tar.zst --name mine --unsigned"
like "info says so" "$(vztmpl info mine)" 'Signed by:  nobody'
for kind in gz xz bz2; do
	zstd -dc "$BASE" | case $kind in gz) gzip ;; xz) xz -1 ;; bz2) bzip2 ;; esac >$T/rootfs.tar.$kind
	ok "rootfs.tar.$kind" vztmpl add $T/rootfs.tar.$kind --name mine --unsigned
	is "takes the place of the one before" "$(ls /vz/template/cache | grep ^mine)" "mine.tar.$kind"
done
head -c 500000 "$BASE" >$T/cut.tar.zst
rc "one that was cut short" 1 vztmpl add $T/cut.tar.zst --unsigned
like "is damaged" "$TAP_OUT" 'damaged or cut short after entry'
rc "a file that is none" 1 vztmpl add /etc/passwd --unsigned
rc "a directory that is none" 1 vztmpl add /etc --unsigned
is "nothing of these stays" "$(half_made; vztmpl list | grep -c -e cut -e passwd)" 0

# --- what deserves a look is said ---
mkdir $T/odd && tar -C $T/odd --zstd -xpf "$BASE"
cp $T/odd/bin/busybox $T/odd/opt-tool 2>/dev/null; mkdir -p $T/odd/opt $T/odd/usr/bin
cp $T/odd/bin/busybox $T/odd/opt/back; mv $T/odd/opt-tool $T/odd/usr/bin/passwd; cp $T/odd/bin/busybox $T/odd/opt/raw
chmod 4755 $T/odd/opt/back; chmod 4755 $T/odd/usr/bin/passwd; setcap cap_net_raw+ep $T/odd/opt/raw
echo x >$T/odd/etc/open; chmod 666 $T/odd/etc/open
python3 - $T/odd $T/odd.tar <<'PY'
import sys, tarfile
with tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT) as t:
    def caps(m):
        if m.name == "./opt/raw":
            m.pax_headers["SCHILY.xattr.security.capability"] = "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        return m
    t.add(sys.argv[1], ".", filter=caps)
    for name, kind, dev in (("dev/null", tarfile.CHRTYPE, (1, 3)), ("dev/sda", tarfile.BLKTYPE, (8, 0))):
        m = tarfile.TarInfo("./" + name)
        m.type, (m.devmajor, m.devminor) = kind, dev
        t.addfile(m)
PY
ok "a template with odd files is taken" vztmpl add $T/odd.tar --unsigned
like "set-id files are counted" "$TAP_OUT" 'Set-id files: [2-9], 1 unusual'
like "devices" "$TAP_OUT" 'Device nodes: 2, 1 unusual'
like "and the unusual ones named" "$TAP_OUT" 'Have a look at:'
for line in 'set-id 4755 0:0 /opt/back' 'capability /opt/raw' 'device b 8:0 /dev/sda' 'writable 0666 0:0 /etc/open'; do
	like "$line" "$TAP_OUT" "  $line"
done
said=$(sed -n '/Have a look/,$p' <<<"$TAP_OUT")
is "the usual ones are not" "$(grep -c -e passwd -e dev/null <<<"$said")" 0
is "info knows it later" "$(vztmpl info odd | sed -n '/Have a look/,$p')" "$said"
is "and verify finds the same" "$(vztmpl verify odd | grep -A 4 'Have a look')" "$said"
like "an ordinary one has none" "$(vztmpl info vz-base-$(uname -m) | grep -c 'Have a look')" '^0$'
vztmpl rm odd >/dev/null

# --- OCI images ---
rc "nobody vouches for an image" 1 vztmpl add $T/system
ok "an image of three layers, gzip, zstd and plain" vztmpl add $T/system --unsigned
t=$(tree system)
is "a file of the upper layer wins" "$(cat "$t/etc/oci")" second
is "a whiteout takes away" "$(ls "$t/etc/issue" 2>/dev/null)" ""
is "an opaque directory begins anew" "$(ls "$t/opaque")" new
is "a file became a directory, a directory a file" "$(cat "$t/kind/file" "$t/other")" "a directory now
a file now"
is "a hard link across layers" "$(stat -c %i "$t/hard")" "$(stat -c %i "$t/etc/low")"
ok "a container of it" vzctl create 801 --ostemplate system
ok "runs" vzctl start 801
is "and is the image" "$(in_ct 801 cat /etc/oci)" second
rc "which of two" 1 vztmpl add $T/tags --unsigned
ok "is chosen by its tag" vztmpl add $T/tags --unsigned --tag plain
rc "an application" 1 vztmpl add $T/app --unsigned
like "is told from a system" "$TAP_OUT" 'no /sbin/init: it is an application, not a system; --app runs its entrypoint'
ok "and taken with --app" vztmpl add $T/app --unsigned --app
ok "a container of it" vzctl create 802 --ostemplate app
ok "runs its entrypoint" vzctl start 802
soon "there, with its environment" 10 sh -c 'vzctl exec2 802 cat /ran | grep -q "it.s"'
is "in its directory" "$(in_ct 802 head -n 1 /ran)" /tmp
gone 802
rc "a whiteout that leaves the tree" 1 vztmpl add $T/dotdot --unsigned
like "is named" "$TAP_OUT" 'the name leaves the tree'
rc "a whiteout of .." 1 vztmpl add $T/wh-dots --unsigned
like "is named too" "$TAP_OUT" 'a whiteout of'
rc "one through a link to the host" 1 vztmpl add $T/evil --unsigned
ok "the host has its files" test -s /etc/passwd
tar -C $T/system -cf $T/image.tar .
ok "an archive of a layout" vztmpl add $T/image.tar --unsigned
is "is the same image" "$(cat "$(tree image)/etc/oci")" second
blob=$(ls -S $T/system/blobs/sha256 | head -n 1)
printf xxxx | dd of=$T/system/blobs/sha256/$blob bs=1 seek=9000 conv=notrunc status=none
rc "a damaged blob" 1 vztmpl add $T/system --unsigned --name bad
rm $T/system/blobs/sha256/$blob
rc "a missing one" 1 vztmpl add $T/system --unsigned --name bad
like "is named" "$TAP_OUT" "the image is incomplete: blobs/sha256/$blob is missing"
is "nothing of these stays" "$(half_made; vztmpl list | grep -c bad)" 0

# --- a container becomes a template ---
vzctl exec 801 'echo saved >/etc/oci; echo key >/etc/ssh_key; mkdir -p /etc/ssh; echo k >/etc/ssh/ssh_host_rsa_key; rm -f /etc/low;
	echo log >/var/log/x; echo x >/tmp/x; echo 0123 >/etc/machine-id; ln /etc/oci /etc/oci2; mkdir -m 1777 /srv/sticky' >/dev/null
ok "of a running one" vztmpl save 801 saved
t=$(tree saved)
is "what it wrote is in it" "$(cat "$t/etc/oci" "$t/etc/ssh_key")" "saved
key"
is "what it removed is not" "$(ls "$t/etc/low" 2>/dev/null)" ""
is "nor host keys and temporary files" "$(ls "$t/etc/ssh" "$t/tmp" | grep -v :)" ""
is "machine id and logs are emptied" "$(stat -c %s "$t/etc/machine-id" "$t/var/log/x" | tr '\n' ' ')" "0 0 "
is "hard links and modes stay" "$(stat -c %h "$t/etc/oci") $(stat -c %a "$t/srv/sticky")" "2 1777"
is "the container still runs" "$(in_ct 801 cat /etc/machine-id)" 0123
is "without a snapshot" "$(vzctl snapshot-list 801 -H 2>/dev/null)" ""
vzctl stop 801 --fast >/dev/null 2>&1
ok "of a stopped one" vztmpl save 801 saved
ok "a container of it" vzctl create 803 --ostemplate saved
ok "runs" vzctl start 803
is "and is a copy" "$(in_ct 803 cat /etc/oci)" saved
gone 803
rc "of none" 1 vztmpl save 899 saved
rc "with a name that is none" 1 vztmpl save 801 ../x
vztmpl rm saved >/dev/null
gone 801
template_trees_done
rm -rf $T /etc/vz/keys
for name in by-digest mine system tags app image; do vztmpl rm $name >/dev/null; done
vztmpl gc >/dev/null
