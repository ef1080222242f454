# SPDX-License-Identifier: GPL-2.0-or-later
# What every distribution must do, whatever its init and its network programs: used by distro_*.sh. CT is the container,
# NET its third octet; booted() says that it is up, and a file may replace calm(), which says that nothing in it is broken.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/integration/stage.sh"

[ -z "${VZTEST_TIMES:-}" ] || pass() { TAP_N=$((TAP_N + 1)); echo "ok $TAP_N - $1 ($SECONDS s)"; }

# distro_template NAME: puts the recipe's archive into the cache.
distro_template() {
	local archive
	archive=$(template_archive "$1")
	[ -s "$archive" ] || bail "a template $1 (network is needed once, to build it)" "$(tail -n 5 "$archive.log" 2>/dev/null)"
	cp "$archive" /vz/template/cache/ || bail "copy the template"
}

ips() {
	in_ct "$CT" 'ip -o addr show dev venet0 scope global' | awk '{ print $4 }' | sort | tr '\n' ' '
}

# holds WHEN NAME ADDRESSES HOSTS_IP DNS: the container is called NAME, has these addresses and no others, ...
holds() {
	is "$1: host name" "$(in_ct "$CT" hostname)" "$2"
	is "$1: in its file" "$(in_ct "$CT" cat /etc/hostname)" "$2"
	is "$1: in hosts" "$(in_ct "$CT" "grep -c '^$4 $2' /etc/hosts; getent -s files hosts $2 2>/dev/null | awk '{ print \$1; exit }'")" "1${RESOLVES-
$4}"
	is "$1: addresses" "$(ips)" "$3"
	is "$1: resolver" "$(in_ct "$CT" 'grep -v "^#" /etc/resolv.conf')" "$5"
	if [ -n "$3" ]; then
		soon "$1: reaches the outside" 20 vzctl exec "$CT" 'ping -c 1 -W 20 198.51.100.1'
		soon "$1: and the host by IPv6" 20 vzctl exec "$CT" 'ping -6 -c 1 -W 20 2001:db8:ffff::1'
		ok "$1: is reached" ping -c 1 -w 20 "$4"
	fi
	calm "$1"
}

# May be replaced: what is changed in the container before its first start; what its own tools are asked to do to the network
# while it runs; what must be true of a system without faults.
tweak() { :; }
tried() { :; }
calm() { :; }

# Told by its getty, which every init that reads /etc/inittab starts when all else is done.
booted() {
	vzctl exec2 "$CT" 'ps ax | grep "[g]etty"' >/dev/null 2>&1 </dev/null
}

# back INIT_PID: up again, with another init than that.
back() {
	local pid
	pid=$(init_of "$CT" 2>/dev/null)
	[ -n "$pid" ] && [ "$pid" != "$1" ] && booted
}

# prompt START: create and boot took less than 30 s since then, or a boot more does. A busy machine is slow for a moment; a boot
# that waits for what never comes waits each time.
prompt() {
	local start=$1 n
	for _ in 1 2 3; do
		[ $((SECONDS - start)) -ge 30 ] || return 0
		echo "it took $((SECONDS - start)) s"
		vzctl --quiet stop "$CT" --fast
		start=$SECONDS
		vzctl --quiet start "$CT"
		for n in $(seq 400); do booted && break; sleep 0.2; done
	done
	[ $((SECONDS - start)) -lt 30 ]
}

reboots() {
	local pid
	pid=$(init_of "$CT")
	vzctl exec "$CT" "$2" >/dev/null 2>&1 </dev/null
	soon "$1" 30 back "$pid"
}

down() {
	vzctl status "$CT" | grep -q 'unmounted down'
}

# login NAME PASSWORD WORD: on the console, through the guest's own getty and login.
logs_in() {
	local out
	out=$(python3 "$TOP/tests/lib/expect.py" 90 '' '\n' 'login: ' "$2\n" 'assword: ' "$3\n" "${5:-# }" \
		'echo "tty=$(tty)" who=$(id -un)\n' "who=$2" 'exit\n' "login: " '\e.' -- vzctl console "$CT" </dev/null 2>&1)
	like "$1" "$out" "tty=/dev/$4 who=$2"
}

# distro_life TEMPLATE: everything. May be set before: POWEROFF HALT REBOOT, what is typed inside; NEEDS_ADDRESS, its boot waits
# for one.
distro_life() {
	local start=$SECONDS
	ok "create" vzctl create "$CT" --ostemplate "$1" --hostname www.example.org --ipadd "10.77.$NET.1" \
		--ipadd "10.77.$NET.2/24" --ipadd "fd00:77::$NET:1" --nameserver 192.0.2.53 --nameserver 192.0.2.54 \
		--searchdomain example.org --ram 512M --swap 0
	tweak
	ok "a password before the first start" vzctl set "$CT" --userpasswd root:geheim --save
	ok "start" vzctl start "$CT"
	soon "boots" 30 booted
	ok "without a long wait" prompt "$start"
	distro_first "at the first start"
	tried "first"
	reboots "a reboot typed inside comes back" "${REBOOT:-reboot}"
	distro_first "after a reboot"
	ok "all of it is set live" vzctl set "$CT" --hostname mail.example.net --ipdel "10.77.$NET.1" --ipadd "10.77.$NET.7" \
		--nameserver 192.0.2.55 --searchdomain example.net --userpasswd root:andere --userpasswd ann:geheim --save
	distro_second live
	tried "live"
	distro_second "after that"
	reboots "another reboot" "${REBOOT:-reboot}"
	distro_second "after a reboot"
	ok "user made by set" vzctl exec "$CT" id ann
	logs_in "and the new password is good on the console" root andere console
	ok "stop" timeout 60 vzctl stop "$CT"
	ok "all of it is set while it is down" vzctl set "$CT" --hostname www --ipdel "10.77.$NET.7" --ipadd "10.77.$NET.8" \
		--nameserver 192.0.2.56 --userpasswd root:dritte --save
	ok "start again" vzctl start "$CT"
	soon "boots again" 30 booted
	holds "set while down" www "10.77.$NET.2/24 10.77.$NET.8/32 fd00:77::$NET:1/128 " "10.77.$NET.2" "search example.net
nameserver 192.0.2.56"
	ok "no addresses, live" vzctl set "$CT" --ipdel all --save
	is "are gone" "$(ips)" ""
	is "and from the file" "$(in_ct "$CT" "grep -r '10.77.$NET' /etc/network 2>/dev/null")" ""
	pid=$(init_of "$CT")
	vzctl exec "$CT" "${POWEROFF:-poweroff}" >/dev/null 2>&1 </dev/null
	soon "a poweroff typed inside ends as stopped" 30 down
	ok "start without addresses" vzctl start "$CT"
	[ -n "${NEEDS_ADDRESS:-}" ] && return
	soon "boots without" 30 booted
	is "still none" "$(ips)" ""
	vzctl exec "$CT" "${HALT:-shutdown -h now}" >/dev/null 2>&1 </dev/null
	soon "a shutdown typed inside ends as stopped" 30 down
}

distro_first() {
	holds "$1" www.example.org "10.77.$NET.1/32 10.77.$NET.2/24 fd00:77::$NET:1/128 " "10.77.$NET.1" "search example.org
nameserver 192.0.2.53
nameserver 192.0.2.54"
	logs_in "the password is good on the console" root geheim console
}

distro_second() {
	holds "$1" mail.example.net "10.77.$NET.2/24 10.77.$NET.7/32 fd00:77::$NET:1/128 " "10.77.$NET.2" "search example.net
nameserver 192.0.2.55"
}

distro_end() {
	gone "$CT"
	rm -f "/vz/template/cache/$1.tar.zst"
}
