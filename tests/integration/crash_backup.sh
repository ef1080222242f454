# SPDX-License-Identifier: GPL-2.0-or-later
# Backups and restores killed at each step, archives that are cut short or damaged, and disks that are full: what was there
# before is whole, nothing half-made is found, and the next command works.
# seconds: 160
. "$TOP/tests/integration/backup_lib.sh"
. "$TOP/tests/integration/crash_lib.sh"
POINTS=${VZTEST_POINTS:-6}

mkdir -p $W/keep
up 911
in_ct 911 'mkdir /srv/x; for i in 1 2 3 4 5; do echo $i >/srv/x/$i; done'
settled 911
vzdump 911 --quiet --dumpdir $W/keep
A=$(ls $W/keep/*.zst)

# a backup of a running container
backed_up() {
	must 0 vzctl backup 911 --dumpdir $D
	must 0 sh -c 'for f in '$D'/*; do vzdump --quiet --check $f || exit 1; done'
	must 0 sh -c 'test -z "$(ls -A /vz/private/911/snap | grep -v ^snapshots$)"'
	must 0 sh -c 'vzlist -H -o status 911 | grep -q running'
	must 0 vzctl exec 911 true
}
no_dumps() {
	rm -rf $D
	mkdir -p $D
}
crash "backup" nothing backed_up no_dumps vzctl backup 911 --dumpdir $D
FOLLOW=-f
crash "backup, and its reader killed" nothing backed_up no_dumps vzctl backup 911 --dumpdir $D
FOLLOW=

# stopped for it: it runs again, whatever was killed and when
running() {
	must 0 vzctl --quiet start 911
}
again() {
	must 0 vzctl --quiet repair 911
	must 0 sh -c 'vzlist -H -o status 911 | grep -q running'
	must 0 timeout 60 vzctl exec 911 true
	must 1 test -e /var/lib/vz/intent/911.restart
	must 0 sh -c 'for f in '$D'/*; do [ ! -e $f ] || vzdump --quiet --check $f || exit 1; done'
}
down() {
	vzctl --quiet stop 911 --fast
	no_dumps
}
vzctl --quiet stop 911 --fast
crash "backup --stop" running again down vzctl backup 911 --stop --dumpdir $D
vzctl --quiet start 911
rc "start does what a killed backup had to do" 0 sh -c 'vzctl stop 911 --fast && : >/var/lib/vz/intent/911.restart && vzctl start 911'
is "and the word is gone" "$(ls /var/lib/vz/intent/911.restart 2>&1 | grep -c 'No such')" 1
ok "stop leaves it down" sh -c 'vzctl stop 911 --fast && : >/var/lib/vz/intent/911.restart && vzctl stop 911 --fast'
is "for good" "$(vzctl --quiet repair 911; vzlist -a -H -o status 911)" stopped
vzctl --quiet start 911

# a restore
restored() {
	must 0 vzctl --quiet repair 912
	[ -e /etc/vz/conf/912.conf ] || must 0 vzrestore --quiet $A 912
	must 0 cmp /vz/private/911/upper/srv/x/5 /vz/private/912/upper/srv/x/5
	must 1 test -e /vz/private/912.tmp
	must 1 test -e /var/lib/vz/intent/912
	must 0 vzctl --quiet start 912
}
none() {
	gone 912
}
crash "restore" nothing restored none vzrestore $A 912
FOLLOW=-f
crash "restore, and its helpers killed" nothing restored none vzrestore $A 912
FOLLOW=

# a restore over one that exists: it has the old files or the new ones, all of them
vzrestore --quiet $A 914
over() {
	must 0 vzctl --quiet repair 914
	must 0 cmp /vz/private/911/upper/srv/x/5 /vz/private/914/upper/srv/x/5
	must 0 grep -q HOSTNAME=.stays /etc/vz/conf/914.conf
	must 1 test -e /vz/private/914.tmp
	must 0 vzrestore --quiet --force $A 914
	must 1 test -e /var/lib/vz/intent/914
}
vzctl --quiet set 914 --hostname stays --save
crash "restore over one that exists" nothing over nothing vzrestore --force $A 914
gone 914

# cut short, damaged
size=$(stat -c %s $A)
wrong=
for i in $(seq 1 20); do
	cp $A $W/bad.zst
	if [ $((i % 2)) = 0 ]; then
		truncate -s $((size * i / 21)) $W/bad.zst
	else
		printf "\\x$(printf %02x $((RANDOM % 256 ^ 1)))\\x5a\\xa5" | dd of=$W/bad.zst bs=1 seek=$((size * i / 21)) conv=notrunc status=none
	fi
	cmp -s $A $W/bad.zst && continue
	out=$(vzrestore $W/bad.zst 912 2>&1) && wrong="$wrong|$i restored"
	[ -n "$out" ] || wrong="$wrong|$i says nothing"
	[ ! -e /etc/vz/conf/912.conf ] && [ ! -e /vz/private/912 ] && [ ! -e /vz/private/912.tmp ] || { wrong="$wrong|$i left something"; gone 912; }
	vzdump --check $W/bad.zst >/dev/null 2>&1 && wrong="$wrong|$i checked"
done
is "no damaged archive is restored, and each is named" "$wrong" ""
for n in 1 100 519 520 521 600; do
	truncate -s $((size - n)) $W/bad.zst 2>/dev/null; cp $A $W/bad.zst; truncate -s $((size - n)) $W/bad.zst
	vzrestore $W/bad.zst 912 >/tmp/must 2>&1 && wrong="$wrong|$n"
done
is "nor one that lacks its end" "$wrong" ""
like "which is said" "$(cat /tmp/must)" 'no end: it was cut short'

# full disks
mkdir $W/small
mount -t tmpfs -o size=300k none $W/small
rc "a full disk under the archive" 46 sh -c "vzctl backup 911 --dumpdir $W/small >$W/out 2>&1 && exit 0 || exit 46"
like "is said" "$(cat $W/out)" 'No space left on device'
is "and nothing is there" "$(ls -A $W/small)" ""
is "nor a snapshot" "$(ls -A /vz/private/911/snap | grep -v '^snapshots$')" ""
umount $W/small
rc "a limit that is too small" 46 sh -c "vzrestore $A 912 --diskspace 1M >$W/out 2>&1 || exit 46"
like "is said" "$(cat $W/out)" 'limits of the container are too small'
ok "and nothing is there" test ! -e /etc/vz/conf/912.conf -a ! -e /vz/private/912 -a ! -e /vz/private/912.tmp

# cancelled
vzctl exec 911 'dd if=/dev/urandom of=/srv/big bs=1M count=30 2>/dev/null'
vzctl backup 911 --dumpdir $D --bwlimit 2000 >$W/out 2>&1 &
p=$!
for n in $(seq 400); do ls -A /vz/private/911/snap 2>/dev/null | grep -qv '^snapshots$' && break; sleep 0.1; done
sleep 1		# it reads by now, and the archive shows itself at its end only
kill -TERM $p
wait $p
rc "a cancelled backup fails" 1 test $? = 0
is "and leaves nothing" "$(ls -A $D)$(ls -A /vz/private/911/snap | grep -v '^snapshots$')" ""
like "and says so" "$(cat $W/out)" cancelled
gone 911 912
bk_done
