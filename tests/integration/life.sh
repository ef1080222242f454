# SPDX-License-Identifier: GPL-2.0-or-later
# One container's life, with the exact lines and exit statuses that scripts written for OpenVZ rely on.
. "$TOP/tests/integration/lib.sh"

like "version" "$(vzctl --version)" '^vzctl version [0-9]+\.[0-9]+\.[0-9]+$'
is "help begins with the version" "$(vzctl --help | head -n 1)" "$(vzctl --version)"
says "status of what never was" 0 "CTID 101 deleted unmounted down" "" vzctl status 101

says "create" 0 "Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/101.conf
Container private area was created" "" vzctl create 101 --ostemplate vz-base
says "status of a new one" 0 "CTID 101 exist unmounted down" "" vzctl status 101
ok "template is stored" grep -qx 'OSTEMPLATE="vz-base"' /etc/vz/conf/101.conf
ok "private path is stored unexpanded" grep -qxF 'VE_PRIVATE="/vz/private/$VEID"' /etc/vz/conf/101.conf
says "create twice" 44 "Warning: CT config file already exists, not applying a default config sample.
It might lead to incomplete CT configuration, you can use --applyconfig to fix." "Private area already exists in /vz/private/101
Creation of container private area failed" vzctl create 101 --ostemplate vz-base

says "set on a stopped one" 0 "CT configuration saved to /etc/vz/conf/101.conf" "" vzctl set 101 --hostname one.example \
	--cpuunits 1000 --cpulimit 50 --cpus 1 --ipadd 10.77.1.1 --onboot yes --description 'first of all' --save
says "the same again" 0 "No changes in CT configuration, not saving" "" vzctl set 101 --cpuunits 1000 --save
says "set without --save" 0 "WARNING: Settings were not saved to config (use --save flag)" "" vzctl set 101 --onboot no
ok "nothing was stored" grep -qx 'ONBOOT="yes"' /etc/vz/conf/101.conf
says "name" 0 "Name alpha assigned
CT configuration saved to /etc/vz/conf/101.conf" "" vzctl set 101 --name alpha --save
says "status by name" 0 "CTID 101 exist unmounted down" "" vzctl status alpha
is "name link" "$(readlink /etc/vz/names/alpha)" /etc/vz/conf/101.conf

says "mount" 0 "Container is mounted" "" vzctl mount 101
says "status of a mounted one" 0 "CTID 101 exist mounted down" "" vzctl status 101
ok "the tree is to be seen from the host" test -x /vz/root/101/bin/busybox
says "mount twice" 0 "" "Container is already mounted" vzctl mount 101
says "destroy while mounted" 41 "Container is currently mounted (umount first)" "" vzctl destroy 101
says "umount" 0 "Container is unmounted" "" vzctl umount 101
says "umount twice" 40 "" "CT is not mounted" vzctl umount 101

says "start" 0 "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
Setting CPU limit: 50
Setting CPU units: 1000
Setting CPUs: 1
Container start in progress..." "" vzctl start 101
says "status of a running one" 0 "CTID 101 exist mounted running" "" vzctl status 101
says "start twice" 32 "" "Container is already running" vzctl start 101
says "destroy while running" 32 "Container is currently running. Stop it first." "" vzctl destroy 101
says "umount while running" 32 "" "Container is running -- stop it first" vzctl umount 101
says "mount while running" 0 "" "Container is already mounted" vzctl mount 101

says "exec" 0 "hello world" "" vzctl exec 101 echo hello world
says "exec goes through a shell" 0 "2" "" vzctl exec 101 'printf "a\nb\n" | wc -l'
says "exec of a failure" 8 "" "" vzctl exec 101 'exit 3'
says "exec2 of a failure" 3 "" "" vzctl exec2 101 'exit 3'
says "exec keeps the streams apart" 0 "out" "err" vzctl exec 101 'echo out; echo err >&2'
says "exec without a command" 20 "" "No command line given for exec" vzctl exec 101
says "exec killed by a signal" 3 "" "Got signal 9" vzctl exec2 101 'kill -9 $$'
is "exec of standard input" "$(printf 'echo one\necho two\n' | vzctl exec 101 -)" "one
two"
head -c 300000 /dev/urandom >/tmp/bin
is "exec is clean for binary data" "$(vzctl exec 101 cat </tmp/bin | cmp - /tmp/bin && echo same)" same
is "exec ends when nobody reads any more" "$(timeout 60 vzctl exec 101 yes 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]})" "y
3"
is "environment of exec" "$(vzctl exec 101 'env | grep -v "^_=\|^PWD=\|^SHLVL=\|^OLDPWD=" | sort')" "HOME=/
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
TERM=linux"
is "working directory of exec" "$(vzctl exec 101 pwd)" /
is "hostname inside" "$(vzctl exec 101 hostname)" one.example
says "exec ends with its command" 0 "" "" timeout 60 vzctl exec 101 'sleep 100 >/dev/null 2>&1 &'

lists() {	# some processes of the start end by themselves
	local got
	got=$(vzlist)
	echo "$got"
	[ "$got" = "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME
$(printf '%10d %10s %-9s %-15s %s' 101 "$(field numproc 101)" running 10.77.1.1 one.example)" ]
}
soon "vzlist" 10 lists
out_is "vzlist as libvirt calls it" "       101 running" vzlist -a -ovpsid,status -H
out_is "vzlist -1" "       101" vzlist -1
out_is "vzlist -S shows none" "" vzlist -S -H
out_is "vzlist by name pattern" "       101 alpha" vzlist -a -H -o ctid,name -N 'al*'
out_is "vzlist by hostname pattern" "       101" vzlist -a -H -o ctid -h '*.example'
out_is "vzlist by description" "       101" vzlist -a -H -o ctid -d 'first*'
ok "vzlist -j is JSON" sh -c 'vzlist -j | jq -e ".[0].ctid == 101 and .[0].status == \"running\" and .[0].ip == [\"10.77.1.1\"]"'
says "vzlist of none" 1 "" "Container(s) not found" vzlist 555
says "vzlist of a wrong field" 1 "" "Unknown field: colour" vzlist -o colour

says "set of CPU units, live" 0 "UB limits were set successfully
Setting CPU units: 500
CT configuration saved to /etc/vz/conf/101.conf" "" vzctl set 101 --cpuunits 500 --save
says "set of memory, live" 0 "UB limits were set successfully
CT configuration saved to /etc/vz/conf/101.conf" "" vzctl set 101 --ram 300M --save
is "memory is stored in pages" "$(grep '^PHYSPAGES' /etc/vz/conf/101.conf)" 'PHYSPAGES="0:76800"'
ok "hostname, live" vzctl set 101 --hostname two.example --save
is "hostname has changed inside" "$(vzctl exec 101 hostname)" two.example

says "freeze" 0 "Setting up checkpoint...
	suspend...
	get context..." "" vzctl chkpnt 101 --suspend
says "a frozen one is running" 0 "CTID 101 exist mounted running" "" vzctl status 101
says "thaw" 0 "Resuming..." "" vzctl chkpnt 101 --resume
ok "it works after" vzctl exec 101 true

says "restart" 0 "Restarting container
Stopping container ...
Container was stopped
Container is unmounted
Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
Setting CPU limit: 50
Setting CPU units: 500
Setting CPUs: 1
Container start in progress..." "" vzctl restart 101
ok "it works after" vzctl exec 101 true
says "stop" 0 "Stopping container ...
Container was stopped
Container is unmounted" "" vzctl stop 101
says "stop twice" 0 "" "Unable to stop: container is not running" vzctl stop 101
says "exec in a stopped one" 31 "" "Container is not running" vzctl exec 101 true
says "exec2 in a stopped one" 31 "" "Container is not running" vzctl exec2 101 true
out_is "vzlist -a of a stopped one" "       101          - stopped   10.77.1.1       two.example" vzlist -a -H

says "start --wait" 0 "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
Setting CPU limit: 50
Setting CPU units: 500
Setting CPUs: 1
Container start in progress, waiting ...
Container started successfully" "" vzctl start 101 --wait
says "stop --fast" 0 "Killing container ...
Container was stopped
Container is unmounted" "" vzctl stop 101 --fast

ok "disable" vzctl set 101 --disabled yes --save
says "start of a disabled one" 105 "" "Container start disabled" vzctl start 101
ok "start --force of a disabled one" vzctl start 101 --force
ok "data survives" vzctl exec 101 'echo kept >/root/file; sync'
ok "poweroff inside" vzctl exec 101 'poweroff'
soon "ends as stopped" 20 sh -c 'vzctl status 101 | grep -qx "CTID 101 exist unmounted down"'
ok "enable" vzctl set 101 --disabled no --save
ok "start again" vzctl start 101
is "data is there" "$(vzctl exec 101 cat /root/file)" kept
before=$(init_of 101)
ok "reboot inside" vzctl exec 101 'reboot'
soon "comes back by itself" 20 sh -c "! kill -0 $before 2>/dev/null && vzctl exec 101 true"
is "with its address" "$(vzctl exec 101 'ip -4 -o addr show venet0' | grep -c 'inet 10.77.1.1')" 1
ok "stop" vzctl stop 101
says "set of a password on a stopped one" 0 "Starting container...
Container is mounted
Container start in progress...
Killing container ...
Container was stopped
Container is unmounted" "" vzctl set 101 --userpasswd root:secret

says "destroy" 0 "Destroying container private area: /vz/private/101
Container private area was destroyed" "" vzctl destroy 101
says "status after" 0 "CTID 101 deleted unmounted down" "" vzctl status 101
ok "the configuration is kept aside" test -e /etc/vz/conf/101.conf.destroyed -o -e /etc/vz/conf/101.destroyed
says "destroy twice" 14 "" "Container config file does not exist" vzctl destroy 101
says "the name is gone" 21 "" "Bad CT ID alpha" vzctl status alpha
new 101
ok "delete is destroy" vzctl delete 101
new 102 --layout dir
ok "layout dir starts" vzctl start 102
is "and works" "$(vzctl exec 102 'echo x >/etc/new; cat /etc/new')" x
is "its tree is the private area" "$(cat /vz/private/102/etc/new /vz/private/102/*/etc/new 2>/dev/null)" x
gone 102
