# SPDX-License-Identifier: GPL-2.0-or-later
# A rebuilt template's old tree and image go when their last user goes: after destroy and reinstall, with a kill -9 of the
# command or of the collector at each step, but not while somebody makes a container, and never under a user.
# seconds: 200
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-9}

T=/tmp/gb
S=/vz/template/store
rm -rf $T; mkdir -p $T/root
for i in 1 2 3; do
	mkdir -p $T/$i && echo $i >$T/root/edition && cp -a /vz/template/cache/vz-base-*.tar.zst $T/$i/gb-os.tar.zst
	(cd $T/root && tar -cf $T/add.tar edition) && zstd -qdc $T/$i/gb-os.tar.zst >$T/$i/gb-os.tar &&
		tar -Af $T/$i/gb-os.tar $T/add.tar && rm $T/$i/gb-os.tar.zst || bail "three editions"
	D[i]=$(sha256sum <$T/$i/gb-os.tar | cut -d' ' -f1)
done
there() { [ -e $S/sha256/${D[$1]:0:2}/${D[$1]} ]; }
not_there() { ! there "$1"; }
marks() { ls $S/marked 2>/dev/null | grep -v later; }
judged() { [ -z "$(marks)" ]; }
edition() { vztmpl add $T/$1/gb-os.tar --unsigned --name gb-os >/dev/null; }

# --- destroy ---
edition 1
ok "two containers" sh -c 'vzctl create 821 --ostemplate gb-os && vzctl create 822 --ostemplate gb-os'
ok "and an image of what they stand on" vztmpl image gb-os
ok "rebuilt" edition 2
soon "the old tree is looked at" 20 judged
is "and stays, they stand on it" "$(there 1 && echo yes)" yes
gone 821
soon "one is destroyed: looked at" 20 judged
is "the other one keeps it" "$(there 1 && echo yes)" yes
ok "and runs" vzctl start 822
is "on the old edition" "$(in_ct 822 cat /edition)" 1
gone 822
soon "the last one: tree and image are gone" 20 not_there 1
is "today's stays" "$(there 2 && echo yes)" yes
soon "no loop device of the image" 10 sh -c "! losetup -l -n -O BACK-FILE | grep '${D[1]}'"

# --- reinstall, a snapshot, a linked clone, the files that a conversion keeps ---
edition 1
vzctl create 821 --ostemplate gb-os >/dev/null
edition 2
ok "reinstall" vzctl reinstall 821 --skipbackup
soon "leaves the old one behind for nobody" 20 not_there 1
gone 821
edition 1
vzctl create 821 --ostemplate gb-os >/dev/null
ok "a linked clone" vzctl clone 821 822 --linked
edition 2
gone 821
soon "looked at" 20 judged
is "a clone is a user" "$(there 1 && echo yes)" yes
gone 822
soon "the last one" 20 not_there 1
edition 1
vzctl create 821 --ostemplate gb-os >/dev/null
edition 2
ok "convert" vzctl convert 821 --layout dir
soon "looked at" 20 judged
is "what the conversion kept is a user" "$(there 1 && echo yes)" yes
rm -rf /vz/private/821.overlay
gone 821
vzctl create 821 --ostemplate gb-os >/dev/null
edition 3
gone 821
soon "and none when it is removed by hand and something else is looked at" 20 not_there 1
soon "which went" 20 not_there 2

# --- not while somebody creates ---
edition 1
vzctl create 821 --ostemplate gb-os >/dev/null
edition 2
soon "before" 20 judged
flock -s $S/gc.lock sleep 1000 &
HOLDER=$!
soon "somebody makes a container" 20 sh -c "! flock -n -x $S/gc.lock true"
ok "destroy does not wait for him" timeout 60 vzctl destroy 821
sleep 6
is "and nothing is removed" "$(there 1 && echo yes)" yes
is "but remembered" "$(marks)" "${D[1]}"
kill $HOLDER $(pgrep -P $HOLDER) 2>/dev/null
wait $HOLDER 2>/dev/null
ok "whoever comes next" vzctl create 821 --ostemplate vz-base
soon "lets it be removed" 20 not_there 1
gone 821

# --- killed at each step ---
gone_soon() { sh -c "for i in \$(seq 400); do [ -e $S/sha256/${D[1]:0:2}/${D[1]} ] || [ -n \"\$(ls /vz/template/tmp)\" ] || [ -n \"\$(ls $S/marked)\" ] || exit 0; sleep 0.1; done; ls $S/marked /vz/template/tmp; exit 1"; }
old() {
	must 0 edition 1
	must 0 vzctl create 821 --ostemplate gb-os
	must 0 edition 2
}
collected() {
	must "0 14" vzctl start 821
	if [ -e /etc/vz/conf/821.conf ]; then
		must 0 sh -c 'vzctl exec 821 cat /edition | grep -qx 1'
		must 0 vzctl stop 821 --fast
		must 0 vzctl destroy 821
	fi
	must 0 vzctl create 821 --ostemplate gb-os	# comes by
	must 0 gone_soon
	must 0 test -e "$S/sha256/${D[2]:0:2}/${D[2]}/manifest"
	must 0 vzctl destroy 821
}
forget() { rm -f /etc/vz/conf/821.conf.destroyed; }
edition 2
crash "destroy of the last user" old collected forget vzctl destroy 821

# Somebody was killed before he could start the collector; and nobody else's is at work any more.
idle() { sh -c "for i in \$(seq 400); do [ -n \"\$(ls $S/marked 2>/dev/null)\" ] || ! flock -n -x $S/gc.lock true || exit 0; sleep 0.1; done; exit 1"; }
left() {
	must 0 edition 1
	must 0 idle
	cp $T/2/gb-os.tar /vz/template/cache/
	mkdir -p $S/marked && : >"$S/marked/${D[1]}"
}
again() {
	must 0 vztmpl gc --marked
	must 0 gone_soon
	must 0 idle
	must 0 edition 2
}
POINTS=12
crash "the collector" left again nothing vztmpl gc --marked
vztmpl rm gb-os >/dev/null
soon "without its archive the last tree goes as well" 20 not_there 2
rm -rf $T $S/marked
