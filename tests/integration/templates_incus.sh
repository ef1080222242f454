# SPDX-License-Identifier: GPL-2.0-or-later
# Images of Incus and LXD become templates: one archive, or metadata and root in two files; and such as are none.
. "$TOP/tests/integration/lib.sh"

base=$(readlink -f /vz/template/cache/vz-base-*.tar.zst)
T=/tmp/incus
rm -rf $T; mkdir -p $T/image/rootfs $T/image/templates
tar -C $T/image/rootfs --zstd -xpf "$base"
echo incus >$T/image/rootfs/etc/kind
chown 33:44 $T/image/rootfs/etc/kind
echo 'hostname {{ container.name }}' >$T/image/templates/hostname.tpl
# meta ARCHITECTURE
meta() {
	printf 'architecture: "%s"\ncreation_date: 1700000000\nproperties:\n  architecture: amd64\n  os: Test\ntemplates:\n  /etc/hostname:\n    when: [create]\n    template: hostname.tpl\n' \
		"$1" >$T/image/metadata.yaml
}
tree() { template_tree "$@"; }
fingerprint() { cat "$@" | sha256sum | cut -c1-64; }

# --- one archive ---
meta "$(uname -m)"
for kind in gz xz zst bz2; do
	tar -C $T/image -caf $T/uni.tar.$kind metadata.yaml rootfs templates
	ok "one archive, .tar.$kind" vztmpl add $T/uni.tar.$kind --unsigned
	is "its root is the template" "$(cat "$(tree uni)/etc/kind") $(stat -c %u:%g "$(tree uni)/etc/kind")" "incus 33:44"
	is "and nothing else of it" "$(ls -d "$(tree uni)"/{metadata.yaml,templates,rootfs} 2>/dev/null)" ""
done
like "info tells what it was" "$(vztmpl info uni)" 'From:       incus '
ok "a container of it" vzctl create 801 --ostemplate uni
ok "runs" vzctl start 801
is "and is the image" "$(in_ct 801 cat /etc/kind)" incus
gone 801
is "as one digest, whatever it was packed with" "$(vztmpl list | grep -c '^uni$')" 1

# --- two files ---
tar -C $T/image -caf $T/meta.tar.xz metadata.yaml templates
tar -C $T/image/rootfs -caf $T/rootfs.tar.xz .
mksquashfs $T/image/rootfs $T/rootfs.squashfs -quiet -no-progress -comp zstd >/dev/null 2>&1
rc "nobody vouches for it" 1 vztmpl add $T/meta.tar.xz --rootfs $T/rootfs.tar.xz --name two
like "what to do is said" "$TAP_OUT" "give the image's fingerprint"
rc "another fingerprint" 1 vztmpl add $T/meta.tar.xz --rootfs $T/rootfs.tar.xz --name two --sha256 "$(fingerprint $T/rootfs.tar.xz $T/meta.tar.xz)"
like "is told" "$TAP_OUT" 'the image has the fingerprint [0-9a-f]{64}, not the one given'
ok "metadata and rootfs.tar.xz" vztmpl add $T/meta.tar.xz --rootfs $T/rootfs.tar.xz --name two --sha256 "$(fingerprint $T/meta.tar.xz $T/rootfs.tar.xz)"
is "is the root" "$(cat "$(tree two)/etc/kind")" incus
ok "metadata and rootfs.squashfs" vztmpl add $T/meta.tar.xz --rootfs $T/rootfs.squashfs --name two --sha256 "$(fingerprint $T/meta.tar.xz $T/rootfs.squashfs)"
is "is the root" "$(cat "$(tree two)/etc/kind") $(stat -c %u:%g "$(tree two)/etc/kind")" "incus 33:44"
ok "a container of it" vzctl create 801 --ostemplate two
ok "runs" vzctl start 801
is "and is the image" "$(in_ct 801 cat /etc/kind)" incus
gone 801
ok "a squashfs alone" sh -c "cd $T && vztmpl add rootfs.squashfs --unsigned --name alone"
is "is a root as well" "$(cat "$(tree alone)/etc/kind")" incus

# --- what is none ---
# bad TEXT REGEX ARGUMENTS...: refused, and said so
bad() {
	local text=$1 regex=$2
	shift 2
	rc "$text" 1 vztmpl add "$@" --unsigned --name bad
	like "is told" "$TAP_OUT" "$regex"
}
bad "metadata alone" 'is the metadata of an image in two files: name the other one with --rootfs' $T/meta.tar.xz
bad "a root in place of the metadata" 'there is no metadata.yaml in it' $T/rootfs.tar.xz --rootfs $T/rootfs.squashfs
bad "a root that is missing" 'No such file' $T/meta.tar.xz --rootfs $T/none.squashfs
bad "a root of another kind" 'does not end like a root' $T/meta.tar.xz --rootfs /etc/passwd
meta s390x
tar -C $T/image -caf $T/other.tar.gz metadata.yaml rootfs
bad "for another machine" "the image is for s390x; this host is $(uname -m)" $T/other.tar.gz
printf 'architecture: ../../etc\n' >$T/image/metadata.yaml
tar -C $T/image -caf $T/other.tar.gz metadata.yaml rootfs
bad "an architecture that is none" 'names no architecture that is one' $T/other.tar.gz
rm $T/image/metadata.yaml; ln -s /etc/passwd $T/image/metadata.yaml
tar -C $T/image -caf $T/other.tar.gz metadata.yaml
bad "metadata that is a link to the host" '.' $T/other.tar.gz --rootfs $T/rootfs.squashfs
mv $T/image/rootfs $T/image/real; ln -s /etc $T/image/rootfs
rm -f $T/image/metadata.yaml; meta "$(uname -m)"	# removed first: it is a link to the host's file
tar -C $T/image -caf $T/other.tar.gz metadata.yaml rootfs
bad "a root that is a link to the host" '.' $T/other.tar.gz
size=$(stat -c %s $T/rootfs.squashfs)
for n in 50 96 1000 $((size / 2)) $((size - 5000)); do
	head -c $n $T/rootfs.squashfs >$T/cut.squashfs
	bad "a squashfs of $n bytes" 'damaged, or cannot be read|not a squashfs' $T/cut.squashfs
done
cp $T/rootfs.squashfs $T/cut.squashfs
head -c 4000 /dev/urandom | dd of=$T/cut.squashfs bs=1 seek=$((size / 3)) conv=notrunc status=none
bad "one with noise in it" 'damaged' $T/cut.squashfs
head -c 100000 /dev/urandom >$T/noise.squashfs
bad "noise" 'not a squashfs' $T/noise.squashfs
is "nothing of these stays" "$(half_made; vztmpl list | grep -c bad)" 0
for name in uni two alone; do vztmpl rm $name >/dev/null; done
vztmpl gc >/dev/null
template_trees_done
rm -rf $T
