# SPDX-License-Identifier: GPL-2.0-or-later
# vzweb and vzd together, with a container: reads, events that resume, terminals and commands over WebSocket, vzd's death under
# load, the certificate, the rate of simple reads.
# seconds: 150
. "$TOP/tests/integration/vzd_lib.sh"

d=/tmp/https
mkdir -p $d
up 101 --hostname www
vzd_up "API_LISTEN=\"$API\"" 'API_RATE="1000000"' 'API_BURST="1000000"' 'WEB_MAX_PER_IP="1500"' 'METRICS_LISTEN="127.0.0.1:9100"'
token=$(vzadm token add --role admin --description web | grep -o -m1 'vz1_[A-Za-z0-9_-]*' | head -n 1)
url=https://$API cert=/etc/vz/vzd/cert.pem auth="Authorization: Bearer $token"

get() {
	curl -sS --max-time 10 --cacert $cert -H "$auth" "$@"
}
status() {
	get -o /dev/null -w '%{http_code}' "$@" 2>&1
}
is_status() {	# WANT ARG...
	local want=$1
	shift
	[ "$(status "$@")" = "$want" ]
}
web_pid() {
	head -n 1 /run/vz/vzweb.lock | cut -d' ' -f1
}
has() {	# FILE TEXT
	grep -q -- "$2" "$1"
}

soon "HTTPS answers" 5 is_status 200 $url/v1
web=$(web_pid)
is "as vzweb" "$(ps -o user= -p "$web")" vzweb
is "without capabilities, behind a filter" "$(awk '/^CapEff|^CapBnd|^Seccomp:/ { print $2 }' /proc/$web/status | tr '\n' ' ')" \
	"0000000000000000 0000000000000000 2 "
is "a container" "$(get $url/v1/cts/101 | jq -r .hostname)" www
is "on the socket as well" "$(get --unix-socket /run/vz/api.sock http://vz/v1/cts/101 | jq -r .hostname)" www
etag() { get -D - -o /dev/null $url/v1/cts/101 | sed -n 's/^[Ee][Tt]ag: //p' | tr -d '\r'; }
like "it has an ETag" "$(etag)" '^"c'
unchanged() { is_status 304 $url/v1/cts/101 -H "If-None-Match: $(etag)"; }
soon "not modified" 5 unchanged		# its start may still be going on
is "no token" "$(curl -sk -o /dev/null -w '%{http_code}' $url/v1/cts/101)" 401
is "a wrong one" "$(curl -sk -o /dev/null -w '%{http_code}' -H "${auth}x" $url/v1/cts/101)" 401
is "another method" "$(status -X DELETE $url/v1/health)" 405
is "no such thing" "$(get $url/v1/nothing | jq -r .type)" /problems/not-found
is "what is needed for a change" "$(status -X PATCH $url/v1/cts/101 -H 'Content-Type: text/plain' -d x)" 415
is "a change" "$(get -X PATCH $url/v1/cts/101 -H 'Content-Type: application/merge-patch+json' -H 'Prefer: wait=10' -d '{"description":"over HTTPS"}' |
	jq -r .description)" "over HTTPS"
is "it is in the file" "$(sed -n 's/^DESCRIPTION="\(.*\)"/\1/p' /etc/vz/conf/101.conf)" "over HTTPS"

# Metrics: at an address of their own anybody's, elsewhere for who has a token.
like "a scraper needs no token" "$(curl -s http://127.0.0.1:9100/metrics)" 'vz_ct_state.ct="101"'
is "but a good one if any" "$(curl -s -o /dev/null -w '%{http_code}' -H "${auth}x" http://127.0.0.1:9100/metrics)" 401
is "and gets nothing else" "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9100/v1/cts)" 404
is "elsewhere it does" "$(curl -sk -o /dev/null -w '%{http_code}' $url/metrics)" 401
is "however it is written" "$(curl -sk -o /dev/null -w '%{http_code}' $url/metric%73)" 401
is "with one it may" "$(status $url/metrics)" 200

# Events, resumed.
get -N --max-time 300 -D $d/head "$url/v1/events" >$d/events 2>/dev/null &
events=$!
soon "a stream is open" 5 has $d/head '^HTTP/[0-9.]* 200'
vzctl stop 101 --fast >/dev/null 2>&1 </dev/null
soon "an event" 5 has $d/events ct.stopped
seq=$(sed -n 's/^id: //p' $d/events | head -1)
kill $events
wait $events 2>/dev/null
vzctl start 101 >/dev/null 2>&1 </dev/null
for n in 1 2 3 4 5 6 7 8 9; do
	get -N --max-time $((n + 2)) "$url/v1/events" -H "Last-Event-ID: $seq" >$d/resumed 2>/dev/null
	has $d/resumed ct.started && break
done
is "resumed: the next one is the first" "$(sed -n 's/^id: //p' $d/resumed | head -1)" "$((seq + 1))"
ok "nothing is left out" has $d/resumed ct.started

# A thousand streams, and one thing happens.
mkfifo $d/in
TOKEN=$token python3 "$TOP/tests/lib/web_sse.py" "${API#*:}" 1000 '/v1/events?since=0' 100 <$d/in >$d/sse 2>&1 &
many=$!
exec 9>$d/in
soon "1,000 event streams" 150 has $d/sse 'ready 1000'
rss=$(awk '/^VmRSS/ { print $2 }' /proc/$web/status)
[ "$rss" -lt 61440 ] && pass "in less than 60 MB ($rss kB)" || fail "in less than 60 MB" "$rss kB"
echo >&9
sleep 0.3
vzctl restart 101 --fast >/dev/null 2>&1 </dev/null
exec 9>&-
wait $many
ok "all hear of it" has $d/sse 'more 1000'

# Terminals.
ticket() {	# BODY
	get $url/v1/cts/101/consoles -H 'Content-Type: application/json' -d "$1" | jq -r '.ws // .'
}
ws() {
	local text=$1
	shift
	ok "$text" timeout 60 python3 "$TOP/tests/lib/web_ws.py" "$@"
}
port=${API#*:}
ws "a shell" $port "$(ticket '{"kind":"shell","cols":80,"rows":24}')" vz.tty.v1 'send:stty -echo; echo rea""dy\n' 'expect:ready' \
	'text:{"resize":{"cols":91,"rows":33}}' 'send:stty size\n' 'expect:33 91' 'send:exit 5\n' 'expect-text:{"exit":{"code":5}}' \
	expect-close:1000 close eof
ws "the console" $port "$(ticket '{"kind":"console","cols":80,"rows":24}')" vz.tty.v1 'send:\n' 'expect:login' close expect-close:1000 eof
used=$(ticket '{"kind":"shell"}')
ws "a ticket" $port "$used" vz.tty.v1 'send:exit\n' expect-close:1000 close eof
rc "is good for once" 2 timeout 60 python3 "$TOP/tests/lib/web_ws.py" $port "$used" vz.tty.v1
unused=$(ticket '{"kind":"shell"}')
is "without a WebSocket" "$(status "$url$unused")" 426
ws "it is not used up" $port "$unused" vz.tty.v1 'send:exit\n' expect-close:1000 close eof

# vzd dies under load; a stream that was open is taken up again.
wrk -t1 -c16 -d4 -H "$auth" $url/v1/cts/101 >$d/load 2>&1 &
load=$!
sleep 0.7
kill -9 "$VZD_PID"
wait "$VZD_PID" 2>/dev/null
is "without vzd" "$(status $url/v1/cts/101)" 503
vzd -f >>"$VZD_LOG" 2>&1 </dev/null &
VZD_PID=$!
soon "vzd is back" 5 is_status 200 $url/v1/cts/101
wait $load
is "behind the same vzweb" "$(web_pid)" "$web"
like "most were answered" "$(awk '/requests in/ { print $1 }' $d/load)" '^[0-9]{4,}$'

# The other way round.
kill -9 "$web"
soon "a vzweb that dies is followed by another" 5 is_status 200 $url/v1
[ "$(web_pid)" != "$web" ] && pass "another process" || fail "another process" "$web"

# A new certificate.
before=$(openssl s_client -connect $API </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
rm -f /etc/vz/vzd/cert.pem /etc/vz/vzd/key.pem
/usr/lib/vz/vzweb --make-cert /etc/vz/vzd/cert.pem /etc/vz/vzd/key.pem >/dev/null
web=$(web_pid)
kill -HUP "$VZD_PID"
renewed() {
	[ "$(openssl s_client -connect $API </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)" != "$before" ]
}
soon "a reload takes a new certificate" 5 renewed
is "in the same vzweb" "$(web_pid)" "$web"

# The rate. Both run here and now; what the machine does beside is in both.
if command -v wrk >/dev/null && [ -x "$B/bench/hello-tls" ]; then
	BENCH_N=3 BENCH_S=2 "$TOP/bench/api" "$B/bench/hello-tls" $cert /etc/vz/vzd/key.pem $url/v1/cts/101 "$auth" >$d/rate 2>&1
	tail -n 1 $d/rate | sed 's/^/# simple reads: /'
	ratio=$(sed -n 's/.*ratio //p' $d/rate)
	awk -v r="${ratio:-0}" 'BEGIN { exit r < 0.15 }' && pass "simple reads: at least 0.15 of the bare library" ||
		fail "simple reads: at least 0.15 of the bare library" "$(cat $d/rate)"
else
	skip "simple reads" "wrk is not installed"
fi
vzd_down
loop_free "no callback held the loop for 50 ms"
vzd_sweep
gone 101
rm -rf $d
