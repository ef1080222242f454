# SPDX-License-Identifier: GPL-2.0-or-later
# What the evil_*.sh files share: containers with the hostile program (tests/evil) at /evil.
. "$TOP/tests/integration/lib.sh"

arm() {
	local id
	for id; do
		vzctl exec2 "$id" 'cat >/evil && chmod 755 /evil' <"$B/tests/evil" || bail "arm $id"
	done
}

# evil ID ATTACK...: what it printed; nothing it does takes that long, on a quiet machine a few seconds.
evil() {
	local id=$1
	shift
	timeout -k 1 150 vzctl exec2 "$id" /evil "$@" 2>&1 </dev/null
}

# refused TEXT OUTPUT [NAME=VERDICT...]: every attempt was refused but those named, which are exactly as said.
refused() {
	local text=$1 out=$2 left word
	shift 2
	left=$(grep -P '\t' <<<"$out")
	[ -n "$left" ] || { fail "$text" "no attempt was made:" "$out"; return; }
	for word; do
		grep -qP "^${word%%=*}\t${word#*=}" <<<"$left" || { fail "$text" "wanted $word" "$out"; return; }
		left=$(grep -vP "^${word%%=*}\t" <<<"$left")
	done
	left=$(grep -vP '\tREFUSED' <<<"$left")
	[ -z "$left" ] && pass "$text" || fail "$text" "$left"
}

# All that a container must never change: taken before, compared after.
canary() {
	find /vz/private /vz/template/store -maxdepth 1 -printf '%p %m %U %i\n' 2>/dev/null | grep -vE '/(7[0-9]{2}|lock\.[0-9a-f]+|gc\.lock|marked) '
	(cd /etc && find passwd shadow hosts hostname resolv.conf vz -type f -printf '%p %i %T@ %C@ %m\n' 2>/dev/null) | grep -v 'vz/conf/7'
	find /canary -printf '%p %i %T@ %C@ %m %l\n' 2>/dev/null
	sha256sum /usr/sbin/vzctl /usr/lib/vz/* /canary/file 2>/dev/null
	cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic /proc/sys/kernel/modprobe 2>/dev/null
	hostname
}
