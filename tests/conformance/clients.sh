# SPDX-License-Identifier: GPL-2.0-or-later
# Command sequences of real clients, as their sources have them; what they match is what is checked.
. "$TOP/tests/conformance/case.sh"

# WHMCS's OpenVZ module compares whole outputs.
it "WHMCS: create"
given none 101
run /usr/sbin/vzctl create 101 --ostemplate vz-base
out "Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/101.conf
Container private area was created"

it "WHMCS: settings of a new container"
run /usr/sbin/vzctl set 101 --onboot yes --ipadd 10.77.1.1 --nameserver 192.0.2.3 --hostname www.example --diskspace 1048576:1153434 --quotatime 0 --quotaugidlimit 0 --cpuunits 1000 --cpulimit 50 --cpus 1 --ram 256M --swap 256M --save
out "CT configuration saved to /etc/vz/conf/101.conf"
err_any

it "WHMCS: password of a stopped container"
run /usr/sbin/vzctl set 101 --userpasswd root:secret --save
out "Starting container...
Container is mounted
Container start in progress...
Killing container ...
Container was stopped
Container is unmounted
CT configuration saved to /etc/vz/conf/101.conf"

it "WHMCS: start"
run /usr/sbin/vzctl start 101
out "Starting container...
Container is mounted
Adding IP address(es): 10.77.1.1
Setting CPU limit: 50
Setting CPU units: 1000
Setting CPUs: 1
Container start in progress..."

it "WHMCS: the status is the last word"
run sh -c "/usr/sbin/vzctl status 101 | awk '{ print \$NF }'"
out running

it "WHMCS: stop"
run /usr/sbin/vzctl stop 101
out "Stopping container ...
Container was stopped
Container is unmounted"

it "WHMCS: terminate"
run /usr/sbin/vzctl destroy 101
out "Destroying container private area: /vz/private/101
Container private area was destroyed"

# Feathur looks for pieces of text.
it "Feathur: create and many options"
given none 101
run sh -c 'vzctl create 101 --ostemplate vz-base && vzctl set 101 --onboot yes --save && vzctl set 101 --ram 256M --swap 128M --save && vzctl set 101 --cpuunits 1000 --save && vzctl set 101 --cpulimit 100 --save && vzctl set 101 --cpus 1 --save && vzctl set 101 --diskspace 10G:10G --save && vzctl set 101 --hostname www.example --save && vzctl set 101 --nameserver 192.0.2.3 --nameserver 192.0.2.4 --save && echo done'
out_like $'\ndone$'

it "Feathur: sixteen times --iptables"
run vzctl set 101 --iptables ipt_REJECT --iptables ipt_tos --iptables ipt_TOS --iptables ipt_LOG --iptables ip_conntrack --iptables ipt_limit --iptables ipt_multiport --iptables iptable_filter --iptables iptable_mangle --iptables ipt_TCPMSS --iptables ipt_tcpmss --iptables ipt_ttl --iptables ipt_length --iptables ipt_state --iptables iptable_nat --iptables ip_nat_ftp --save
out_like 'CT configuration saved'

it "Feathur: start"
run sh -c 'vzctl start 101 | grep -c -F "Container start in progress..."'
out 1

it "Feathur: start again"
run sh -c 'vzctl start 101 2>&1 | grep -c "Container is already running"'
out 1

it "Feathur: stop"
run sh -c 'vzctl stop 101 | grep -c "Container was stopped"'
out 1

it "Feathur: stop again"
run sh -c 'vzctl stop 101 2>&1 | grep -c "container is not running"'
out 1

it "Feathur: a suspended customer cannot start"
run sh -c 'vzctl set 101 --disabled yes --save >/dev/null; vzctl start 101 2>&1 | grep -c "Container start disabled"'
out 1

it "Feathur: and can again"
run sh -c 'vzctl set 101 --disabled no --save >/dev/null; vzctl start 101 | grep -c -F "Container start in progress..."'
out 1

it "Feathur: memory by line number of /proc/meminfo"
run vzctl exec 101 "sed -n '1p' /proc/meminfo | grep -c '^MemTotal:'"
out 1

it "Feathur: is there a tunnel device?"
run sh -c 'vzctl set 101 --devices c:10:200:rw --save >/dev/null 2>&1; vzctl exec 101 "mkdir -p /dev/net; test -c /dev/net/tun || mknod /dev/net/tun c 10 200; test -c /dev/net/tun && echo there"'
out there

# ManageVE, the cluster agent, splits words and looks at numbers.
it "ManageVE: status by words"
given running 101
run sh -c 'set -- $(vzctl status 101); echo $3 $5'
out "exist running"

it "ManageVE: start of what runs is a success to it"
run vzctl start 101
err_any
rc 32

it "ManageVE: stop"
run vzctl stop 101
out_any

it "ManageVE: stop of what is stopped"
run vzctl stop 101
err_any

it "ManageVE: a container it does not know"
given none 102
run sh -c 'set -- $(vzctl status 102); echo $3'
out deleted

# ploy wants silence on standard error.
it "ploy: a whole life without a word on standard error"
given none 101
run sh -c '(vzctl create 101 --ostemplate vz-base && vzctl set 101 --save --hostname www.example --ipadd 10.77.1.1 && vzctl start 101 && vzctl exec 101 true && vzctl stop 101 && vzctl destroy 101) 2>&1 >/dev/null'
out ""

it "ploy: no container"
run sh -c 'vzlist -a -o ctid 101 2>&1'
out "Container(s) not found"
rc 1

it "ploy: fields by -L"
run sh -c "vzlist -L | while read -r name header more; do [ -n \"\$header\" ] && [ -z \"\$more\" ] || echo \"\$name\"; done"
out ""

it "ploy: a mount script by name"
given stopped 101
run sh -c 'mkdir -p /tmp/ploy; echo data >/tmp/ploy/file; printf "#!/bin/bash\n. /etc/vz/vz.conf\n. \${VE_CONFFILE}\nmount -n --bind /tmp/ploy \${VE_ROOT}/mnt\n" >/etc/vz/conf/101.mount; chmod 755 /etc/vz/conf/101.mount; vzctl --quiet start 101; vzctl exec 101 cat /mnt/file; umount /vz/root/101/mnt; vzctl --quiet stop 101 --fast; rm -r /tmp/ploy'
out data

# ruby-openvz parses the default list.
it "ruby-openvz: the line of a running container"
given running 101 HOSTNAME=www.example IP_ADDRESS=10.77.1.1
run sh -c 'vzlist -a | grep -c -E "^ +101 +[0-9-]+ (running|stopped) +10\.77\.1\.1 +www\.example\$"'
out 1

it "ruby-openvz: inventory"
run vzlist -a -H -o veid 101
out "       101"

it "ruby-openvz: status without its first two words"
run sh -c "vzctl status 101 | cut -d' ' -f3-"
out "exist mounted running"

it "ruby-openvz: exec2 and its status"
run vzctl exec2 101 'test -d /nothere'
rc 1

it "ruby-openvz: a restart"
run sh -c 'vzctl restart 101 >/dev/null; echo $?; vzctl status 101'
out "0
CTID 101 exist mounted running"

# libvirt's openvz driver.
it "libvirt: the version from --help"
run sh -c "vzctl --help | sed -n '1s/^vzctl version \([0-9]*\.[0-9]*\.[0-9]*\)\$/ok/p'"
out ok

it "libvirt: state of one"
run sh -c 'vzlist 101 -ostatus -H'
out running

it "libvirt: the running ones by number"
run vzlist -ovpsid -H 101
out "       101"

it "libvirt: all with status"
run sh -c "vzlist -a -ovpsid,status -H 101 | awk '{ print \$1 \"/\" \$2 }'"
out 101/running

it "libvirt: create by name"
given none 104
run vzctl --quiet create 104 --name lv104 --ostemplate vz-base
state 104 "exist unmounted down"

it "libvirt: define it"
run sh -c 'vzctl --quiet set 104 --ipadd 10.77.1.4 --save && vzctl --quiet set 104 --privvmpages 65536:65536 --save && vzctl --quiet set 104 --cpus 1 --save && grep -c -E "^(IP_ADDRESS|PRIVVMPAGES|CPUS)=" /etc/vz/conf/104.conf'
out 3

it "libvirt: start, suspend, resume, shut down, reboot, undefine"
run sh -c 'for c in "start 104" "chkpnt 104 --suspend" "chkpnt 104 --resume" "restart 104" "stop 104" "destroy 104"; do vzctl --quiet $c || echo "$c: $?"; done; vzctl status 104'
out "CTID 104 deleted unmounted down"

# HyperVM.
it "HyperVM: anything for a number nobody has"
run sh -c 'test -n "$(vzctl status 10000)" && echo something'
out something

it "HyperVM: umount, then destroy"
given mounted 102
run sh -c 'vzctl umount 102 >/dev/null 2>&1; vzctl destroy 102 >/dev/null 2>&1; vzctl status 102'
out "CTID 102 deleted unmounted down"

it "HyperVM: memory as counters"
given running 101
run vzctl set 101 --save --privvmpages 262144:262144 --vmguarpages 262144:2147483647 --oomguarpages 262144:2147483647 --shmpages 21504:21504 --physpages 0:2147483647
out_like 'CT configuration saved'
state 101 "exist mounted running"

it "HyperVM: words of /proc/net/dev"
given running 101 IP_ADDRESS=10.77.1.1
run vzctl exec 101 'grep venet0 /proc/net/dev | grep -c .'
out 1

# Proxmox 3 and OpenVZ Web Panel.
it "PVE: its own lock and --skiplock"
given stopped 101
run sh -c 'exec 9>>/vz/lock/101.lck; flock -n 9; vzctl --skiplock start 101 >/dev/null; vzctl status 101; vzctl --skiplock stop 101 --fast >/dev/null; rm -f /vz/lock/101.lck'
out "CTID 101 exist mounted running"

it "PVE: mount, look, umount"
given stopped 101
run sh -c 'vzctl mount 101 >/dev/null && cat /vz/root/101/etc/passwd | cut -d: -f1 | head -n 1; vzctl umount 101 >/dev/null'
out root

it "PVE: a template by path"
given none 102
run sh -c 'mkdir -p /tmp/t/sbin; cp "$(command -v busybox)" /tmp/t/sbin/init; tar -C /tmp/t -czf /vz/template/cache/tiny-1.tar.gz .; vzctl create 102 --ostemplate /vz/template/cache/tiny-1.tar.gz >/dev/null; grep OSTEMPLATE /etc/vz/conf/102.conf; rm -rf /tmp/t /vz/template/cache/tiny-1.tar.gz'
out 'OSTEMPLATE="tiny-1"'

it "OWP: the version's third word"
run sh -c "vzctl --version | cut -d' ' -f3 | grep -c -E '^[0-9]+\.[0-9]+\.[0-9]+\$'"
out 1

it "OWP: a list by commas and blanks"
given running 101 HOSTNAME=www.example IP_ADDRESS=10.77.1.1
run vzlist -a -H -o veid,hostname,ip,status,nproc 101
err "Unknown field: nproc"
rc 1

it "OWP: samples"
run sh -c 'ls /etc/vz/conf/ve-*.conf-sample | grep -c vswap-256m'
out 1

# The rest of those that match text.
it "myadmin: may --force be used?"
run sh -c 'vzctl --help | grep -c "vzctl set.*--force"'
out 1

it "myadmin: restart for what needs one"
given running 101
run sh -c 'vzctl set 101 --setmode restart --capability net_raw:off --save >/dev/null; echo $?; vzctl status 101'
out "0
CTID 101 exist mounted running"

it "66ru: an address of a stopped container"
given stopped 101 IP_ADDRESS=10.77.1.1
run vzctl set 101 --verbose --ipdel 10.77.1.1
out_any
err_any
rc 31

it "yaegashi: compares lists"
given stopped 101 "IP_ADDRESS=10.77.1.1 10.77.1.2"
run sh -c 'vzlist -j 101 | tr -d " \n" | grep -o "\"ip\":\[[^]]*\]"'
out '"ip":["10.77.1.1","10.77.1.2"]'

it "jdupl: strips blanks of a list"
run sh -c 'vzlist -a1 | tr -d " " | grep -x 101'
out 101

it "vagrant: status by pattern"
run sh -c 'vzctl status 101 | grep -c -i -E "^[a-z]+ [0-9]+ exist unmounted down\$"'
out 1

it "typo3: one line for no container"
run sh -c 'vzlist -a 777 2>&1 | wc -l'
out 1
rc 0

it "zenoss: 0.conf says that this is a host"
run sh -c 'ls /etc/vz/conf/[0-9]*.conf | grep -c /0.conf'
out 1

it "nova: a description of JSON, found again"
given stopped 101
run sh -c "vzctl --quiet set 101 --save --description '{\"name\": \"i-1\", \"uuid\": \"abc\"}'; vzlist --all --no-header -o ctid --description '*\"uuid\": \"abc\"*'"
out "       101"

it "puppet: is it there?"
run sh -c 'vzlist -a 101 >/dev/null 2>&1; echo $?; vzlist -a 777 >/dev/null 2>&1; echo $?'
out "0
1"
