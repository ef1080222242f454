# SPDX-License-Identifier: GPL-2.0-or-later
# Webhooks to a receiver on this host: signed, in order, again after failures and kill -9 of vzd, of vz-hook and of the receiver;
# never to an address behind the firewall; by a process without privileges.
# seconds: 180
. "$TOP/tests/integration/vzd_lib.sh"
d=/tmp/hook
mkdir -p $d && : >$d/plan && : >$d/log
receiver_up() {	# [HOST]
	: >$d/log
	python3 "$TOP/tests/lib/vzd_hook.py" 8099 $d/log $d/plan $d/secret "$@" 2>>$d/err &
	receiver=$!
	for n in $(seq 800); do nc -z 127.0.0.1 8099 && break; sleep 0.05; done
}
has() {	# REGEX [TIMES]: that many lines of the receiver's log, or more
	[ "$(grep -cE "$1" $d/log)" -ge "${2:-1}" ]
}
hook_is() {	# MEMBER VALUE
	[ "$(vzadm --json webhook show "$hook" | jq -r ".$1")" = "$2" ]
}
error_is() {	# REGEX
	vzadm --json webhook show "$hook" | jq -r .last_error | grep -qE "$1"
}
hook_pid() {
	pgrep -x vz-hook
}
add() {	# URL [OPTION...]
	shift_url=$1
	shift
	vzadm --json webhook add --url "$shift_url" "$@" >$d/new || return
	hook=$(jq -r .id $d/new)
	jq -r .secret $d/new >$d/secret
}
now() {	# what waits is tried at once
	vzadm call PATCH "/v1/webhooks/$hook" '{}' >/dev/null
}
new 901
vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
: >$d/secret
receiver_up

add http://127.0.0.1:8099/vz --types ct. && pass "a webhook" || fail "a webhook"
is "its secret is in no list" "$(vzadm --json call GET /v1/webhooks | grep -cF "$(cat $d/secret)")" 0
vzctl start 901 >/dev/null 2>&1 </dev/null
soon "what vzctl does arrives, signed" 10 has '^200 signed .* ct.started 901$'
pid=$(hook_pid)
is "vz-hook is vzweb" "$(ps -o user= -p "$pid")" vzweb
is "without capabilities, groups, new privileges" \
	"$(awk '/^CapEff|^CapPrm|^NoNewPrivs/ { print $2 }' /proc/$pid/status | tr '\n' ' ')$(awk '/^Groups/ { print NF }' /proc/$pid/status)" \
	"0000000000000000 0000000000000000 1 1"
is "it knows vzd by one socket only" "$(ls -l /proc/$pid/fd | grep -c 'vzd.db')" 0
vzctl --quiet stop 901 --fast
soon "the stop" 10 has ' ct.stopped 901$'
cp $d/log $d/seen	# it may go on
is "in order, each once" "$(awk '{ print $4 }' $d/seen | sort -nuc 2>&1; awk '{ print $4 }' $d/seen | wc -l)" "$(grep -c signed $d/seen)"
ok "tried out" vzadm webhook test "$hook"
soon "it arrives" 5 has ' test None$'

# Failures.
: >$d/log
echo "500 redirect" >$d/plan
vzctl --quiet start 901
soon "a failure" 10 has '^500 signed'
soon "it says so" 5 error_is 'HTTP status 500'
ok "and waits" hook_is state retrying
now
soon "a redirect is none" 5 error_is 'redirects are not followed'
is "it was not followed" "$(grep -c redirected $d/log)" 0
now
soon "then it is taken" 5 hook_is pending 0
first=$(awk '/^500/ { print $4 }' $d/log)
is "the same event, three times, before all others" "$(awk -v s="$first" '$4 == s' $d/log | wc -l) $(sed -n '1,3p' $d/log | awk '{ print $4 }' | sort -u)" \
	"3 $first"

# Death of each.
kill $receiver
wait $receiver 2>/dev/null
vzctl --quiet stop 901 --fast
soon "nobody listens" 10 error_is 'refused|connect'
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
vzctl --quiet start 901
vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
receiver_up
now
soon "after kill -9 of vzd what waited arrives" 10 has ' ct.stopped 901$'
soon "and nothing waits" 10 hook_is pending 0
: >$d/log
echo hang >$d/plan
vzctl --quiet stop 901 --fast
soon "one is under way" 10 has '^hang'
kill -9 "$(hook_pid)"
soon "vz-hook is killed with it in its hands" 5 error_is 'vz-hook ended'
now
soon "it is sent again" 10 has '^200 signed .* ct.stopped 901$'
: >$d/log
for n in 1 2 3 4 5 6; do
	vzadm webhook test "$hook" >/dev/null
	kill -9 "$VZD_PID"
	wait "$VZD_PID" 2>/dev/null
	vzd_up 'WEBHOOK_ALLOW="127.0.0.1"'
done
soon "killed right after each promise: all six arrive" 15 hook_is pending 0
n=$(grep ' test None$' $d/log | wc -l)
[ "$n" -ge 6 ] && pass "at least once" || fail "at least once" "$n" "$(cat $d/log)"
echo "# $n deliveries for 6"

# Where it must not go.
: >$d/log
vzadm webhook rm "$hook"
for url in http://127.0.0.2:8099/ http://[::1]:8099/ http://localhost:8099/ http://10.255.255.1/ http://169.254.169.254/latest \
	http://0.0.0.0:8099/ http://[::ffff:127.0.0.2]:8099/ http://2130706434:8099/ http://0x7f.2:8099/; do
	add "$url" --types host. || fail "added: $url"
	vzadm webhook test "$hook" >/dev/null
	case $url in
	http://localhost*) soon "$url: only what is allowed" 10 hook_is pending 0 ;;
	*) soon "refused: $url" 10 error_is 'private or this host' ;;
	esac
	vzadm webhook rm "$hook"
done
for url in file:///etc/shadow gopher://127.0.0.1/ https://user:pw@example.com/ "http://exa mple/"; do
	rc "no URL for this: $url" 1 vzadm webhook add --url "$url"
done
kill $receiver
wait $receiver 2>/dev/null
own=$(ip -4 -o addr show scope global | awk 'NR == 1 { sub("/.*", "", $4); print $4 }')
if [ -n "$own" ]; then
	add "http://$own:8099/" --types host.
	vzadm webhook test "$hook" >/dev/null
	soon "this host's own address ($own)" 10 error_is 'private or this host'
	vzadm webhook rm "$hook"
fi
vzd_down
loop_free "vzd holds no callback up"
soon "vz-hook ends with it" 5 sh -c '! pgrep -x vz-hook'
gone 901
vzd_sweep
