# SPDX-License-Identifier: GPL-2.0-or-later
# What must be refused: the documented status, a message that names the thing, and nothing changed.
. "$TOP/tests/integration/lib.sh"

new 301
conf=/etc/vz/conf/301.conf
cp "$conf" /tmp/301.conf

# bad TEXT STATUS REGEX CMD...: refused, said so on standard error, and the configuration is what it was.
bad() {
	local text=$1 want=$2 regex=$3 err rc
	shift 3
	err=$("$@" 2>&1 >/dev/null </dev/null)
	rc=$?
	[ "$rc" = "$want" ] || { fail "$text" "command: $*" "status $rc, wanted $want" "$err"; return; }
	[[ $err =~ $regex ]] || { fail "$text" "command: $*" "stderr: $err" "wanted a match of: $regex"; return; }
	cmp -s "$conf" /tmp/301.conf || { fail "$text: the configuration was changed"; cp /tmp/301.conf "$conf"; return; }
	pass "$text"
}

bad "no arguments" 20 'vzctl' vzctl
bad "unknown command" 20 '^Bad command: fly$' vzctl fly 301
bad "no CTID" 21 '^CT ID missing$' vzctl start
bad "unknown CTID" 14 'Container config file does not exist' vzctl start 777
bad "negative CTID" 21 'Bad CT ID -5' vzctl start -5
bad "huge CTID" 21 'Bad CT ID 99999999999' vzctl start 99999999999
bad "CTID past the range" 21 'Bad CT ID 2147483645' vzctl status 2147483645
bad "unknown name" 21 'Bad CT ID nobody' vzctl start nobody
bad "a path as name" 21 'Bad CT ID' vzctl start ../conf/301
bad "an empty name" 21 'Bad CT ID' vzctl start ''
bad "a newline in the name" 21 'Bad CT ID' vzctl start $'301\n'
bad "CT0" 21 'Only set actions are allowed for CT0' vzctl start 0
bad "unknown option of start" 20 "unrecognized option '--junk'" vzctl start 301 --junk
bad "option before existence" 20 "unrecognized option '--junk'" vzctl start 999 --junk
bad "unknown option of set" 21 "unrecognized option '--junk'" vzctl set 301 --junk 1 --save
bad "stray operand" 20 'Invalid extra arguments: stray' vzctl start 301 stray
bad "argument of destroy" 20 'Invalid options' vzctl destroy 301 now
bad "start option for stop" 20 'Option --wait is not applicable to stop command|unrecognized' vzctl stop 301 --wait

bad "CPU units too small" 21 'Bad parameter for --cpuunits: 1' vzctl set 301 --cpuunits 1 --save
bad "CPU units no number" 21 'Bad parameter for --cpuunits: lots' vzctl set 301 --cpuunits lots --save
bad "yes and no" 21 'Bad parameter for --onboot: maybe' vzctl set 301 --onboot maybe --save
bad "memory with two suffix letters" 21 'Bad parameter for --ram: 1MB' vzctl set 301 --ram 1MB --save
bad "negative memory" 21 'Bad parameter for --ram: -1' vzctl set 301 --ram=-1 --save
bad "address out of range" 21 'Bad parameter for --ipadd: 10.0.0.256' vzctl set 301 --ipadd 10.0.0.256 --save
bad "prefix out of range" 21 'Bad parameter for --ipadd: 10.0.0.1/33' vzctl set 301 --ipadd 10.0.0.1/33 --save
bad "no address at all" 21 'Bad parameter for --ipadd' vzctl set 301 --ipadd www.example --save
bad "hostname with a newline" 21 'Bad parameter for --hostname' vzctl set 301 --hostname $'a\nONBOOT="yes"' --save
bad "hostname with a slash" 21 'Bad parameter for --hostname' vzctl set 301 --hostname ../../etc --save
bad "description with a newline" 21 'Bad parameter for --description' vzctl set 301 --description $'a\nb' --save
bad "name of digits" 131 'invalid name' vzctl set 301 --name 12345 --save
bad "name with a slash" 131 'invalid name' vzctl set 301 --name a/b --save
bad "name with a newline" 131 'invalid name' vzctl set 301 --name $'a\nb' --save
bad "name without --save" 131 'unable to use --name option without --save' vzctl set 301 --name ok
bad "setmode without --save" 20 "doesn't make sense without --save" vzctl set 301 --setmode restart --cpuunits 700
bad "force without --save" 20 'force is useless without --save' vzctl set 301 --force --cpuunits 700
bad "unknown sample" 109 'Sample config file not found' vzctl set 301 --applyconfig nothere --save
bad "live limit of a stopped one" 31 'Unable to apply CPU parameters: container is not running' vzctl set 301 --cpuunits 700
bad "live address of a stopped one" 31 'Unable to apply network parameters: container is not running' \
	vzctl set 301 --ipadd 10.77.3.9

bad "unknown template" 91 'Cached OS template /vz/template/cache/nothere.tar.* not found' vzctl create 302 --ostemplate nothere
bad "template with a slash" 91 'template|nothere' vzctl create 302 --ostemplate ../nothere
bad "unknown sample at create" 82 'Sample config .* not found' vzctl create 302 --ostemplate vz-base --config nothere
bad "unknown layout" 21 'Bad parameter|layout' vzctl create 302 --ostemplate vz-base --layout cubes
is "no trace of 302" "$(ls -d /vz/private/302* /etc/vz/conf/302* 2>/dev/null)" ""
ok "a name" vzctl set 301 --name taken --save
cp "$conf" /tmp/301.conf
bad "a name twice" 131 'Conflict: name taken already used by container 301' vzctl create 302 --ostemplate vz-base --name taken
is "no trace of 302 either" "$(ls -d /vz/private/302* /etc/vz/conf/302* 2>/dev/null)" ""

# Locks.
sleep 600 &
holder=$!
printf '%d\n\n' $holder >/vz/lock/301.lck
bad "a locked container" 9 'Container already locked' vzctl start 301
bad "who holds it" 9 "Locked by: pid $holder" vzctl set 301 --cpuunits 600 --save
says "status needs no lock" 0 "CTID 301 exist unmounted down" "" vzctl status 301
kill $holder
wait $holder 2>/dev/null
like "a stale lock is removed" "$(vzctl mount 301)" 'Removing stale lock file /vz/lock/301.lck'
ok "umount" vzctl umount 301
is "no lock file stays" "$(ls /vz/lock)" ""

# Configuration files nobody wrote on purpose.
printf 'CPUUNITS="lots"\nONBOOT\n' >>"$conf"
like "a bad line is named" "$(vzctl set 301 --onboot no --save 2>&1)" 'Warning'
cp /tmp/301.conf "$conf"
head -c 20000 /dev/urandom >"$conf"
tap_run timeout 60 vzctl start 301
[ "$TAP_RC" -lt 124 ] && [ "$TAP_RC" != 0 ] && pass "a configuration of noise is refused" ||
	fail "a configuration of noise is refused" "status $TAP_RC" "${TAP_OUT:0:200}"
: >"$conf"
tap_run timeout 60 vzctl status 301
is "an empty configuration: status still answers" "$TAP_RC" 0
cp /tmp/301.conf "$conf"
mv /etc/vz/vz.conf /etc/vz/vz.conf.away
bad "no vz.conf" 10 'vz.conf' vzctl start 301
mv /etc/vz/vz.conf.away /etc/vz/vz.conf

# Hostile archives.
dir=$(mktemp -d)
mkdir -p "$dir/tree/sbin" "$dir/tree/bin"
cp "$(command -v busybox)" "$dir/tree/bin/busybox"
ln -s ../bin/busybox "$dir/tree/sbin/init"
hostile() {
	local text=$1 file=$2
	tap_run vzctl create 303 --ostemplate "$file"
	[ "$TAP_RC" != 0 ] && pass "$text is refused" || fail "$text is refused" "$TAP_OUT"
	is "$text leaves no container" "$(ls -d /vz/private/303* /etc/vz/conf/303.conf 2>/dev/null)" ""
	gone 303
}
python3 - "$dir" <<'PY'
import io, sys, tarfile
d = sys.argv[1]
def make(name, *members):
    with tarfile.open(f"{d}/{name}.tar", "w") as t:
        for m, data in members:
            m.size = len(data)
            t.addfile(m, io.BytesIO(data))
def entry(name, kind=tarfile.REGTYPE, link="", dev=(0, 0)):
    m = tarfile.TarInfo(name)
    m.type, m.linkname, (m.devmajor, m.devminor) = kind, link, dev
    return m
make("dotdot", (entry("../../../../../../tmp/escaped"), b"x"))
make("through-link", (entry("out", tarfile.SYMTYPE, "/tmp"), b""), (entry("out/escaped"), b"x"))
make("hard-link", (entry("etc"), b"x"), (entry("mine", tarfile.LNKTYPE, "/etc/shadow"), b""))
make("hard-dotdot", (entry("mine", tarfile.LNKTYPE, "../../../../../../etc/shadow"), b""))
PY
for kind in dotdot hard-link hard-dotdot through-link; do
	tap_run vzctl create 303 --ostemplate "$dir/$kind.tar"
	[ ! -e /tmp/escaped ] && pass "$kind does not get out" || fail "$kind does not get out"
	[ "$(find /vz/private /vz/template -samefile /etc/shadow 2>/dev/null)" = "" ] && pass "$kind links nothing of the host" ||
		fail "$kind links nothing of the host"
	rm -f /tmp/escaped
	gone 303
done
tar -C "$dir/tree" -cf "$dir/good.tar" . && head -c 100000 "$dir/good.tar" >"$dir/cut.tar"
hostile "a truncated archive" "$dir/cut.tar"
head -c 100000 /dev/urandom >"$dir/noise.tar.zst"
hostile "noise" "$dir/noise.tar.zst"
: >"$dir/empty.tar"
hostile "an empty file" "$dir/empty.tar"
rm -rf "$dir"
gone 301
