# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody has damaged by hand: the tree of snapshots, layers, the store of templates, archives. It is refused with
# words that name the thing, nothing is lost, and what is put right works again.
. "$TOP/tests/integration/lib.sh"

A=aaaaaaaa-0000-4000-8000-000000000001 B=bbbbbbbb-0000-4000-8000-000000000002 C=cccccccc-0000-4000-8000-000000000003
new 881
area=/vz/private/881
for s in $A $B; do
	vzctl start 881 >/dev/null && vzctl exec 881 "echo $s >/root/state" >/dev/null && vzctl stop 881 --fast >/dev/null
	vzctl snapshot 881 --id "{$s}" >/dev/null || bail "a snapshot"
done
T=$area/snap/snapshots
cp $T /tmp/tree.good
find $area -printf '%P %y %s\n' | sort >/tmp/area.good

# broken TEXT REGEX: with the file as it is now every verb refuses, says so, and changes nothing
broken() {
	local text=$1 regex=$2 cmd wrong= out rc
	cp $T /tmp/tree.bad
	for cmd in "snapshot 881" "snapshot-switch 881 --id {$A}" "snapshot-delete 881 --id {$A}" "snapshot-list 881" \
		"convert 881 --layout dir"; do
		out=$(timeout 60 vzctl $cmd 2>&1 </dev/null)
		rc=$?
		[ $rc != 0 ] && [ $rc -lt 124 -o $rc -gt 139 ] || [ $rc = 139 -o $rc = 131 ] || wrong="$wrong
$cmd gave $rc: $out"
		[[ $out =~ $regex ]] || wrong="$wrong
$cmd said: $out"
	done
	cmp -s $T /tmp/tree.bad || wrong="$wrong
the file was changed"
	[ -z "$wrong" ] && pass "$text" || fail "$text" "$wrong"
	rm -f $T; cp /tmp/tree.good $T
}
sed -i "s/^PARENT=.*/PARENT=\"$B\"/" $T; broken "a snapshot that is its own parent" "has the parent .*which is not listed before it"
{ cat /tmp/tree.good; printf 'GUID="%s"\nPARENT="%s"\nDATE="1"\n' $C $C; } >$T; broken "a circle" "snapshots"
sed -i "s/^PARENT=.*/PARENT=\"$C\"/" $T; broken "a parent that is not there" "$C"
{ cat /tmp/tree.good; printf 'GUID="%s"\nDATE="1"\n' $A; } >$T; broken "a snapshot that is there twice" "$A"
sed -i "s/^GUID=.*$A.*/GUID=\"..\/..\/etc\"/" $T; broken "an id that is a path" 'is not the id of a snapshot'
sed -i "s/^CURRENT=.*/CURRENT=\"$C\"/" $T; broken "a current one that is not there" "$C|CURRENT"
sed -i 's/^DATE=.*/DATE="yesterday"/' $T; broken "a date that is none" 'is not a time in seconds'
head -c 200000 /dev/zero | tr '\0' x >$T; broken "one long line" 'snapshots'
for i in $(seq 30000); do echo "GUID=\"$A\""; done >$T; broken "a huge file" 'snapshots'
head -c 5000 /dev/urandom >$T; broken "noise" 'snapshots'
: >$T; broken "an empty file" 'snapshots is empty: restore it'
rm $T; mkdir $T
tap_run vzctl snapshot 881
[ "$TAP_RC" = 156 ] && like "a directory in its place" "$TAP_OUT" 'snapshots' || fail "a directory in its place" "$TAP_OUT"
rmdir $T; ln -s /etc/passwd $T
tap_run vzctl snapshot 881
[ "$TAP_RC" = 156 ] && like "a link in its place" "$TAP_OUT" 'snapshots' || fail "a link in its place" "$TAP_OUT"
is "is not written through" "$(head -c 5 /etc/passwd)" root:
rm $T; cp /tmp/tree.good $T
find $area -printf '%P %y %s\n' | sort >/tmp/area.now
is "the files are as they were" "$(diff /tmp/area.good /tmp/area.now)" ""
ok "put right, it works" vzctl snapshot-switch 881 --id "{$A}"
ok "and starts" vzctl start 881
is "with what it had then" "$(in_ct 881 cat /root/state)" $A
vzctl stop 881 --fast >/dev/null

# --- layers ---
cp $area/layers /tmp/layers.good
mv $area/snap/$A /tmp/layer.away
rc "a layer that is gone: no start" 43 sh -c 'vzctl start 881 >/tmp/out 2>&1; rc=$?; [ $rc = 0 ] && exit 0; exit 43'
like "it is named" "$(cat /tmp/out)" "$A"
mv /tmp/layer.away $area/snap/$A
ok "back, it starts" vzctl start 881
vzctl stop 881 --fast >/dev/null
# layers TEXT CONTENT: a file `layers` of that content
layers() {
	printf "$2" >$area/layers
	tap_run timeout 60 vzctl start 881
	[ "$TAP_RC" != 0 ] && [ "$TAP_RC" -lt 124 ] && [ -n "$TAP_OUT" ] && pass "$1" || { fail "$1" "$TAP_RC $TAP_OUT"; vzctl stop 881 --fast >/dev/null 2>&1; }
	cp /tmp/layers.good $area/layers
}
layers "a digest that is none" 'xyz\n'
layers "a digest that nobody has" "$(printf %064d 7)\n"
layers "a path in place of a digest" '../../../etc\n'
layers "a snapshot that is a path" 'snap:../../etc\n'
layers "an empty list" ''
head -c 3000 /dev/urandom >$area/layers
tap_run timeout 60 vzctl start 881
[ "$TAP_RC" != 0 ] && [ "$TAP_RC" -lt 124 ] && pass "noise" || fail "noise" "$TAP_RC $TAP_OUT"
cp /tmp/layers.good $area/layers
ok "put right, it starts" vzctl start 881
vzctl stop 881 --fast >/dev/null

# --- the store of templates ---
digest=$(grep -v : $area/layers | tail -n 1)
entry=/vz/template/store/sha256/${digest:0:2}/$digest
mv $entry /tmp/entry.away
tap_run vzctl start 881
[ "$TAP_RC" != 0 ] && pass "a tree that is gone: no start" || fail "a tree that is gone: no start" "$TAP_OUT"
like "its digest is named" "$TAP_OUT" "${digest:0:12}"
ok "a new container has it unpacked again" vzctl create 882 --ostemplate vz-base
ok "and then the old one starts" vzctl start 881
is "with its files" "$(in_ct 881 cat /root/state)" $A
gone 882
vzctl stop 881 --fast >/dev/null
rm -rf /tmp/entry.away
# every file of an entry: cut, another's, a directory, gone. Told with the path and the cure, which then works.
B=vz-base-$(uname -m)
cp -a $entry /tmp/entry.good
# back: as it was; the one that was here is not written to, since somebody may still have it mounted
back() { rm -rf $entry; cp -a /tmp/entry.good $entry; }
told() { like "  $1" "$(cat /tmp/out)" "$entry/$2 is damaged: .*; $3"; }
damage() {
	case $1 in
	cut) truncate -s 10 "$2" ;;
	noise) head -c 3000 /dev/urandom >"$2" ;;
	directory) rm -f "$2"; mkdir "$2" ;;
	gone) rm -f "$2" ;;
	esac
}
for how in noise directory gone; do
	damage $how $entry/manifest
	rc "manifest, $how: info" 1 sh -c "vztmpl info $B >/tmp/out 2>&1"
	told "is told" manifest "'vztmpl verify NAME' writes it anew"
	like "  list has it" "$(vztmpl list -l)" "$B +/vz/template/store.*is damaged"
	ok "  containers start" vzctl start 881
	vzctl stop 881 --fast >/dev/null
	ok "  verify" vztmpl verify $B
	ok "  has put it right" vztmpl info $B
done
for how in cut noise directory gone; do
	for file in info data; do
		back
		vztmpl image $B >/dev/null || bail "an image"
		damage $how $entry/image/$file
		for cmd in "vztmpl verify $B" "vzctl start 881"; do
			tap_run timeout 60 $cmd
			echo "$TAP_OUT" >/tmp/out
			[ "$TAP_RC" != 0 ] && pass "image/$file, $how: $cmd" || fail "image/$file, $how: $cmd" "$TAP_OUT"
			told "is told" image "'vztmpl image NAME' makes it anew"
		done
	done
	ok "made anew" vztmpl image $B
	ok "it is sound" vztmpl verify $B
	ok "and containers start" vzctl start 881
	vzctl stop 881 --fast >/dev/null
done
back
vztmpl image $B --format none >/dev/null
cp -a $entry /tmp/entry.tree
file=$(cd $entry/tree && find . -type f -size +0 | head -n 1)
for how in cut noise gone; do
	rm -rf $entry; cp -a /tmp/entry.tree $entry
	damage $how $entry/tree/$file
	rc "a file of a tree, $how: verify" 1 sh -c "vztmpl verify $B >/tmp/out 2>&1"
	told "is told" tree "when no container runs on it"
done
rm -rf $entry; cp -a /tmp/entry.tree $entry
: >$entry/tree/more
rc "a file more: verify" 1 vztmpl verify $B
rm -rf $entry/tree; : >$entry/tree
rc "a file in place of the tree: start" 1 sh -c 'vzctl start 881 >/tmp/out 2>&1 || exit 1'
told "is told" tree "when no container runs on it"
back
rm -rf /tmp/entry.good /tmp/entry.tree
mkdir -p /vz/template/tmp/zzz/tree; echo x >/vz/template/tmp/zzz/tree/file
rm -rf /vz/template/store/by-archive; : >/vz/template/store/by-archive
tap_run vzctl create 882 --ostemplate vz-base
is "a file where the store has a directory: no create" "$([ "$TAP_RC" != 0 ] && echo refused)" refused
like "is named" "$TAP_OUT" 'by-archive'
rm -f /vz/template/store/by-archive
ok "put right, create works" vzctl create 882 --ostemplate vz-base
is "and what lay about is swept" "$(half_made)" ""
gone 881 882
rm -f /tmp/tree.* /tmp/area.* /tmp/layers.good /tmp/out
