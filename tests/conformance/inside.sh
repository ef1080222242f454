# SPDX-License-Identifier: GPL-2.0-or-later
# What a container's own programs see of its parameters.
. "$TOP/tests/conformance/case.sh"

given none 101
given running 101 HOSTNAME=www.example "IP_ADDRESS=10.77.1.1 10.77.1.2 2001:db8:1::5" NAMESERVER=inherit

it "the short and the long hostname lead to the first address"
run vzctl exec 101 'grep -c -E "^10\.77\.1\.1[[:blank:]]+www\.example[[:blank:]]+www([[:blank:]]|$)" /etc/hosts'
out 1

it "localhost is there"
run vzctl exec 101 'grep -c -E "^127\.0\.0\.1[[:blank:]].*localhost" /etc/hosts'
out 1

it "/etc/hostname"
run vzctl exec 101 cat /etc/hostname
out www.example

it "inherited name servers are the host's"
run sh -c 'grep ^nameserver /etc/resolv.conf >/tmp/ours; vzctl exec 101 "grep ^nameserver /etc/resolv.conf" | cmp - /tmp/ours && echo same; rm /tmp/ours'
out same

it "both addresses are on venet0"
run vzctl exec 101 'ip -4 -o addr show dev venet0 | grep -c -E "inet 10\.77\.1\.[12]/32"'
out 2

it "so is the one of version 6"
run vzctl exec 101 'ip -6 -o addr show dev venet0 | grep -c 2001:db8:1::5/128'
out 1

it "the default route leaves by venet0"
run vzctl exec 101 'ip route show default | grep -c "dev venet0"'
out 1

it "the root's device is /dev/simfs"
run vzctl exec 101 'df -P / | sed -n "2s/ .*//p"'
out /dev/simfs

it "the usual devices"
run vzctl exec 101 'for d in null zero full random urandom tty ptmx console; do test -c /dev/$d || echo $d is missing; done; test -d /dev/pts && echo pts'
out pts

it "null and zero work"
run vzctl exec 101 'echo x >/dev/null && head -c 3 /dev/zero | wc -c'
out 3

it "no other device does"
run vzctl exec 101 'mknod /tmp/sda b 8 0 2>/dev/null && head -c 1 /tmp/sda'
out_any
err_any
rc 8

it "process 1 is its own"
run vzctl exec 101 'cat /proc/1/comm'
out init

it "no process of the host is seen"
run vzctl exec 101 'ls -d /proc/[0-9]* | wc -l | awk "\$1 < 30 { print \"few\" }"'
out few

it "the kernel's hostname is its own"
run sh -c 'vzctl exec 101 hostname other.example; hostname | grep -c other.example'
out 0
rc 1

it "a new address pings from the host"
run sh -c 'vzctl --quiet set 101 --ipadd 10.77.1.9 --save; ping -c 1 -W 2 10.77.1.9 >/dev/null && echo answers'
out answers

it "one that was taken away does not"
run sh -c 'vzctl --quiet set 101 --ipdel 10.77.1.9 --save; ping -c 1 -W 1 10.77.1.9 >/dev/null || echo silence'
out silence

it "the hostname in /etc/hosts follows a change"
run sh -c 'vzctl --quiet set 101 --hostname new.example --save; vzctl exec 101 "grep -c -E \"^10.77.1.1[[:blank:]]+new.example[[:blank:]]+new\" /etc/hosts; hostname"'
out "1
new.example"

it "a password opens what it should"
run sh -c 'vzctl --quiet set 101 --userpasswd root:secret; vzctl exec 101 "grep ^root: /etc/shadow | cut -d: -f2 | cut -c1"'
out '$'

it "root can change owners, and files keep them"
run sh -c 'vzctl exec 101 "echo x >/root/file; chown 1000:1000 /root/file"; vzctl --quiet restart 101 --fast; vzctl exec 101 "stat -c %u:%g /root/file"'
out "1000:1000"

it "owners seen on the host are the same"
deviates "below the VE_ROOT of a running overlay the host sees the container's own range of ids"
run stat -c %u:%g /vz/root/101/root/file
out "1000:1000"

it "root of the host writes below VE_ROOT while it runs"
deviates "the host's root has no id in a running overlay: use layout dir, vzctl exec or runscript"
run sh -c 'echo x >/vz/root/101/root/theirs; vzctl exec 101 cat /root/theirs'
out x

it "with the layout dir it does, and owners are the same"
given none 104
run sh -c 'vzctl --quiet create 104 --ostemplate vz-base --layout dir; vzctl --quiet start 104; echo x >/vz/root/104/root/theirs; vzctl exec 104 "cat /root/theirs; stat -c %u:%g /root/theirs; chown 7:7 /root/theirs"; stat -c %u:%g /vz/root/104/root/theirs /vz/private/104/root/theirs'
out "x
0:0
7:7
7:7"

it "NUMPROC bites"
given running 101 NUMPROC=20
run sh -c 'vzctl exec 101 "for i in \$(seq 40); do sleep 60 & done" >/dev/null 2>/tmp/forks; grep -c -i "fork" /tmp/forks | awk "{ print (\$1 > 0) ? \"bites\" : \"does not\" }"; rm /tmp/forks'
out bites

it "its failures are counted"
run sh -c "vzlist -H -o numproc.f 101 | awk '{ print (\$1 > 0) ? \"counted\" : \"not\" }'"
out counted

it "a disk limit written into the file by hand bites after a start"
given running 101 DISKSPACE=20480:20480
run vzctl exec 101 'dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null; sync; s=$(stat -c %s /big); rm -f /big; [ "$s" -lt 62914560 ] && echo limited'
out limited
err_any
