# SPDX-License-Identifier: GPL-2.0-or-later
# A frozen container: nothing that the host does with it may wait for it, and it can always be thawed or killed.
. "$TOP/tests/integration/lib.sh"

# swift TEXT CMD...: it ends, whatever it says.
swift() {
	local text=$1
	shift
	tap_run timeout -k 1 60 "$@"
	[ "$TAP_RC" -lt 124 ] && pass "$text" || fail "$text" "command: $*" "status $TAP_RC" "$TAP_OUT"
}
state='CTID 871 exist mounted running'

up 871 --ipadd 10.77.87.1
for cmd in "set 871 --ipadd 10.77.87.2 --save" "set 871 --ram 90M --swap 0 --save" "set 871 --hostname cold --save" \
	"set 871 --nameserver 192.0.2.53 --save" "set 871 --numproc 50 --save"; do
	ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
	swift "$cmd" vzctl $cmd
	is "still there" "$(timeout 60 vzctl status 871)" "$state"
	ok "thaw" timeout 60 vzctl chkpnt 871 --resume
	ok "it works" timeout 60 vzctl exec 871 true
	for n in $(seq 400); do		# a child may hold a closed netlink socket for a moment
		[ -z "$(pgrep -x vzctl)" ] && break
		sleep 0.1
	done
	is "no command stays" "$(pgrep -x vzctl)" ""
done
ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
timeout -s KILL 1 vzctl exec 871 true
ok "thaw after a killed exec" timeout 60 vzctl chkpnt 871 --resume
soon "what it had started is gone" 5 sh -c '! pgrep -x vzctl'
ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
timeout -s KILL 1 vzctl set 871 --ipadd 10.77.87.3 --save >/dev/null
ok "thaw after a killed set" timeout 60 vzctl chkpnt 871 --resume
ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
ok "stop --fast of a frozen one" timeout 60 vzctl stop 871 --fast
ok "start" timeout 60 vzctl start 871
ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
ok "graceful stop of a frozen one" timeout 60 vzctl stop 871
ok "start" timeout 60 vzctl start 871
ok "freeze" timeout 60 vzctl chkpnt 871 --suspend
kill -9 "$(monitor_of 871)"
soon "a frozen one gets a new monitor" 5 sh -c 'vzctl status 871 >/dev/null; kill -0 $(cat /run/vz/871/monitor.pid)'
ok "thaw" timeout 60 vzctl chkpnt 871 --resume
ok "it works" timeout 60 vzctl exec 871 true
timeout 60 vzctl stop 871 --fast >/dev/null 2>&1
timeout 60 vzctl destroy 871 >/dev/null 2>&1
