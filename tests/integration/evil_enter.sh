# SPDX-License-Identifier: GPL-2.0-or-later
# S01 S02 S03 S31 S34: the moment in which a process of the host becomes one of the container.
. "$TOP/tests/integration/evil_lib.sh"

mkdir -p /canary
echo canary >/canary/file
up 701
arm 701
before=$(canary)

# many N CMD...: N times, quickly.
many() {
	local n=$1 i
	shift
	for i in $(seq "$n"); do "$@" >/dev/null 2>&1 </dev/null; done
}

vzctl exec2 701 /evil race 20 </dev/null >/tmp/race.out 2>&1 &
racer=$!
sleep 0.3
many 300 vzctl exec2 701 true
many 30 vzctl set 701 --hostname raced
wait "$racer"
out=$(tail -1 /tmp/race.out)
is "S01 S03 nobody who enters is traced, read, or overwritten" "${out##*hits }" 0
like "S03 and the racer saw them enter" "$out" 'entering [1-9]'

# A shell that makes the host's program run itself, and one that leaves a reader of whoever runs it.
in_ct 701 'cp /bin/busybox /sh.real; rm -f /bin/bash; ln -sf /sh.real /bin/sh.old; printf "#!/proc/self/exe\n" >/evilsh; chmod 755 /evilsh; mv /evilsh /bin/bash' >/dev/null
for i in $(seq 20); do timeout 20 vzctl exec2 701 true >/dev/null 2>&1 </dev/null; [ $? != 124 ] || break; done
[ "$i" = 20 ] && pass "S01 a shell that is #!/proc/self/exe hangs nobody" || fail "S01 a shell that is #!/proc/self/exe hangs nobody"
rm -f /vz/root/701/bin/bash
vzctl --quiet restart 701 --fast >/dev/null 2>&1 </dev/null
is "S01 programs of the host are what they were" "$(canary)" "$before"

# 100 descriptors of every kind in the caller's hands, and a working directory of the host.
holding() {
	(
		cd /canary
		for n in $(seq 10 60); do eval "exec $n</canary"; done
		for n in $(seq 61 100); do eval "exec $n<>/canary/file"; done
		exec 101</proc/self/ns/mnt 102</
		"$@"
	)
}
is "S02 exec gives 0 1 2" "$(holding vzctl exec2 701 'ls /proc/self/fd; readlink /proc/self/cwd' </dev/null 2>/dev/null | tr '\n' ' ')" "0 1 2 3 / "
is "S02 enter gives 0 1 2" "$(holding bash -c 'echo "ls /proc/\$\$/fd; readlink /proc/\$\$/cwd; exit" | timeout 60 vzctl enter 701 2>/dev/null' |
	tr -d '\r' | grep -E '^([0-9 ]+|/.*)$' | tr -s ' \n' ' ' | tr -d '\n')" "0 1 10 2 /root "
vzctl --quiet stop 701 --fast >/dev/null
holding vzctl --quiet start 701 >/dev/null 2>&1 </dev/null
is "S02 start gives 0 1 2" "$(in_ct 701 'ls /proc/1/fd; readlink /proc/1/cwd' | tr '\n' ' ')" "0 1 2 / "
is "S02 the monitor has nothing of the caller either" "$(ls -l "/proc/$(monitor_of 701)/fd" | grep -c canary)" 0
is "S02 descriptors of a helper" "$(holding vzctl set 701 --userpasswd root:x >/dev/null 2>&1; in_ct 701 'ls /proc/self/fd' | tr '\n' ' ')" "0 1 2 3 "

# Standard streams that the caller had closed: what is opened next must not become one.
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
	eval "timeout 60 vzctl exec2 701 'echo EVIL''DATA; echo EVIL''DATA >&2; readlink /proc/self/fd/3' $closed" >/dev/null 2>&1
	eval "timeout 60 vzctl --quiet restart 701 --fast $closed" >/dev/null 2>&1
done
is "S02 closed streams: what a guest prints lands in no file of the host" \
	"$(grep -rl EVILDATA /run/vz /etc/vz /var/lib/vz /vz/lock /var/log/vzctl.log 2>/dev/null)" ""

# The terminal of whoever runs vzctl. script(1) makes one; the guest looks at what it was given.
tty_of() {
	rm -f /tmp/evil-injected
	timeout 60 script -qec "$1" /dev/null </dev/null 2>&1 | tr -d '\r'
}
out=$(tty_of 'vzctl exec 701 "/evil tty 1; echo ran"')
is "S31 exec hands over no terminal" "$(tr -d '\n' <<<"$out")" ran
out=$(tty_of 'echo "/evil tty 1; exit" | vzctl enter 701')
is "S31 enter: typing into the terminal is refused" "$(grep -cP '^tio.*ALLOWED' <<<"$out")" 0
like "S31 enter: and was tried" "$out" 'tiocsti0.REFUSED EPERM'
in_ct 701 'cp /evil /sbin/poweroff.real; printf "#!/bin/sh\nreadlink /proc/self/fd/1 /proc/self/fd/2 /proc/\$PPID/fd/1[01] >/held 2>/dev/null\nkill -INT 1\n" >/sbin/poweroff.new; chmod 755 /sbin/poweroff.new; mv /sbin/poweroff.new /sbin/poweroff' >/dev/null
echo 'for f in 0 1 2; do readlink /proc/self/fd/$f; done >/held.script' >/etc/vz/conf/701.start
cp /etc/vz/conf/701.start /etc/vz/conf/701.stop
sed -i 's/held.script/held.stop/' /etc/vz/conf/701.stop
echo 'STOP_TIMEOUT="3"' >>/etc/vz/conf/701.conf
tty_of 'vzctl stop 701' >/dev/null
tty_of 'vzctl start 701' >/dev/null
rm -f /etc/vz/conf/701.start /etc/vz/conf/701.stop
is "S31 start and stop scripts and poweroff hold no terminal of the caller" \
	"$(in_ct 701 'cat /held /held.script /held.stop | grep -E "^/dev/(pts|tty|console)"')" ""
like "S31 and ran" "$(in_ct 701 'cat /held.script /held.stop' | tr '\n' ' ')" 'pipe:.*pipe:'

# Groups: what runs inside is in the container's group from its first instant.
in_ct 701 'cat >/forks; chmod 755 /forks' >/dev/null </dev/null
stray=0
top=$(find /sys/fs/cgroup -maxdepth 3 -path "*/$VZTEST_NAME/701" -type d 2>/dev/null | head -1)
for i in $(seq 40); do vzctl exec2 701 'cat /proc/self/cgroup | cut -d: -f3; (cut -d: -f3 /proc/self/cgroup &) ' </dev/null; done >/tmp/groups 2>&1 &
for i in $(seq 60); do
	for p in $(ps -eo pid=,pidns= 2>/dev/null | awk -v ns="$(readlink /proc/$(init_of 701)/ns/pid | tr -dc 0-9)" '$2 == ns { print $1 }'); do
		name=$(cat "/proc/$p/comm" 2>/dev/null) && c=$(cat "/proc/$p/cgroup" 2>/dev/null) || continue
		[ -z "$c" ] || [ "$name" = vzctl ] || grep -q "$VZTEST_NAME/701" <<<"$c" || stray=$((stray + 1))
	done
done
wait
is "S34 nobody in its pid namespace is outside of its group" "$stray" 0
is "S34 every command sees itself at the root of its groups" "$(sort -u /tmp/groups)" /
is "the host is as it was" "$(canary)" "$before"
gone 701
rm -rf /canary /tmp/race.out /tmp/groups
