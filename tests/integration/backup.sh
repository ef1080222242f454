# SPDX-License-Identifier: GPL-2.0-or-later
# Backups: a container's files and configuration into an archive and back: running and stopped, under another id, in another
# layout, incremental, by file.
# seconds: 90
. "$TOP/tests/integration/backup_lib.sh"

new 901 --hostname orig --diskspace 2G
vzctl mount 901 >/dev/null 2>&1 && hard_tree /vz/root/901/srv && vzctl umount 901 >/dev/null 2>&1
tree_of 901 >$W/want
is "the tree to keep is there" "$(grep -c b299 $W/want)" 1

# stopped
dump "backup of a stopped container" 901
A=$F
like "it says what it did" "$TAP_OUT" 'Backup finished: .*/vzdump-openvz-901-[0-9_]+-[0-9_]+.tar.zst, [0-9]+ files, .* in '
is "only root reads it" "$(stat -c %a $A)" 600
ok "zstd and tar read it" sh -c "tar --zstd -tf $A >$W/names && grep -qx ./srv/a/one $W/names && grep -qx ./etc/vzdump/vps.conf $W/names"
ok "nothing is left of the snapshot" test -z "$(ls /vz/private/901/snap 2>/dev/null | grep -v snapshots)"
ok "vzdump --check" vzdump --check $A
like "vzdump --list" "$(vzdump --list --dumpdir $D 901)" "901 .* whole .* $(basename $A)"
ok "restored under another id" vzrestore $A 902
same "file by file the same" 902 $W/want
is "with its configuration" "$(grep 'HOSTNAME\|DISKSPACE' /etc/vz/conf/902.conf)" "$(grep 'HOSTNAME\|DISKSPACE' /etc/vz/conf/901.conf)"
is "and an id range of its own" "$(grep ^LOCAL_UID /etc/vz/conf/901.conf | grep -cFf - /etc/vz/conf/902.conf)" 0
rc "never over one that exists" 1 vzrestore $A 902
like "which is said" "$TAP_OUT" 'Container 902 exists'
ok "restored in layout dir" vzrestore $A 903 --layout dir
same "the same in layout dir" 903 $W/want
is "the layout is stored" "$(grep -c 'VE_LAYOUT="dir"' /etc/vz/conf/903.conf)" 1
dump "a backup of layout dir" 903
gone 903
ok "goes back into overlay" vzrestore $F 903 --layout overlay
same "the same again" 903 $W/want
gone 902 903

# limits of users inside, which no layout but image enforces (tests/vm: second_level)
printf 'ugid_quota_status:\t1\nugid_number:\t1\nugid:\t1000\t0\t0\t1024\t0\t10\n' >/etc/vz/conf/901.ugid
dump "with limits of users" 901
ok "restored" vzrestore $F 902
like "where they are is said" "$TAP_OUT" 'Limits of 1 users and groups inside .* kept as /etc/vz/conf/902.ugid'
is "as they were" "$(cat /etc/vz/conf/902.ugid)" "$(cat /etc/vz/conf/901.ugid)"
ok "cloned" vzctl clone 902 903 --full
is "as they were, again" "$(cat /etc/vz/conf/903.ugid)" "$(cat /etc/vz/conf/901.ugid)"
ok "in another layout" vzctl convert 903 --layout dir
is "still as they were" "$(cat /etc/vz/conf/903.ugid)" "$(cat /etc/vz/conf/901.ugid)"
rm -rf /vz/private/903.overlay
gone 902 903
is "destroyed with it" "$(ls /etc/vz/conf/90[23].ugid 2>/dev/null)" ""
echo 'ugid_quota_status: 1 2' >/etc/vz/conf/901.ugid
dump "with a text that is none" 901
rc "is not restored" 1 sh -c "vzrestore $F 902 || exit 1"
like "and said" "$TAP_OUT" 'limits of users and groups.* line 1 is not of a dump'
ok "nothing half-made" test ! -e /etc/vz/conf/902.conf -a ! -e /etc/vz/conf/902.ugid -a ! -e /vz/private/902
rm -f /etc/vz/conf/901.ugid

# a layout whose snapshots are copies
new 903 --layout dir
vzctl start 903 >/dev/null 2>&1
dump "a running one" 903
is "which runs on" "$(field status 903)" running
dump "frozen" 903 --suspend
is "and thawed" "$(field status 903)" running
dump "stopped" 903 --stop
is "and started" "$(field status 903)" running
vzctl stop 903 --fast >/dev/null 2>&1
gone 903

# running
vzctl start 901 >/dev/null 2>&1
in_ct 901 'echo before >/srv/state; while :; do echo x >>/srv/log; done >/dev/null 2>&1 &'
ok "vzdump of a running container" vzdump 901 --dumpdir $D
R=$(newest)
is "it runs on" "$(field status 901)" running
in_ct 901 'echo after >/srv/state'
ok "restored" vzrestore $R 902
ok "starts" vzctl start 902
is "with the state of the snapshot" "$(in_ct 902 cat /srv/state)" before
gone 902
ok "vzdump --stop" vzdump 901 --stop --dumpdir $D
is "and it runs again" "$(field status 901)" running
vzctl stop 901 --fast >/dev/null 2>&1

# incremental
rm -f $D/*
vzctl mount 901 >/dev/null 2>&1; rm -f /vz/root/901/srv/log; vzctl umount 901 >/dev/null 2>&1
dump "a whole one" 901; I0=$F
vzctl mount 901 >/dev/null 2>&1
s=/vz/root/901/srv
echo changed >$s/b9; rm $s/b10; rm -rf $s/empty; mkdir $s/new; echo 1 >$s/new/file; chmod 600 $s/b11; mv $s/b12 $s/b12moved
rm $s/a/one; touch -r $s/b13 $W/stamp; printf '99\n' >$s/b13; touch -r $W/stamp $s/b13; ln $s/b14 $s/b14hard
vzctl umount 901 >/dev/null 2>&1
tree_of 901 >$W/want1
dump "an incremental backup" 901 --incremental
I1=$F
like "says on what it builds" "$TAP_OUT" "files have not changed since $(basename $I0)"
ok "is named so" test "${I1%.inc.tar.zst}" != "$I1"
ok "and is small" test $(($(stat -c %s $I1) * 20)) -lt $(stat -c %s $I0)
vzctl mount 901 >/dev/null 2>&1; echo third >$s/third; rm -rf $s/new; vzctl umount 901 >/dev/null 2>&1
tree_of 901 >$W/want2
dump "another one on it" 901 --incremental
I2=$F
ok "check reads the chain" vzdump --check $I2
ok "the last is restored" vzrestore $I2 902
same "whole" 902 $W/want2
ok "the one before" vzrestore $I1 903
same "as it was then" 903 $W/want1
gone 902 903
rc "what others need is not removed" 1 vzdump --remove $I1
mv $I0 $W/away
rc "without the first nothing is restored" 1 vzrestore $I2 902
like "and it says what is missing" "$TAP_OUT" "builds on $(basename $I0), which is not beside it"
like "and so does the list" "$(vzdump --list --dumpdir $D)" "builds on $(basename $I0)"
cp $I2 $I0
rc "nor with another in its place" 1 vzrestore $I2 902
like "which is seen" "$TAP_OUT" 'than the one beside it'
mv $W/away $I0
ok "nothing was left of the attempts" test ! -e /etc/vz/conf/902.conf -a ! -e /vz/private/902 -a ! -e /vz/private/902.tmp

# by file
ok "one file to a directory" vzrestore $I2 --file /srv/b9 --to $W/one
is "is there" "$(cat $W/one/srv/b9)" changed
ok "a tree" vzrestore $I2 --file srv/a --file etc --to $W/two
is "with what its links need" "$(cat $W/two/srv/a/b/hard) $(ls $W/two)" "one etc
srv"
mkdir -m 755 $W/open && tap_run vzrestore $I2 --file /srv/b9 --to $W/open
like "S13 nor where users of the host may find set-user-id files" "$TAP_RC $TAP_OUT" "^1 .*chmod 700"
is "S13 nothing is there" "$(ls -A $W/open)" ""
rc "never over what is there" 1 vzrestore $I2 --file srv/b9 --to $W/one
rc "a name that is not in it" 1 vzrestore $I2 --file srv/none --to $W/three
ok "leaves no directory" test ! -e $W/three
is "to the standard output" "$(vzrestore $I2 --file srv/third --stdout | tar -xO)" third
like "a line of the list" "$(vzrestore $I2 --list --file srv/b11)" '^-rw------- +0 +0 +3 .* srv/b11$'
# mounted
mkdir $W/mnt
ok "an archive is mounted" vzdump --mount $I2 $W/mnt
$DUMP $W/mnt | sed 's/ \(user\|security\|system\)\.[^ ]*//g; s/sparse/full/' >$W/got
sed 's/ \(user\|security\|system\)\.[^ ]*//g; s/sparse/full/' $W/want2 >$W/want3
is "and shows all files" "$(diff $W/want3 $W/got | head -n 5)" ""
rc "nothing is written there" 2 sh -c "echo x >$W/mnt/srv/b9"
ok "unmounted" vzdump --umount $W/mnt
rc "once" 1 vzdump --umount $W/mnt
ok "a backup through a pipe" sh -c "vzdump --stdout 901 >$W/piped"
ok "and back" sh -c "vzrestore - 902 <$W/piped"
same "is the same" 902 $W/want2
gone 901 902
bk_done
