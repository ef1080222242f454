# SPDX-License-Identifier: GPL-2.0-or-later
# vzd as a process: its start and end, bad clients, kill -9, systemd's side, a full disk, a damaged database.
# seconds: 180
. "$TOP/tests/integration/vzd_lib.sh"
core() {
	python3 "$TOP/tests/lib/vzd_core.py" "$@"
}

up 901
init=$(init_of 901)

out_is "--version" "vzd version $(sed -n 's/^VERSION := //p' "$TOP/Makefile")" vzd --version
ok "--help" vzd --help
rc "an option that is none" 20 vzd --backwards
rc "a word too many" 20 vzd now
rc "not as another user" 12 setpriv --reuid=65534 --clear-groups vzd -f
echo 'API_LISTEN="everywhere"' >/etc/vz/vzd.conf
rc "a wrong configuration" 3 vzd -f
like "it says which line and why" "$TAP_OUT" '/etc/vz/vzd.conf:1: API_LISTEN: .everywhere. is not ADDRESS:PORT'

vzd_up
rc "a second one does not start" 3 vzd -f
like "it says which one runs" "$TAP_OUT" "vzd runs already, as process $VZD_PID\$"
like "the container is known" "$(api GET /v1/cts/901/state)" '"running"'
is "modes of what is private" "$(stat -c %a /var/lib/vz/vzd /var/lib/vz/vzd/vzd.db /run/vz/vzd | tr '\n' ' ')" "700 600 700 "
is "mode of the socket" "$(stat -c '%a %U %G' /run/vz/vzd.sock)" "660 root vz"
is "no core dumps, nobody looks into it" "$(stat -c %U /proc/$VZD_PID/environ)" root

ok "2,000 idle connections" core many "$VZD_PID" 2000
echo "# $TAP_OUT"
ok "1,000 idle streams" core streams "$VZD_PID" 1000 vzctl set 901 --description changed --save
echo "# $TAP_OUT"
ok "messages that are none" core garbage
ok "nested too deep" core deep
ok "too large" core huge
ok "slow ones" core slow
ok "half-closed ones" core half
ok "2,000 calls at once on one connection" core pipeline
ok "one who never reads" core unread
ok "a stranger cannot even connect" core stranger 65534
ok "a member of the group" core member 65533 "$(getent group vz | cut -d: -f3)"

echo 'API_RATE="nonsense"' >/etc/vz/vzd.conf
kill -HUP "$VZD_PID"
soon "a wrong configuration changes nothing" 3 grep -q 'the old configuration stays' "$VZD_LOG"
: >/etc/vz/vzd.conf
kill -HUP "$VZD_PID"
soon "a right one is read" 3 grep -q 'configuration read again' "$VZD_LOG"

kill -TERM "$VZD_PID"
wait "$VZD_PID"
is "SIGTERM: status" $? 0
loop_free "no callback held the loop up through all of this"
grep 'stopped after' "$VZD_LOG" | tail -n 1 | sed 's/^/# /'
vzd_up
for round in 1 2 3; do
	kill -9 "$VZD_PID"
	wait "$VZD_PID" 2>/dev/null
	vzd_up
done
like "after kill -9 it knows the container" "$(api GET /v1/cts/901/state)" '"running"'
is "and the container has not noticed" "$(init_of 901) $(vzctl exec 901 echo alive)" "$init alive"

# full disk: all that the database's file system has is taken, then tokens are made until one cannot be kept
dd if=/dev/zero of=/var/lib/vz/fill bs=64k 2>/dev/null
made=0
while [ $made -lt 500 ] && TAP_OUT=$(api POST /v1/tokens "{\"role\":\"viewer\",\"description\":\"$(printf '%0200d' $made)\"}"); do
	made=$((made + 1))
done
like "full disk: a write that cannot be kept is refused, and why" "$TAP_OUT" 'no space left for the database'
like "full disk: reading goes on" "$(api GET /v1/cts/901)" '"ctid"'
is "full disk: what was promised is there, no more" "$(api GET '/v1/tokens?limit=500' | grep -o '"id"' | wc -l)" $made
ok "full disk: vzctl goes on" vzctl exec 901 true
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
vzd_up
is "full disk: a start after kill -9 has all of them" "$(api GET '/v1/tokens?limit=500' | grep -o '"id"' | wc -l)" $made
rm /var/lib/vz/fill
ok "with space it writes again" vzadm call POST /v1/tokens '{"role":"viewer"}'

start=$(date +%s%N)
kill -TERM "$VZD_PID"
wait "$VZD_PID"
is "SIGTERM: status" $? 0
took=$((($(date +%s%N) - start) / 1000000))
[ $took -lt 15000 ] && pass "SIGTERM: at once" || fail "SIGTERM: at once" "$took ms"
loop_free "no callback held the loop up"
grep 'stopped after' "$VZD_LOG" | tail -n 1 | sed 's/^/# /'
is "the container runs on" "$(init_of 901) $(vzctl exec 901 echo alive)" "$init alive"
[ -e /run/vz/vzd.sock ] && fail "its socket is gone" || pass "its socket is gone"

ok "what systemd hears" core notify
ok "systemd's sockets, through ten times kill -9" core activate

head -c 5000 /dev/urandom | dd of=/var/lib/vz/vzd/vzd.db conv=notrunc 2>/dev/null
vzd_up
like "a damaged database is put aside and said so" "$(cat "$VZD_LOG")" 'the database is damaged .* it is kept as /var/lib/vz/vzd/vzd.db.damaged'
[ -s "$(echo /var/lib/vz/vzd/vzd.db.damaged.*[0-9])" ] && pass "it is there" || fail "it is there" "$(ls /var/lib/vz/vzd)"
vzd_down

ok "in the background it comes back when it is ready" timeout 60 vzd
ok "and serves" vzadm call GET /v1/health
like "status of the init script" "$(sh /etc/init.d/vzd status)" '^vzd runs, process '
ok "reload" sh /etc/init.d/vzd reload
ok "restart" sh /etc/init.d/vzd restart
ok "it serves" vzadm call GET /v1/health
ok "stop" sh /etc/init.d/vzd stop
rc "status when it is down" 3 sh /etc/init.d/vzd status
VZD_PID=
vzd_down
gone 901
vzd_sweep
