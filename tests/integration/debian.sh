# SPDX-License-Identifier: GPL-2.0-or-later
# A real distribution: Debian 12 with systemd from the recipe, limited, on the network, used as its administrator would.
# template: debian-12-x86_64
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/integration/stage.sh"

archive=$(template_archive debian-12-x86_64)
[ -s "$archive" ] || bail "a Debian template (network is needed once, to build it)" "$(tail -n 5 "$archive.log" 2>/dev/null)"
cp "$archive" /vz/template/cache/ || bail "copy the template"

ok "create" vzctl create 111 --ostemplate debian-12-x86_64 --ram 512M --swap 0 --cpus 1 --diskspace 2G --ipadd 10.77.11.1 \
	--hostname www
says "start --wait" 0 "Starting container...
Container is mounted
Adding IP address(es): 10.77.11.1
Setting CPUs: 1
Container start in progress, waiting ...
Container started successfully" "" vzctl start 111 --wait
soon "systemd is content" 20 sh -c 'vzctl exec 111 systemctl is-system-running | grep -qx running'
is "no unit has failed" "$(in_ct 111 'systemctl --failed --no-legend --plain')" ""
is "multi-user.target is reached" "$(in_ct 111 systemctl is-active multi-user.target)" active
like "the journal is readable" "$(in_ct 111 'journalctl -b -n 200 --no-pager')" 'systemd'
is "hostname" "$(in_ct 111 hostname)" www
like "systemd knows that it is in a container" "$(in_ct 111 systemd-detect-virt -c)" '^(lxc|container-other|openvz|systemd-nspawn)$'
ok "the outside is reached" vzctl exec 111 'ping -c 1 -W 20 198.51.100.1'
soon "its ssh answers the host" 10 sh -c 'timeout 2 nc -w 2 10.77.11.1 22 </dev/null | grep -q ^SSH-2.0'
ok "a service can be started with limits of its own" vzctl exec 111 'systemd-run --wait -p MemoryMax=50M -p TasksMax=10 true'
like "its cgroup tree is its own" "$(in_ct 111 'systemd-cgls --no-pager | head -n 20')" 'init.scope'
ok "apt works on what is there" vzctl exec 111 'apt-get -o DPkg::Lock::Timeout=60 check && dpkg --audit'

ok "password" vzctl set 111 --userpasswd root:geheim --save
like "is set" "$(in_ct 111 'getent shadow root')" '^root:\$'
ok "user made by it" vzctl set 111 --userpasswd ann:geheim --save
ok "is there" vzctl exec 111 id ann
ok "nameserver, live" vzctl set 111 --nameserver 192.0.2.53 --searchdomain example --save
like "is written" "$(in_ct 111 cat /etc/resolv.conf)" 'nameserver 192\.0\.2\.53'

out=$(printf 'tty; echo shell=$0; stty size\nexit 5\n' | script -qec 'stty rows 33 cols 99; vzctl enter 111' /dev/null | tr -d '\r')
like "enter gives a terminal" "$out" '/dev/pts/[0-9]'
like "of the caller's size" "$out" '33 99'
like "and a login shell" "$out" 'shell=-bash'
like "and says so" "$out" 'entered into CT 111'
out=$(python3 "$TOP/tests/lib/expect.py" 90 'login:' '\e.' -- vzctl console 111 </dev/null 2>&1)
like "the console kept what boot printed" "$out" 'login:|Debian'
like "and lets go" "$out" 'Detached from CT 111'

boot=$(in_ct 111 cat /proc/sys/kernel/random/boot_id)
before=$(init_of 111)
vzctl exec 111 'systemctl reboot' >/dev/null 2>&1
soon "a reboot typed inside comes back" 30 sh -c "[ \$(sed -n 's/^INIT_PID=\"*\\([0-9]*\\).*/\\1/p' /run/vz/111/state) != $before ] && vzctl exec 111 'systemctl is-active multi-user.target' | grep -qx active"
ok "with its network" vzctl exec 111 'ping -c 1 -W 20 198.51.100.1'
says "graceful stop" 0 "Stopping container ...
Container was stopped
Container is unmounted" "" timeout 100 vzctl stop 111
ok "start" vzctl start 111
says "a stop right after it" 0 "Stopping container ...
Container was stopped
Container is unmounted" "" timeout 100 vzctl stop 111
ok "start" vzctl start 111 --wait
vzctl exec 111 'systemctl poweroff' >/dev/null 2>&1
soon "a poweroff typed inside ends as stopped" 30 sh -c 'vzctl status 111 | grep -qx "CTID 111 exist unmounted down"'
ok "layout dir" vzctl create 112 --ostemplate debian-12-x86_64 --layout dir --ipadd 10.77.11.2
ok "starts as well" vzctl start 112 --wait
is "and runs" "$(in_ct 112 systemctl is-active multi-user.target)" active
gone 111 112
rm -f "/vz/template/cache/${archive##*/}"
