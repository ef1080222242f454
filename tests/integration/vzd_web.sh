# SPDX-License-Identifier: GPL-2.0-or-later
# vzweb before a vzd that is played (tests/lib/mock_vzd.c): what clients send, well-formed or not, many or slow; what vzd may do
# wrong, its death; event streams, terminals over WebSocket; what the process may do.
# seconds: 180
. "$TOP/tests/integration/lib.sh"

vzweb=${VZWEB:-/usr/lib/vz/vzweb}	# or the one with sanitizers
d=/tmp/web lib=$TOP/tests/lib
mkdir -p $d && chmod 755 $d

mock_up() {
	"$B/tests/mock-vzd" $d/vzd.sock 2>$d/mock.err &
	mock=$!
	for n in $(seq 2000); do [ -S $d/vzd.sock ] && break; sleep 0.02; done
	chmod 666 $d/vzd.sock
}

# web_start [OPTION...]: web (pid), port, api.
web_start() {
	rm -f $d/port
	python3 "$lib/web_up.py" $vzweb $d $d/vzd.sock --user=nobody "$@" >$d/log 2>&1 &
	web=$!
	for n in $(seq 2000); do grep -q "vzweb: ready" $d/log && break; sleep 0.02; done
	port=$(cat $d/port) url=https://127.0.0.1:$port api=$d/api.sock
}

web_stop() {
	kill "$web" 2>/dev/null
	wait "$web" 2>/dev/null
	cat $d/log >>$d/all.log
}

get() {
	curl -sS --max-time 10 --cacert $d/c.pem "$@"
}

# status ARG...: of the answer.
status() {
	get -o /dev/null -w '%{http_code}' "$@" 2>&1
}

# slug ARG...: status and kind of a problem.
slug() {
	get -w '%{http_code}' "$@" | sed 's,.*"type":"/problems/\([a-z-]*\)".*}\([0-9]*\)$,\2 \1,'
}

# sends BYTES: the status line of the answer to what printf makes of it, on the plain socket.
sends() {
	printf "$1" | timeout 5 nc -U -q 2 $api 2>/dev/null | head -1 | tr -d '\r'
}

fds() {
	find /proc/"$web"/fd -mindepth 1 2>/dev/null | wc -l
}

# For soon: conditions that are looked at again.
answers() {	# STATUS ARG...
	local want=$1
	shift
	[ "$(status "$@")" = "$want" ]
}
few_fds() {
	[ "$(fds)" -le "$1" ]
}

field_of() {
	sed -n "s/^$1:[[:space:]]*//p" /proc/"$web"/status
}

like "a pair is made" "$($vzweb --make-cert $d/c.pem $d/k.pem)" '^SHA-256 of the certificate: ([0-9A-F]{2}:){31}[0-9A-F]{2}$'
is "its key is its owner's" "$(stat -c %a $d/k.pem)" 600
says "and not made over" 2 "" "$d/c.pem is there already" $vzweb --make-cert $d/c.pem $d/k.pem
rc "nothing to listen on" 2 $vzweb --vzd=$d/vzd.sock
mock_up
web_start

# What it may do.
is "it is nobody" "$(field_of Uid | cut -f1-4 | tr -s '\t' ' ')" "65534 65534 65534 65534"
is "no groups" "$(field_of Groups | tr -d ' ')" ""
is "no capabilities" "$(grep -h ^Cap /proc/$web/status | awk '{ print $2 }' | sort -u)" 0000000000000000
is "no new privileges, a filter" "$(field_of NoNewPrivs) $(field_of Seccomp)" "1 2"
is "one thread" "$(field_of Threads)" 1
like "no core dump" "$(cat /proc/$web/limits)" 'core file size  *0  *0 '

# HTTP as it should be.
is "GET over TLS" "$(get $url/v1/cts/101 | jq -r .hostname)" www101.example.org
is "GET over the socket" "$(get --unix-socket $api http://x/v1/cts/101 | jq -r .hostname)" www101.example.org
is "a thousand containers" "$(get $url/v1/cts | jq '.items | length')" 1000
is "a text" "$(get $url/v1/text)" "grün 😀"
is "ETag" "$(status $url/v1/cts/101 -H 'If-None-Match: "cafe"')" 304
is "nothing" "$(status $url/v1/none)" 204
is "HEAD" "$(get -I $url/v1/cts/101 | grep -ci '^content-length: 4')" 1
is "two on one connection" "$(get -o /dev/null -o /dev/null -w '%{num_connects} ' $url/v1/none $url/v1/none)" "1 0 "
head=$(get -i $url/v1/echo)
for want in 'X-Request-Id: 00000000deadbeef' 'X-Content-Type-Options: nosniff' 'Cache-Control: no-store' \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'" 'Content-Type: application/json'; do
	like "header ${want%%:*}" "$head" "$want"
done
get $url/v1/echo'?a=b%20c&d=%22' -X PATCH -H 'Authorization: Bearer vz1_id_secret' -H 'If-Match: "c1"' -H 'Prefer: wait=3' -H 'Accept: a/b' \
	-H 'Idempotency-Key: k' -H 'Last-Event-ID: 9' -H 'If-None-Match: "x\y"' -H 'Content-Type: application/json' -d '{ "x": [1.5] }' >$d/echo
is "what vzd gets" "$(jq -cS .parameters $d/echo)" '{"accept":"a/b","body":{"x":[1.5]},"idempotency_key":"k","if_match":"\"c1\"","if_none_match":"\"x\\y\"","last_event_id":"9","path":"/v1/echo","prefer":"wait=3","query":"a=b%20c&d=%22","remote":"127.0.0.1","token":"vz1_id_secret","verb":"PATCH"}'
is "no token but by its header" "$(get "$url/v1/echo?token=t" -H 'Cookie: token=t' -u a:b | jq -c '[.parameters|.token,.query]')" '[null,"token=t"]'
is "TLS 1.2" "$(status --tls-max 1.2 $url/v1/none)" 204
is "TLS 1.1 is refused" "$(curl -sk --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 -o /dev/null -w '%{http_code}' $url/v1/none)" 000

# HTTP as it should not be.
json='Content-Type: application/json'
is "no JSON" "$(slug $url/v1/echo -H "$json" -d '{"a":')" "400 invalid-json"
is "a member twice" "$(slug $url/v1/echo -H "$json" -d '{"a":1,"a":2}')" "400 invalid-json"
is "an end that is none" "$(slug $url/v1/echo -H "$json" -d '{"a":1},"token":"x"')" "400 invalid-json"
is "31 levels" "$(slug $url/v1/echo -H "$json" -d "$(printf '[%.0s' $(seq 31))$(printf ']%.0s' $(seq 31))")" "400 invalid-json"
is "a form" "$(slug $url/v1/echo -d a=b)" "415 unsupported-media-type"
head -c 65536 /dev/zero | tr '\0' ' ' | sed 's/^ /{/; s/ $/}/' >$d/max.json
is "a body of 64 KiB" "$(status $url/v1/none -H "$json" --data-binary @$d/max.json)" 204
echo >>$d/max.json
is "one more" "$(slug $url/v1/none -H "$json" --data-binary @$d/max.json)" "413 payload-too-large"
is "in chunks" "$(slug $url/v1/none -H "$json" -H 'Transfer-Encoding: chunked' --data-binary @$d/max.json)" "413 payload-too-large"
head -c 3000000 /dev/zero >$d/huge
is "3 MB" "$(slug $url/v1/none -H "$json" -H 'Expect: 100-continue' --data-binary @$d/huge)" "413 payload-too-large"
is "a header of 20 kB" "$(status $url/v1/none -H "X: $(head -c 20000 /dev/zero | tr '\0' x)")" 431
is "a path of 10 kB" "$(slug $url/v1/$(head -c 10000 /dev/zero | tr '\0' x))" "400 invalid-field"
is "bytes beyond ASCII" "$(slug $url/v1/none -H "Prefer: $(printf '\377')")" "400 invalid-field"
is "two tokens" "$(slug $url/v1/none -H 'Authorization: Bearer a' -H 'Authorization: Bearer b')" "400 invalid-field"
is "two lengths" "$(sends 'POST /v1/none HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n')" "HTTP/1.1 400 Bad Request"
is "no host" "$(sends 'GET / HTTP/1.1\r\n\r\n')" "HTTP/1.1 400 Bad Request"
like "a blank in the path" "$(sends 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n')" '^(HTTP/1.1 400 Bad Request|)$'
is "an absolute path" "$(sends 'GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n')" "HTTP/1.1 400 Bad Request"
is "a length that is none" "$(sends 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n')" "HTTP/1.1 400 Bad Request"
is "HTTP/2's preface" "$(sends 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')" "HTTP/1.1 505 HTTP Version Not Supported"
head -c 4000 /dev/urandom | timeout 5 nc -U -q 1 $api >/dev/null 2>&1
head -c 4000 /dev/urandom | timeout 5 nc -q 1 127.0.0.1 $port >/dev/null 2>&1
is "it goes on" "$(status $url/v1/none)" 204

# The scraper's socket.
m=http://127.0.0.1:$(cat $d/metrics_port)
is "metrics only" "$(slug $m/v1/none)" "404 not-found"
is "metrics are asked of vzd" "$(status $m/metrics)" 404
is "with GET only" "$(slug $m/metrics -X POST)" "404 not-found"

# vzd as it should not be.
for bad in garbage half unasked split; do
	like "vzd: $bad" "$(status $url/v1/$bad)" '^(503|200)$'
	is "after it" "$(status $url/v1/none)" 204
done
is "no header is smuggled" "$(get -i $url/v1/split | grep -ci set-cookie)" 0
is "an answer that takes its time" "$(status "$url/v1/slow?ms=400")" 200
get "$url/v1/slow?ms=9000" >/dev/null &
slow=$!
sleep 0.3
get -o /dev/null $url/v1/none
kill -0 $slow && pass "others do not wait for it" || fail "others do not wait for it"
kill $slow
wait $slow 2>/dev/null

# Event streams.
# begins N ARG...: the first N lines of a stream
begins() {
	local lines=$1 stream n
	shift
	timeout 60 curl -sNk "$@" >$d/begins &
	stream=$!
	for n in $(seq 800); do [ "$(wc -l <$d/begins)" -ge "$lines" ] && break; sleep 0.05; done
	kill $stream
	wait $stream 2>/dev/null
	head -n "$lines" $d/begins
}
is "an event" "$(begins 3 $url/v1/events)" "$(printf 'id: 1\nevent: ct.started\ndata: {"seq":1}')"
is "from the last one on" "$(begins 1 $url/v1/events -H 'Last-Event-ID: 41')" "id: 42"
like "not to be buffered" "$(begins 12 -i $url/v1/events)" 'X-Accel-Buffering: no'
timeout 170 curl -sNk $url/v1/events >$d/heartbeat &
heartbeat=$!
soon "a stream that stays" 10 test -s $d/heartbeat
idle=$(fds)
mkfifo $d/in
python3 "$lib/web_sse.py" $port 50 /v1/events <$d/in >$d/sse &
exec 9>$d/in
soon "50 streams" 10 grep -q 'ready 50' $d/sse
[ "$(fds)" -ge $((idle + 100)) ] && pass "each has one to vzd" || fail "each has one to vzd" "$(fds), before $idle"
exec 9>&-
wait $!
soon "clients gone, so are these" 2 few_fds $((idle + 2))

# A client that does not read.
python3 - $port >$d/flood <<-'PY' &
	import socket, ssl, sys, time
	ctx = ssl.create_default_context()
	ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
	s = ctx.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
	s.sendall(b"GET /v1/flood/events HTTP/1.1\r\nHost: x\r\n\r\n")
	time.sleep(3)
	n = 0
	try:
	    while True:
	        got = s.recv(65536)
	        if not got:
	            break
	        n += len(got)
	except OSError:
	    pass
	print("closed" if n < 15000000 else "took all")
PY
wait $!
is "a stream that is not read is closed" "$(cat $d/flood)" closed

# Terminals.
ws() {
	local text=$1
	shift
	ok "$text" timeout 60 python3 "$lib/web_ws.py" "$@"
}
for where in $port $api; do
	ws "a terminal on ${where##*/}" $where '/v1/console?kind=tty&ticket=t' vz.tty.v1 expect:hello 'send:abc\n' 'expect:got abc' \
		'text:{"resize":{"cols":91,"rows":33}}' 'send:size\n' 'expect:33 91' ping 'frag:xy|z\n' 'expect:got xyz' 'send:big\n' \
		'expect:zzzz\r\nend' 'send:bye\n' 'expect-text:{"exit":{"code":7}}' expect-close:1000 close eof
	ws "a console on ${where##*/}" $where '/v1/console?kind=console' vz.tty.v1 expect:history 'send:echo\n' expect:echo \
		'text:{"resize":{"cols":91,"rows":33}}' 'expect:size 33 91' 'send:bye\n' 'expect-text:{"exit":{"code":0}}' expect-close:1000 \
		close eof
	ws "a command on ${where##*/}" $where '/v1/console?kind=exec' vz.exec.v1 'chan:0:hello\n' expect:hello chan:0: expect:done \
		'expect-text:{"exit":{"code":3}}' expect-close:1000 close eof
	ws "the client closes" $where '/v1/console?kind=tty' vz.tty.v1 expect:hello close expect-close:1000 eof
	ws "an unmasked frame" $where '/v1/console?kind=tty' vz.tty.v1 raw:8205 expect-close:1002 eof
	ws "a text that is no command" $where '/v1/console?kind=tty' vz.tty.v1 'text:{"bad":1}' expect-close:1008 eof
	ws "another channel" $where '/v1/console?kind=exec' vz.exec.v1 'chan:1:x' expect-close:1008 eof
	rc "another origin" 4 python3 "$lib/web_ws.py" -H 'Origin: https://evil.test' $where '/v1/console?kind=tty' vz.tty.v1
	ws "the same origin" -H 'Origin: https://vz.test' $where '/v1/console?kind=tty' vz.tty.v1 expect:hello
	rc "another protocol" 1 python3 "$lib/web_ws.py" $where '/v1/console?kind=tty' vz.other.v1
done
is "no WebSocket" "$(slug $url/v1/console?kind=tty)" "426 upgrade-required"
rm -f $d/open $d/dead
timeout 60 python3 "$lib/web_ws.py" $port '/v1/console?kind=tty' vz.tty.v1 expect:hello touch:$d/open await:$d/dead 'send:abc\n' 'expect:got abc' 'send:bye\n' \
	'expect-text:{"exit":{"code":null}}' expect-close:1000 >$d/survives 2>&1 &
survives=$!
soon "one is open" 10 test -e $d/open

# vzd dies, under load.
if command -v wrk >/dev/null; then
	wrk -t1 -c32 -d4 $url/v1/cts/101 >$d/wrk &
	load=$!
else
	timeout 4 sh -c "while :; do curl -sk $url/v1/cts/101; done" >/dev/null &
	load=$!
fi
sleep 0.3
kill -9 $mock
wait $mock 2>/dev/null
is "without vzd" "$(slug $url/v1/cts/101)" "503 vzd-down"
is "come back" "$(get -i $url/v1/cts/101 | grep -ci '^retry-after: 1')" 1
touch $d/dead
wait $survives
is "a terminal survives it" "$? $(cat $d/survives)" "0 "
mock_up
soon "vzd is back" 2 answers 200 $url/v1/cts/101
wait $load
kill -STOP $mock
is "a vzd that hangs stops no refusal" "$(status $url/v1/none -d a=b)" 415
kill -CONT $mock
soon "and goes on" 2 answers 200 $url/v1/cts/101

# The certificate.
sum=$(openssl x509 -noout -fingerprint -in $d/c.pem)
served() {
	openssl s_client -connect 127.0.0.1:$port </dev/null 2>/dev/null | openssl x509 -noout -fingerprint
}
is "its certificate" "$(served)" "$sum"
$vzweb --make-cert $d/c2.pem $d/k2.pem >/dev/null
cat $d/c2.pem >$d/c.pem
kill -HUP "$web"
soon "another without its key is not taken" 2 grep -q 'the key does not belong' $d/log
is "the first is served" "$(served)" "$sum"
cat $d/k2.pem >$d/k.pem
kill -HUP "$web"
soon "with its key it is" 2 grep -q 'was read again' $d/log
is "the second is served" "$(served)" "$(openssl x509 -noout -fingerprint -in $d/c2.pem)"

soon "a heartbeat" 40 grep -q '^: *$' $d/heartbeat
kill $heartbeat
wait $heartbeat 2>/dev/null

# The end.
rm -f $d/open
timeout 60 curl -sNk $url/v1/events >$d/last &
last=$!
timeout 60 python3 "$lib/web_ws.py" $port '/v1/console?kind=tty' vz.tty.v1 expect:hello touch:$d/open expect-close:1001 close eof >$d/going 2>&1 &
going=$!
soon "both are open" 10 sh -c "test -e $d/open && test -s $d/last"
kill "$web"
wait $last
is "a stream ends as it should" "$?" 0
wait $going
is "a terminal is told" "$?$(cat $d/going)" 0
wait "$web"
is "it ends" "$?" 0
cat $d/log >>$d/all.log

# One that was asked for before it was told to end, and opens afterwards; its client does not answer the farewell.
web_start
kill -STOP $mock
idle=$(fds)
timeout 60 python3 "$lib/web_ws.py" $port '/v1/console?kind=tty' vz.tty.v1 expect-close:1001 >$d/going 2>&1 &
going=$!
timeout 60 curl -sNk $url/v1/events >$d/last &
last=$!
asked() { [ "$(fds)" -ge $((idle + 4)) ]; }	# two clients, a connection to vzd for each
soon "both are under way" 10 asked
kill "$web"
sleep 0.3
kill -CONT $mock
wait $going
is "a terminal that opens late is told" "$?$(cat $d/going)" 0
wait $last
is "a stream that begins late ends" "$?" 0
wait "$web"
is "it ends all the same" "$?" 0
cat $d/log >>$d/all.log

# Many. From so many addresses that no limit of one helps.
web_start --max-conns=500 --max-per-ip=20
hold() {	# hold N TEXT: in the background; release ends it
	rm -f $d/in
	mkfifo $d/in
	python3 "$lib/web_hold.py" $port "$@" <$d/in >$d/held 2>&1 &
	held=$!
	exec 9>$d/in
	for n in $(seq 1200); do grep -q open $d/held && break; sleep 0.1; done
}
release() {
	exec 9>&-
	wait $held
}
hold 2000
is "2,000 half-open handshakes" "$(cat $d/held)" "open 2000"
for n in 1 2 3; do is "do not stop service" "$(status $url/v1/none)" 204; done
release
hold 1000 'GET /v1/none HTTP/1.1\r\nHost: x\r\nX: '
soon "1,000 garbled ones neither" 5 answers 204 $url/v1/none
release
hold 9000
like "9,000 connections" "$(cat $d/held)" '^open [89][0-9]{3}$'
soon "do not either" 10 answers 204 $url/v1/none
[ "$(fds)" -lt 700 ] && pass "and are not kept" || fail "and are not kept" "$(fds) descriptors"
release
got=$(for n in $(seq 40); do echo "127.0.0.1"; done | xargs -P 40 -I{} sh -c "timeout 60 curl -sk -o /dev/null -w '%{http_code}\n' '$url/v1/slow?ms=2500'" | sort | uniq -c | tr -s ' ')
like "one address has its limit" "$got" '200'
like "what is above is closed" "$got" '000'
web_stop

# Memory of idle streams.
web_start --max-conns=1200 --max-per-ip=0
rm -f $d/in
mkfifo $d/in
python3 "$lib/web_sse.py" $port 1000 /v1/events <$d/in >$d/sse &
exec 9>$d/in
soon "1,000 event streams over TLS" 150 grep -q 'ready 1000' $d/sse
rss=$(field_of VmRSS | tr -dc 0-9)
[ "$rss" -lt 61440 ] && pass "in less than 60 MB ($rss kB)" || fail "in less than 60 MB" "$rss kB"
exec 9>&-
wait $!
web_stop
# As in loop_free (vzd_lib.sh): a hypervisor that takes the processor away is forgiven twice in a life.
held() { sed -n 's/.*: \([0-9]*\) callback(s) held the loop.*, \([0-9]*\) ms$/\1 \2/p' $d/all.log | awk '$1 > 2 || $2 >= 250'; }
[ "$vzweb" != /usr/lib/vz/vzweb ] || is "no callback held the loop for 50 ms" "$(held)" ""
is "no sanitizer has complained" "$(grep -A20 -E 'Sanitizer|runtime error' $d/all.log)" ""
kill $mock
wait $mock 2>/dev/null
rm -rf $d
