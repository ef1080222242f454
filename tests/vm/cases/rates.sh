# SPDX-License-Identifier: GPL-2.0-or-later
# Rates on the oldest kernel that counts: limits in both directions, by class, shared ones, a cap. The figures are small, so that
# an emulated machine reaches them.
. "$TOP/tests/integration/lib.sh"
. "$TOP/tests/lib/rates.sh"

modprobe -a ifb sch_htb sch_tbf sch_ingress cls_bpf act_mirred veth 2>/dev/null
nsenter -t "$OUTSIDE" -n timeout 1000 "$python" /tmp/peer.py & peer=$!
up 662 --ipadd 10.77.6.62 --ratelimit 1:2000
rate "sends 2 Mbit/s where all is of one class" 1.2 2.6 662 192.0.2.2 7001 3
gone 662
printf '1 0.0.0.0/0\n1 ::/0\n2 198.51.100.0/24\n' >/etc/vz/conf/networks_classes
up 661 --ipadd 10.77.6.61 --ratelimit 1:2000/3000
rate "sends 2 Mbit/s" 1.2 2.6 661 192.0.2.2 7001 3
rate "receives 3 Mbit/s" 1.8 3.8 661 192.0.2.2 7002 3
ok "by class" vzctl set 661 --ratelimit '1:2000 2:1000/1500' --save
rate "sends 1 Mbit/s of class 2" 0.5 1.5 661 198.51.100.1 7001 4
rate "receives 1.5 Mbit/s of it" 0.8 2.1 661 198.51.100.1 7002 3
echo 'BANDWIDTH="eth0:3000"' >>/etc/vz/vz.conf
ok "a guarantee" vzctl set 661 --ratelimit '' --rate 1:2000 --save
rate "has all while alone" 1.8 3.6 661 192.0.2.2 7001 3
sed -i '/^BANDWIDTH=/d' /etc/vz/vz.conf
ok "a cap" vzctl set 661 --rate '' --packetrate 50 --save
is "no device is left" "$(ls /run/vz/shape; ip -o link | grep -c vzifb)" 0
like "it stands" "$(nft list ruleset inet)" 'vz661.* limit rate over 50/second'
gone 661
kill $peer
wait 2>/dev/null
rmdir /run/vz/shape
rm -f /etc/vz/conf/networks_classes
vznetstat -l >/dev/null
