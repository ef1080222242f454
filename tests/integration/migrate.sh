# SPDX-License-Identifier: GPL-2.0-or-later
# vzmigrate between two hosts: grammar, refusals, what arrives, what a failure leaves. Its network: migrate_net.sh.
. "$TOP/tests/integration/migrate_lib.sh"

# --- grammar and refusals --------------------------------------------------------------------------------------------
rc "without arguments" 0 vzmigrate
like "the usage" "$TAP_OUT" '^Usage: vzmigrate \[option \.\.\.\] HOST CTID'
rc "--help" 0 vzmigrate --help
rc "an unknown option" 1 vzmigrate --frob h 1
rc "-r and nonsense" 1 vzmigrate -r maybe other 701
rc "a host that is an option" 1 vzmigrate -- -oProxyCommand=x 701
rc "no such container" 10 vzmigrate other 777
new 781 --ipadd 10.77.81.1 --hostname mig --name moving --layout dir
rc "live and stopped" 2 vzmigrate --live other 781
vzctl --quiet start 781
rc "live" 14 vzmigrate --online other 781
like "is refused, with what to do" "$TAP_OUT" 'without --live CT 781 is stopped, copied and started'
touch /tmp/mig/down
rc "no connection" 4 vzmigrate other 781
like "tells why" "$TAP_OUT" "Error: Can't connect to destination address \(root@other\) via ssh: .*No route to host"
reset
there rm /run/vz/up
rc "vz is not running there" 14 vzmigrate other 781
there vzhost up >/dev/null
there mkdir -p /var/lib/vzctl/veip
there sh -c 'echo 10.77.81.1 >/var/lib/vzctl/veip/9'
rc "an address in use there" 12 vzmigrate other 781
rc "-f ignores it" 0 vzmigrate -f --check-only other 781
there rm /var/lib/vzctl/veip/9
rc "--dry-run" 0 vzmigrate --dry-run other 781
like "only looks" "$TAP_OUT" $'^Locked CT 781\nStarting migration of CT 781 to other$'
is "nothing has changed" "$(where 781)" "here: exist mounted running; there: deleted unmounted down"
(exec 9>/run/vz/lock/781; flock 9; exec sleep 600) & holder=$!
while flock -n /run/vz/lock/781 true; do sleep 0.05; done
echo $holder >/vz/lock/781.lck
rc "locked" 20 vzmigrate other 781
kill $holder 2>/dev/null; wait $holder 2>/dev/null; rm -f /vz/lock/781.lck

# --- a running tree --------------------------------------------------------------------------------------------------
in_ct 781 'echo data >/root/file; chown 500:600 /root/file; ln /root/file /root/second; mknod /root/pipe p'
vzctl --quiet set 781 --onboot yes --save
printf '#!/bin/sh\n:\n' >/etc/vz/conf/781.mount && chmod 755 /etc/vz/conf/781.mount
reset
rc "options behind the operands, as some clients write them" 0 vzmigrate other 781 --ssh='-p 2222' --nodeps=cpu -t
like "what it says" "$TAP_OUT" $'Locked CT 781\nStarting migration of CT 781 to other\nPreparing remote node\nInitializing remote quota\n.*Syncing private\n.*Stopping container\n.*Syncing private \(2nd pass\)\n.*Starting container\n.*Cleaning up\n'
like "-t" "$TAP_OUT" $'\n\tcopy:\t[0-9.]+ s\n'
is "it runs there" "$(where 781)" "here: deleted unmounted down; there: exist mounted running"
is "with its files" "$(there vzctl exec 781 'cat /root/second; stat -c %u:%g /root/file; stat -c %h /root/file; ls /root')" "data
500:600
2
file
pipe
second"
is "its name" "$(there vzctl status moving | cut -d' ' -f2)" 781
is "its scripts" "$(there ls -l /etc/vz/conf/781.mount | cut -c1-10)" "-rwxr-xr-x"
is "ONBOOT as it was" "$(there grep ONBOOT= /etc/vz/conf/781.conf)" 'ONBOOT="yes"'
like "its address" "$(there vzctl exec 781 ip -4 -o addr show venet0)" '10\.77\.81\.1/'
is "nothing is left here" "$(ls -d /vz/private/781 /etc/vz/conf/781.conf /etc/vz/conf/781.conf.migrated /etc/vz/names/moving /var/lib/vz/migrate/* 2>/dev/null)" ""
is "the port is -p for ssh, -P for scp" "$(sort -u /tmp/mig/opts | grep 2222 | tr '\n' ,)" "scp -P 2222,ssh -p 2222,"
rm -f /etc/vz/conf/781.*
there vzctl --quiet stop 781 --fast
there vzctl --quiet destroy 781

# --- an overlay, stopped, kept here ----------------------------------------------------------------------------------
new 782 --hostname lay
printf 'ugid_quota_status:\t1\nugid_number:\t1\nugid:\t1000\t0\t0\t1024\t0\t10\n' >/etc/vz/conf/782.ugid
cp /etc/vz/conf/782.ugid /tmp/mig/ugid
vzctl --quiet start 782; in_ct 782 'echo mine >/root/x; rm /etc/hostname 2>/dev/null; true'; vzctl --quiet stop 782
reset
rc "an overlay that is stopped" 0 vzmigrate -r no other 782
is "is stopped there, and not here any more" "$(where 782)" "here: deleted unmounted down; there: exist unmounted down"
is "limits of users inside are there, too" "$(there cat /etc/vz/conf/782.ugid | cmp - /tmp/mig/ugid; there stat -c %a /etc/vz/conf/782.ugid)" 600
like "which is said" "$TAP_OUT" 'Limits of users and groups inside are kept there as /etc/vz/conf/782.ugid'
is "its file is kept" "$(ls /etc/vz/conf/782.conf.migrated; ls -d /vz/private/782)" "/etc/vz/conf/782.conf.migrated
/vz/private/782"
ok "there it is a plain tree that runs" there vzctl start 782
is "with both layers in one" "$(there vzctl exec 782 'cat /root/x; ls /bin/sh')" "mine
/bin/sh"
there vzctl --quiet stop 782 --fast; there vzctl --quiet destroy 782
mv /etc/vz/conf/782.conf.migrated /etc/vz/conf/782.conf
ok "and here it is what it was" vzctl start 782
vzctl --quiet set 782 --onboot yes --save

# --- failures: everything is as before -------------------------------------------------------------------------------
back() {	# WHAT STATUS
	rc "$1: status" "$2" vzmigrate other 782
	is "$1: it runs here" "$(where 782)" "here: exist mounted running; there: deleted unmounted down"
	is "$1: nothing is left there" "$(there sh -c 'ls -d /vz/private/782 /etc/vz/conf/782.* 2>/dev/null')" ""
	is "$1: and no record" "$(ls /var/lib/vz/migrate 2>/dev/null)" ""
	reset
}
there vzctl create 782 --ostemplate vz-base >/dev/null 2>&1
rc "it is there already" 9 vzmigrate other 782
there vzctl --quiet destroy 782; there sh -c 'rm -f /etc/vz/conf/782.*'
echo applyconfig_map >/tmp/mig/fail; back "the configuration is refused" 15
echo quotainit >/tmp/mig/fail; back "no quota" 13
echo 'rsync --server' >/tmp/mig/fail; back "copying fails" 6
echo 'vzctl --quiet start' >/tmp/mig/fail; back "it does not start there" 7
is "with the limits of users inside" "$(cmp /etc/vz/conf/782.ugid /tmp/mig/ugid)" ""
is "ONBOOT is as it was" "$(grep ONBOOT= /etc/vz/conf/782.conf)" 'ONBOOT="yes"'
echo 'rsync --server' >/tmp/mig/fail
rc "--keep-dst" 6 vzmigrate --keep-dst other 782
ok "keeps what was copied" there test -d /vz/private/782
reset; there rm -rf /vz/private/782

# --- kill -9 at every command that goes out: never on both, and calling it again finishes it ---------------------------
bad=
for at in 'vzctl --quiet set' quotainit 'rsync --server' 'vzctl --quiet start'; do
	reset
	echo "$at" >/tmp/mig/kill
	sh -c 'echo $$ >/tmp/mig/pid; exec vzmigrate other 782' >/tmp/mig/out 2>&1 </dev/null
	[ ! -e /tmp/mig/kill ] || bad="$bad at $at: not killed;"
	both 782 || bad="$bad at $at: on both: $(where 782);"
	[ "$at" != 'vzctl --quiet start' ] || rc "a container that may be there does not start here" 14 vzctl start 782
	vzmigrate other 782 >/tmp/mig/out 2>&1 </dev/null || bad="$bad at $at: again: $? $(tail -n 2 /tmp/mig/out | tr '\n' '|');"
	[ "$(where 782)" = "here: deleted unmounted down; there: exist mounted running" ] || bad="$bad at $at: then $(where 782);"
	there vzctl --quiet stop 782 --fast; there vzctl --quiet destroy 782; there sh -c 'rm -f /etc/vz/conf/782.*'
	rm -f /etc/vz/conf/782.*
	new 782 --hostname lay; vzctl --quiet start 782
done
is "kill -9 before four remote commands" "$bad" ""

# the connection breaks as the container is started there
reset
cat >/usr/local/sbin/ssh.broken <<'EOT'
#!/bin/bash
case "$*" in
*"--quiet start"*) /usr/local/sbin/ssh.good "$@" >/dev/null 2>&1; touch /tmp/mig/down; exit 255 ;;
*) exec /usr/local/sbin/ssh.good "$@" ;;
esac
EOT
chmod 755 /usr/local/sbin/ssh.broken; mv /usr/local/sbin/ssh /usr/local/sbin/ssh.good; mv /usr/local/sbin/ssh.broken /usr/local/sbin/ssh
rc "the connection breaks at the last moment" 7 vzmigrate other 782
like "what is known is told" "$TAP_OUT" 'Warning: whether CT 782 runs on root@other cannot be told\. It is not started here'
is "it is not here" "$(here 782)" "CTID 782 deleted unmounted down"
rm -f /tmp/mig/down; mv /usr/local/sbin/ssh.good /usr/local/sbin/ssh
rc "called again" 0 vzmigrate other 782
is "it is there" "$(where 782)" "here: deleted unmounted down; there: exist mounted running"
is "and nothing is left here" "$(ls -d /vz/private/782 /etc/vz/conf/782.conf* /var/lib/vz/migrate/* 2>/dev/null | grep -v destroyed)" ""

there vzctl --quiet stop 782 --fast
there vzctl --quiet destroy 782
other_host_gone
gone 781 782
true
