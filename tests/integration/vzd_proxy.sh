# SPDX-License-Identifier: GPL-2.0-or-later
# vzweb behind nginx and haproxy, where they are installed: reads, events that come at once and resume, terminals.
. "$TOP/tests/integration/lib.sh"

d=/tmp/proxy lib=$TOP/tests/lib
mkdir -p $d && chmod 755 $d
/usr/lib/vz/vzweb --make-cert $d/c.pem $d/k.pem >/dev/null
"$B/tests/mock-vzd" $d/vzd.sock &
mock=$!
for n in $(seq 2000); do [ -S $d/vzd.sock ] && break; sleep 0.02; done
chmod 666 $d/vzd.sock
python3 "$lib/web_up.py" /usr/lib/vz/vzweb $d $d/vzd.sock --user=nobody >$d/log 2>&1 &
web=$!
for n in $(seq 2000); do grep -q 'vzweb: ready' $d/log 2>/dev/null && break; sleep 0.02; done
port=$(cat $d/port)

cat >$d/nginx.conf <<EOF
daemon off; pid $d/nginx.pid; error_log $d/nginx.err; user root;
events {}
http {
	access_log off;
	client_body_temp_path $d/t1; proxy_temp_path $d/t2; fastcgi_temp_path $d/t3; uwsgi_temp_path $d/t4; scgi_temp_path $d/t5;
	map \$http_upgrade \$connection_upgrade { default upgrade; '' ''; }
	server {
		listen 127.0.0.1:18080;
		location / {
			proxy_pass https://127.0.0.1:$port;
			proxy_http_version 1.1;
			proxy_set_header Host \$http_host;
			proxy_set_header Upgrade \$http_upgrade;
			proxy_set_header Connection \$connection_upgrade;
			proxy_ssl_verify off;
		}
	}
}
EOF
cat >$d/haproxy.cfg <<EOF
defaults
	mode http
	timeout client 30s
	timeout server 30s
	timeout connect 5s
	timeout tunnel 1h
frontend in
	bind 127.0.0.1:18081
	default_backend out
backend out
	server vzweb 127.0.0.1:$port ssl verify none
EOF

# behind NAME PORT COMMAND...
behind() {
	local name=$1 at=$2 url=http://127.0.0.1:$2 proxy n
	shift 2
	if ! command -v "$1" >/dev/null; then
		skip "behind $name" "$name is not installed"
		return
	fi
	"$@" >$d/$name.log 2>&1 &
	proxy=$!
	for n in $(seq 800); do curl -s -o /dev/null "$url/v1/none" && break; sleep 0.05; done
	is "$name: a container" "$(curl -s "$url/v1/cts/101" | jq -r .name)" www101
	is "$name: events as they come, from the last one on" \
		"$(timeout 10 curl -sN "$url/v1/events?ms=300" -H 'Last-Event-ID: 41' | sed -n 's/^id: //p' | head -3 | tr '\n' ' ')" "42 43 44 "
	ok "$name: a terminal" timeout 60 python3 "$lib/web_ws.py" "plain:$at" '/v1/console?kind=tty' vz.tty.v1 expect:hello \
		'send:abc\n' 'expect:got abc' 'send:bye\n' 'expect-text:{"exit":{"code":7}}' expect-close:1000 close eof
	kill $proxy
	wait $proxy 2>/dev/null
}
behind nginx 18080 nginx -c $d/nginx.conf
behind haproxy 18081 haproxy -db -f $d/haproxy.cfg
kill $web $mock
wait $web $mock 2>/dev/null
rm -rf $d
