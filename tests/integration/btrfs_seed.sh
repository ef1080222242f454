# SPDX-License-Identifier: GPL-2.0-or-later
# Layout btrfs with simple quotas: a template is unpacked once, into a read-only subvolume, and roots are snapshots of it:
# no space, limits of their own, nothing seen of each other; it goes with its archive, at whatever step something is killed.
# seconds: 200
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-14}

quotas() { # off, simple or full
	python3 - "$1" <<-'PY'
		import fcntl, os, struct, sys
		cmd = {"full": 1, "off": 2, "simple": 4}[sys.argv[1]]
		fd = os.open("/vz", os.O_RDONLY)
		fcntl.ioctl(fd, 0xc0109428, struct.pack("QQ", cmd, 0))
	PY
	case $?$1 in 0full) btrfs quota rescan -w /vz >/dev/null 2>&1 || : ;; 0*) ;; *) return 1 ;; esac	# which counts from then on
}
S=/vz/template/store/btrfs
quotas off && quotas simple 2>/dev/null || { quotas full; skip "seeds" "this kernel has no simple quotas of btrfs (Linux 6.7)"; exit 0; }

T=/tmp/sd
mkdir -p $T/root/sbin $T/root/bin $T/root/etc $T/root/data && cp /bin/busybox $T/root/bin/busybox && ln -s busybox $T/root/bin/sh
printf 'null::respawn:/bin/busybox sleep 1000\n' >$T/root/etc/inittab && ln -s ../bin/busybox $T/root/sbin/init
head -c 20000000 /dev/urandom >$T/root/data/big && chown 1000:1001 $T/root/data && chmod 750 $T/root/data
for i in 1 2; do echo $i >$T/root/edition && mkdir $T/$i && tar -C $T/root -cf $T/$i/sd-os.tar . && D[i]=$(sha256sum <$T/$i/sd-os.tar | cut -d' ' -f1); done
edition() { vztmpl add $T/$1/sd-os.tar --unsigned --name sd-os >/dev/null; }
make() { vzctl create "$1" --ostemplate sd-os --layout btrfs "${@:2}"; }
used() { # ID: KiB that count against it
	btrfs -q filesystem sync /vz
	vzlist -H -o diskspace "$1" | tr -d ' '
}

edition 1
ok "the first root" make 651
is "its template is one subvolume" "$(ls $S)" "${D[1]}"
is "that nobody can write" "$(btrfs property get -ts "$S/${D[1]}" ro)" ro=true
is "nothing half-made" "$(half_made)" ""
made=$(stat -c %W "$S/${D[1]}/edition")
ok "the second" make 652 --diskspace 30M
is "of the same" "$(ls $S; stat -c %W "$S/${D[1]}/edition")" "${D[1]}
$made"
between "takes no space" "$(used 652)" 0 900
ok "both start" sh -c 'vzctl start 651 && vzctl start 652'
is "the files are the template's" "$(in_ct 652 'stat -c %a:%u:%g /data; sha256sum </data/big')" "750:1000:1001
$(sha256sum <$T/root/data/big)"
ok "one writes" vzctl exec 651 'echo mine >/edition && rm /data/big'
is "the other sees nothing of it" "$(in_ct 652 'cat /edition; ls /data')" "1
big"
rc "its own limit holds" 1 vzctl exec2 652 'dd if=/dev/zero of=/fill bs=1M count=60 2>/dev/null && sync'
between "for what it wrote" "$(used 652)" 20000 31500
ok "a snapshot, and back" sh -c 'vzctl snapshot 651 --id 11111111-2222-4333-8444-555555555555 && vzctl stop 651 --fast && vzctl snapshot-switch 651 --id 11111111-2222-4333-8444-555555555555'

ms() { # COMMAND...: the best of five
	local i a
	for i in 1 2 3 4 5; do
		a=$EPOCHREALTIME
		"$@" >/dev/null 2>&1
		awk -v a="$a" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'
		vzctl --quiet destroy 654 >/dev/null 2>&1
	done | sort -n | head -n 1
}
echo "# create of 20 MB, best of five, ms: btrfs $(ms make 654), overlay $(ms vzctl create 654 --ostemplate sd-os --layout overlay), dir $(ms vzctl create 654 --ostemplate sd-os --layout dir)"

edition 2
soon "with the name of its archive it goes" 20 sh -c "! [ -e $S/${D[1]} ]"
ok "roots do not need it" vzctl start 651
is "and have all" "$(in_ct 651 cat /edition; in_ct 652 'sha256sum </data/big')" "mine
$(sha256sum <$T/root/data/big)"
ok "a new root" make 653
is "has the new edition" "$(cat /vz/private/653/root/edition)" 2
ok "reinstall" vzctl reinstall 653 --skipbackup
is "as well" "$(cat /vz/private/653/root/edition; ls $S)" "2
${D[2]}"
gone 651 652 653
is "it is not theirs to take" "$(ls $S)" "${D[2]}"
ok "an archive that is a copy of it" cp $T/2/sd-os.tar $T/other.tar
ok "needs no other one" vzctl create 653 --ostemplate $T/other.tar --layout btrfs
is "there is one" "$(ls $S)" "${D[2]}"
gone 653
vztmpl rm sd-os >/dev/null
soon "gone with its archive" 20 sh -c "[ -z \"\$(ls $S)\" ]"
quotas off && quotas full
edition 1
ok "where quotas count what is shared" make 651
is "roots are unpacked" "$(ls $S)" ""
gone 651
quotas off && quotas simple

# --- killed at each step ---
cold() { for d in "$S"/*; do [ ! -e "$d" ] || btrfs -q subvolume delete "$d" >/dev/null; done; }
repair() {
	must "0 44" make 651
	must 0 test "$(ls $S)" = "${D[1]}"
	must 0 vzctl start 651
	must 0 sh -c 'vzctl exec 651 cat /edition | grep -qx 1'
	must 0 vzctl stop 651 --fast
	must 0 test -z "$(half_made)"
}
undo() { must 0 vzctl --quiet destroy 651; }
rm $T/root/data/big && echo 1 >$T/root/edition && tar -C $T/root -cf $T/1/sd-os.tar . && D[1]=$(sha256sum <$T/1/sd-os.tar | cut -d' ' -f1)
edition 1
crash "create of the first root" cold repair undo vzctl create 651 --ostemplate sd-os --layout btrfs
idle() { sh -c "for i in \$(seq 300); do ls /vz/template/store/marked 2>/dev/null | grep -q . || ! flock -n -x /vz/template/store/gc.lock true || exit 0; sleep 0.1; done; exit 1"; }
marked() {	# by who was killed before he could start the collector
	must 0 edition 1
	must 0 make 651
	must 0 idle
	cp $T/2/sd-os.tar /vz/template/cache/
	must 0 vztmpl info sd-os
	mkdir -p /vz/template/store/marked && : >/vz/template/store/marked/"${D[1]}"
}
collected() {
	must 0 vztmpl gc --marked
	must 0 sh -c "for i in \$(seq 400); do [ -e $S/${D[1]} ] || exit 0; sleep 0.1; done; exit 1"
	must 0 vzctl start 651
	must 0 vzctl stop 651 --fast
}
POINTS=8
crash "the collector" marked collected undo vztmpl gc --marked
vztmpl rm sd-os >/dev/null
soon "nothing is left" 20 sh -c "[ -z \"\$(ls $S)\" ]"
rmdir $S
rm -rf $T /vz/template/store/marked
quotas off && quotas full
