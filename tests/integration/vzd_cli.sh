# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl over vzd: `vzctl --host` with a token, and a local user of the group vz. The same words as root gives here must end in the
# same output and the same status; what the token does not allow is refused.
. "$TOP/tests/integration/vzd_lib.sh"

new 101 --hostname one
new 102
vzd_up "API_LISTEN=\"$API\""
https_up
vzadm tenant add acme >/dev/null 2>&1 || fail "tenant"
token_of() { vzadm token add "$@" | grep -o 'vz1_[A-Za-z0-9_-]*' | head -n 1; }
pin="sha256//$(openssl x509 -in /etc/vz/vzd/cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)"

mkdir -p /root/.config/vz
printf 'TOKEN="%s"\nPIN="%s"\n' "$(token_of --role admin)" "$pin" >/root/.config/vz/127.0.0.1.conf
rc "a token that others may read is refused" 3 vzctl --host "$API" status 101
chmod 600 /root/.config/vz/127.0.0.1.conf
away() { vzctl --host "$API" "$@"; }

# same WORDS...: here and over the API, output and error apart, and the status.
same() {
	local text="vzctl $*" a b ra rb
	a=$(vzctl "$@" 2>"$VZTEST_DIR/e1" </dev/null); ra=$?
	b=$(away "$@" 2>"$VZTEST_DIR/e2" </dev/null); rb=$?
	is "$text: the same over the API" "$b|$(cat "$VZTEST_DIR/e2")|$rb" "$a|$(cat "$VZTEST_DIR/e1")|$ra"
}

same status 101
same status 999
same set 101 --ram lots --save
same set 101 --no-such 1
same start 999
same stop 101
same fly 101
same --version
same exec 101 true
rc "a start over the API" 0 away start 101
is "is a start" "$(field status 101)" running
same start 101
same exec 101 'echo out; echo err >&2; exit 7'
same exec2 101 sh -c 'exit 3'
is "standard input goes there" "$(echo hello | away exec 101 cat)" hello
is "a megabyte comes back whole" "$(away exec 101 'head -c 1000000 /dev/zero' | wc -c)" 1000000
is "and goes there whole" "$(head -c 1000000 /dev/zero | away exec 101 'wc -c' | tr -d ' ')" 1000000
is "twenty megabytes there and back at once" "$(head -c 20000000 /dev/zero | away exec 101 cat | wc -c)" 20000000
is "ends when nobody reads" "$(timeout 60 vzctl --host "$API" exec 101 yes | head -n 1; echo "${PIPESTATUS[0]}")" "y
141"
rc "a host asks no other host" 20 away --host other status 101
like "and says so" "$(away --host=other status 101 2>&1)" "ask the other one"
terminal() {	# the line with the prompt shows when which byte was typed
	python3 "$TOP/tests/conformance/terminal.py" '#' "$@" >"$VZTEST_DIR/shown"
	echo "rc $?"
	grep -v '~#' "$VZTEST_DIR/shown"
}
terminals() { in_ct 101 'ls /dev/pts'; }
free=$(terminals)
there=$(terminal vzctl --host "$API" enter 101 <<<$'tty; exit 5\n')
becomes "its terminal goes with it" "$free" terminals
is "enter has a terminal, the very same" "$there" "$(terminal vzctl enter 101 <<<$'tty; exit 5\n')"
rc "a wrong token" 12 env VZ_TOKEN=vz1_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa vzctl --host "$API" status 101
sed -i 's|PIN=.*|PIN="sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="|' /root/.config/vz/127.0.0.1.conf
rc "another certificate" 3 away status 101

# What a tenant's token may not.
export VZ_TOKEN
VZ_TOKEN=$(token_of --role tenant-admin --tenant acme)
sed -i "s|PIN=.*|PIN=\"$pin\"|" /root/.config/vz/127.0.0.1.conf
like "another's container does not exist" "$(away status 101 2>&1)" "there is no container '101'"
rc "with vzctl's status for that" 14 away stop 101
vzctl set 102 --owner acme --save >/dev/null 2>&1
for n in $(seq 400); do away status 102 >/dev/null 2>&1 && break; sleep 0.1; done
rc "its own does" 0 away status 102
rc "a device is the administrator's" 12 away set 102 --devices c:10:200:rw --save
rc "so is a lock to go around" 12 away --skiplock stop 102
rc "and a template by its path" 12 away reinstall 102 --ostemplate /etc/passwd
rc "and who owns it" 12 away set 102 --owner nobody-else --save
rc "and an address that is not in the tenants' pool" 12 away set 102 --ipadd 10.77.0.1 --save
rc "its own by a number with a sign is a name that nobody has" 14 away status +102
rc "nothing hides in a value" 12 away set 102 --description --skiplock --netif_add=eth0 --save
rc "nor behind a first value" 12 away create 150 --ostemplate /etc/passwd --ostemplate debian
rc "help of a command" 0 away set --help
rc "a host name is its own" 0 away set 102 --hostname two --save
unset VZ_TOKEN

# Another user of this host.
groupadd -f vz && useradd -M -s /bin/sh -G vz vzop 2>/dev/null
useradd -M -s /bin/sh vzno 2>/dev/null
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
is "a user of group vz" "$(as vzop vzctl status 101 2>&1)" "$(vzctl status 101)"
rc "with the status of the command inside" 7 as vzop vzctl exec2 101 'exit 7'
like "who is not in it has no access" "$(as vzno vzctl status 101 2>&1)" 'only be run under root'

vzctl exec 101 touch /old >/dev/null 2>&1
vzctl stop 101 --fast >/dev/null 2>&1
op=$(api POST /v1/cts/101/reinstall '{"password":"secret"}')
id=$(echo "$op" | jq -r .id)
[ "$id" = null ] || [ -z "$id" ] || { echo "$op" | op_state >/dev/null; op=$(api GET "/v1/operations/$id"); }
is "a reinstall is done" "$(echo "$op" | jq -r '.state, .ctid' | grep -v null | head -n 1)" done
vzctl start 101 >/dev/null 2>&1
rc "and the old files are gone" 1 vzctl exec2 101 test -e /old
is "and root has the password" "$(vzctl exec 101 'grep -c "^root:.6" /etc/shadow')" 1

gone 101 102
vzd_down
vzd_sweep
rm -rf /root/.config/vz
userdel vzop 2>/dev/null
userdel vzno 2>/dev/null
true
