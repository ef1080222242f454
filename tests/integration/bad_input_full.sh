# SPDX-License-Identifier: GPL-2.0-or-later
# seconds: 150
# A disk that is full, stays full, or breaks, at each call of every verb of the storage that stores something, in the program
# and in all that it starts: it fails and says why, or it had no need of that call; what was there is whole, nothing
# half-made is found, and the next command works.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/integration/points_lib.sh"
# For each verb so many points, evenly spread, and the kinds of failure in turn; with VZTEST_ALL=1 all kinds at each, and all layouts.
POINTS=${VZTEST_POINTS:-2}
ONLY=${VZTEST_ONLY:-}
W=/vz/fulltest
mkdir -p $W

# one ARGS CMD...: the command, with that failure
one() {
	local args=$1 rc rests
	shift
	timeout 200 "$FAILAT" $args -- "$@" >/tmp/full.out 2>&1 </dev/null
	rc=$?
	grep -q '^failat: ' /tmp/full.out && rc=125
	case $rc in
	0) went=$((went + 1)) ;;
	124 | 125) wrong="$wrong
at $point: ended with $rc: $(tail -n 2 /tmp/full.out | tr '\n' '|')" ;;
	*)
		failed=$((failed + 1))
		grep -Eq 'No space left on device|Input/output error' /tmp/full.out || wrong="$wrong
at $point: does not say why, status $rc: $(tail -n 3 /tmp/full.out | tr '\n' '|')"
		rests=$(half_made)
		[ -z "$rests" ] || wrong="$wrong
at $point: leaves /vz/template/tmp/$rests"
		;;
	esac
}

# points TOTAL: as many as asked for, evenly spread; then others between them, for a command that could do without those.
points() {
	local step=$((($1 + POINTS - 1) / POINTS)) more=$((($1 + 11) / 12))
	seq $(((step + 1) / 2)) "$step" "$1"
	seq $(((more + 1) / 2)) "$more" "$1"
}

# full TEXT PREPARE REPAIR UNDO CMD...: as crash() of crash_lib.sh
full() {
	local text=$1 prepare=$2 repair=$3 undo=$4 total i k=0 kinds kind failed=0 went=0 before
	local how=("-e ENOSPC" "-e ENOSPC -s" "-e EIO")
	shift 4
	case $text in *$ONLY*) ;; *) return ;; esac
	count_calls "$FAILAT" -c -t -- "$@"
	for i in $(points "$total"); do
		[ $k -lt "$POINTS" ] || [ $failed = 0 ] || break
		kinds="$((k++ % 3))"
		[ -z "${VZTEST_ALL:-}" ] || kinds="0 1 2"
		for kind in $kinds; do
			point="call $i of $total, ${how[kind]}"
			before=${#wrong}
			$prepare
			one "${how[kind]} -n $i" "$@"
			$repair
			$undo
			point_end "$before" failat "$i" "it said: $(tail -n 2 /tmp/full.out | tr '\n' '|')"
		done
		! too_many 12 || break
	done
	echo "# $text: $total calls, failed $failed, went on $went"
	[ $failed -gt 0 ] || wrong="$wrong
none of $went points made it fail"
	if [ -z "$wrong" ]; then
		pass "$text, no space or a broken disk at $((failed + went)) points"
	else
		fail "$text, no space or a broken disk at $((failed + went)) points" "$wrong"
	fi
	points_done
}

# --- create, in each layout ---
made() {
	must "0 44" vzctl create 871 --ostemplate vz-base --layout $L --diskspace 300M
	must 0 vzctl start 871
	must 0 vzctl exec 871 true
}
drop() { gone 871; }
for L in ${VZTEST_ALL:+dir btrfs} overlay image; do
	full "create ($L)" nothing made drop vzctl create 871 --ostemplate vz-base --layout $L --diskspace 300M
done
new 871 --name full
gone_871() { must "0 14 43" vzctl destroy 871; }
again_871() { must 0 vzctl create 871 --ostemplate vz-base --name full; }
full "destroy" nothing gone_871 again_871 vzctl destroy 871
gone 871

# --- snapshots and clones ---
A='{aaaaaaaa-0000-4000-8000-000000000001}' B='{bbbbbbbb-0000-4000-8000-000000000002}'
state() { must 0 sh -c "vzctl start 872 && vzctl exec 872 'echo $1 >/root/state' && vzctl stop 872 --fast"; }
holds() {
	must 0 vzctl start 872
	must 0 sh -c "vzctl exec 872 cat /root/state | grep -qx '$1'"
	must 0 vzctl stop 872 --fast
	must 0 vzctl snapshot-list 872
}
wipe() {
	local id
	for id in $(vzctl snapshot-list 872 -H -o uuid); do
		must 0 vzctl snapshot-delete 872 --id "$id"
	done
}
whole() { holds 0; must "0 156" vzctl snapshot 872 --id $A; }
run_872() { must 0 vzctl start 872; }
thawed() {
	must 0 timeout 60 vzctl exec 872 true
	must "0 156" vzctl snapshot 872 --id $A
	must 0 vzctl stop 872 --fast
	holds 0
}
down() { vzctl stop 872 --fast >/dev/null 2>&1; wipe; }
two() { must 0 vzctl snapshot 872 --id $A; state 1; }
# the files are those of the snapshot that the tree says
either() {
	local at
	must 0 vzctl start 872
	at="$(vzctl exec 872 cat /root/state </dev/null) $(cat /vz/private/872/snap/snapshots /vz/private/872.snap/snapshots 2>/dev/null |
		sed -n 's/^CURRENT="*\(.\).*/\1/p')"
	must 0 vzctl stop 872 --fast
	case $at in "0 a" | "2 b") ;; *) wrong="$wrong
at $point: files and current snapshot: $at" ;; esac
	must 0 vzctl snapshot-switch 872 --id $A
	holds 0
}
three() { two; must 0 vzctl snapshot 872 --id $B; state 2; }
merged() {
	holds 2
	must "0 158" vzctl snapshot-delete 872 --id $A
	must 0 vzctl snapshot-switch 872 --id $B
	holds 1
	state 0
}
cloned() {
	holds 0
	must "0 44" vzctl clone 872 873 $FULL
	must 0 sh -c 'vzctl start 873 && vzctl exec 873 cat /root/state | grep -qx 0 && vzctl stop 873 --fast'
}
unclone() { must 0 vzctl destroy 873; wipe; }
for L in ${VZTEST_ALL:+dir image} overlay btrfs; do
	vzctl create 872 --ostemplate vz-base --layout $L --diskspace 300M >/dev/null
	state 0
	must 0 vzctl snapshot 872 --id $A
	wipe
	full "snapshot of a stopped one ($L)" nothing whole wipe vzctl snapshot 872 --id $A
	full "snapshot of a running one ($L)" run_872 thawed down vzctl snapshot 872 --id $A
	POINTS=$((POINTS * 2)) full "snapshot-switch ($L)" three either wipe vzctl snapshot-switch 872 --id $A
	full "snapshot-delete ($L)" three merged wipe vzctl snapshot-delete 872 --id $A
	[ $L = overlay ] && FULL= full "linked clone ($L)" nothing cloned unclone vzctl clone 872 873
	FULL=--full full "full clone ($L)" nothing cloned unclone vzctl clone 872 873 --full
	gone 872
done

# --- convert ---
FROM=overlay
arrive() { must 0 vzctl create 874 --ostemplate vz-base --layout $FROM --diskspace 300M; must 0 sh -c 'vzctl start 874 && vzctl exec 874 "echo 0 >/root/state" && vzctl stop 874 --fast'; }
converted() {
	must 0 vzctl status 874
	must "0 155" vzctl convert 874 --layout $L
	must 0 sh -c 'vzctl start 874 && vzctl exec 874 cat /root/state | grep -qx 0 && vzctl stop 874 --fast'
	must 1 test -e /vz/private/874.tmp
}
leave() {
	local d
	gone 874
	for d in /vz/private/874*; do
		[ -e "$d" ] || continue
		find "$d" -depth -inum 256 -exec btrfs -q subvolume delete {} \; >/dev/null 2>&1
		rm -rf "$d"
	done
}
for L in ${VZTEST_ALL:+dir btrfs} image; do
	full "convert to $L" arrive converted leave vzctl convert 874 --layout $L
done
FROM=dir L=overlay
full "convert to overlay" arrive converted leave vzctl convert 874 --layout overlay

# --- templates ---
base=$(readlink -f /vz/template/cache/vz-base-*.tar.zst)
mkdir -p $W/srv $W/root
tar -C $W/root --zstd -xpf "$base"
echo mine >$W/root/etc/mine
tar -C $W/root --zstd -cpf $W/srv/mine.tar.zst .
vztmpl keygen $W/me >/dev/null; mkdir -p /etc/vz/keys; cp $W/me.pub /etc/vz/keys/
vztmpl index $W/srv --sign $W/me.sec >/dev/null
have() {
	must 0 sh -c "vztmpl list | grep -qx mine || $1"
	must 0 vztmpl verify mine
	must 0 vzctl create 875 --ostemplate mine
	must 0 sh -c 'vzctl start 875 && vzctl exec 875 cat /etc/mine | grep -qx mine && vzctl stop 875 --fast'
	gone 875
}
forget() { vztmpl rm mine >/dev/null 2>&1; vztmpl gc >/dev/null 2>&1; rm -f /var/lib/vz/index*; }
added() { have "vztmpl add $W/srv/mine.tar.zst --unsigned"; }
full "vztmpl add" nothing added forget vztmpl add $W/srv/mine.tar.zst --unsigned
pulled() { have "vztmpl pull $W/srv"; }
full "vztmpl pull" nothing pulled forget vztmpl pull $W/srv
mkdir -p $W/mine/chroot.d
printf 'NAME="mine"\nARCH="amd64"\nBUILDER="base"\nBASE="%s"\n' "$(vztmpl list | grep vz-base)" >$W/mine/recipe.conf
echo 'echo mine >/etc/mine' >$W/mine/chroot.d/10-mine
built() { have "vztmpl build $W/mine"; }
full "vztmpl build" nothing built forget vztmpl build $W/mine
new 876
must 0 sh -c 'vzctl start 876 && vzctl exec 876 "echo mine >/etc/mine" && vzctl stop 876 --fast'
saved() { must 0 vzctl repair 876; have "vztmpl save 876 mine"; }
full "vztmpl save" nothing saved forget vztmpl save 876 mine
add_mine() { must 0 vztmpl add $W/srv/mine.tar.zst --unsigned; }
imaged() { must 0 vztmpl image mine; have false; }
full "vztmpl image" add_mine imaged forget vztmpl image mine
gone 876

# --- pools ---
pool() { add_mine; mkdir $W/pool; must 0 vzpool create $W/pool; }
pooled() { must 0 vzpool add $W/pool mine; must 0 vzpool verify $W/pool; }
unpool() { rm -rf $W/pool; forget; }
full "vzpool add" pool pooled unpool vzpool add $W/pool mine

# --- backups ---
up 877
vzctl exec 877 'echo 0 >/root/state; dd if=/dev/urandom of=/root/noise bs=64k count=40 2>/dev/null'
settled 877
mkdir -p $W/keep $W/dump
vzdump 877 --quiet --dumpdir $W/keep
archive=$(ls $W/keep/*.zst)
backed() {
	must 0 sh -c "for f in \$(ls $W/dump); do vzdump --quiet --check $W/dump/\$f || exit 1; done"
	must 0 vzctl backup 877 --dumpdir $W/dump
	must 0 sh -c 'test -z "$(ls -A /vz/private/877/snap | grep -v ^snapshots$)"'
	must 0 vzctl exec 877 true
}
no_dumps() { rm -rf $W/dump; mkdir $W/dump; }
full "backup" nothing backed no_dumps vzctl backup 877 --dumpdir $W/dump
restored() {
	must "0 44" sh -c "test -e /etc/vz/conf/878.conf || vzrestore --quiet $archive 878"
	must 0 sh -c 'vzctl start 878 && vzctl exec 878 cat /root/state | grep -qx 0 && vzctl stop 878 --fast'
	must 1 test -e /vz/private/878.tmp
}
none() { gone 878; }
full "restore" nothing restored none vzrestore $archive 878
# one that builds on another: that one is what it was, and so is the container
one_dump() { no_dumps; cp $archive $W/dump/; }
increment() {
	must 0 cmp $archive $W/dump/${archive##*/}
	must 0 sh -c "for f in \$(ls $W/dump); do vzdump --quiet --check $W/dump/\$f || exit 1; done"
	must 0 vzctl backup 877 --incremental --dumpdir $W/dump
	must 0 sh -c "vzrestore --quiet \$(ls -t $W/dump/*.inc.* | head -n 1) 878 && vzctl destroy 878"
	must 0 sh -c 'test -z "$(ls -A /vz/private/877/snap | grep -v ^snapshots$)"'
	no_dumps
}
full "incremental backup" one_dump increment no_dumps vzctl backup 877 --incremental --dumpdir $W/dump
# a restore over one that exists
here() { must 0 vzrestore --quiet $archive 878; must 0 sh -c 'vzctl start 878 && vzctl exec 878 "echo 1 >/root/state" && vzctl stop 878 --fast'; }
over() {
	must 0 vzctl repair 878
	must 0 sh -c 'vzctl start 878 && vzctl exec 878 cat /root/state | grep -qx "[01]" && vzctl stop 878 --fast'
	must 0 vzrestore --quiet --force $archive 878
	must 1 test -e /vz/private/878.tmp
}
full "restore over one that exists" here over none vzrestore --force $archive 878
part() {
	[ ! -e $W/to ] || must 0 cmp $W/to/root/noise $W/noise
	rm -rf $W/to
	must 0 vzrestore --quiet $archive --file root/noise --to $W/to
}
unpart() { rm -rf $W/to; }
must 0 vzrestore --quiet $archive --file root/noise --to $W/to; cp $W/to/root/noise $W/noise; rm -rf $W/to
full "single file" nothing part unpart vzrestore $archive --file root/noise --to $W/to
gone 877
rm -rf $W /etc/vz/keys /etc/vz/backup.key
