# SPDX-License-Identifier: GPL-2.0-or-later
# Rates of a container in both directions and by class, live; guarantees; caps against floods; mail; the month's quota.
# What is measured is a ratio to what was asked, with room for a busy machine.
# alone
. "$TOP/tests/integration/lib.sh"

cat >/etc/vz/conf/networks_classes <<'END'
1 0.0.0.0/0
1 ::/0
2 198.51.100.0/24
END
. "$TOP/tests/lib/rates.sh"
nsenter -t "$OUTSIDE" -n timeout 1000 "$python" /tmp/peer.py & peer=$!

up 621 --ipadd 10.77.6.21 --ipadd fd00:77::21 --rate 1:20000/40000 --ratebound yes
rate "sends 20 Mbit/s" 15 23 621 192.0.2.2 7001
rate "receives 40 Mbit/s" 30 46 621 192.0.2.2 7002
rate "another class goes free" 60 100000 621 198.51.100.1 7002 1
says "live" 0 "UB limits were set successfully
Setting network rates
CT configuration saved to /etc/vz/conf/621.conf" "" vzctl set 621 --rate '1:10000 2:30000/5000' --save
rate "sends 10 Mbit/s" 7 14 621 192.0.2.2 7001
rate "receives 5 Mbit/s of class 2" 3.5 6.2 621 198.51.100.1 7002
rc "no rate" 21 vzctl set 621 --rate eth0:99:5
echo '3 192.0.2.0/24' >>/etc/vz/conf/networks_classes
ok "other classes" vzctl set 621 --rate '1:10000 2:30000/5000 3:3000' --save
rate "sends 3 Mbit/s to what is class 3 now" 1.8 4 621 192.0.2.2 7001
sed -i '/^3 /d' /etc/vz/conf/networks_classes
ok "and as it was" vzctl set 621 --rate '1:10000 2:30000/5000' --save
ok "restart" vzctl restart 621
rate "still 10 Mbit/s" 7 14 621 192.0.2.2 7001
nft flush ruleset
vzctl --quiet set 621 --ipadd 10.77.6.31
rate "and after a flush" 7 14 621 192.0.2.2 7001

# --- what is guaranteed, under contention: the host has 30 Mbit/s, one has 20 of them ---
sed -i '/^BANDWIDTH=/d' /etc/vz/vz.conf
echo 'BANDWIDTH="eth0:30000"' >>/etc/vz/vz.conf
up 622 --ipadd 10.77.6.22 --rate eth0:1:1000
ok "a guarantee" vzctl set 621 --rate eth0:1:20000 --ratebound no
for try in 1 2 3 4 5; do		# one of them may be alone for a moment
	mbit 622 192.0.2.2 7001 4 >/tmp/other & other=$!
	a=$(mbit 621 192.0.2.2 7001 4)
	wait $other
	in_between "$a" 15 29 && in_between "$(cat /tmp/other)" 1 14 && break
done
within "has its 20 of 30" "$a" 15 29
within "the other gets what is left" "$(cat /tmp/other)" 1 14
rate "and all of it when alone" 20 33 622 192.0.2.2 7001
vzctl --quiet stop 622 --fast
like "with the classes of those to come" "$(tc class show dev vzifb-up)" "htb 1:111 "
is "its place in the tree is free" "$(ls /run/vz/shape | wc -l)" 1

# --- floods ---
sed -i '/^BANDWIDTH=/d' /etc/vz/vz.conf
vzctl --quiet set 621 --rate '' --ratelimit '' --newconns 20 --packetrate 200 --smtp no --save
is "no rates, no place, no devices" "$(ls /run/vz/shape; ip -o link | grep -c vzifb)" 0
dropped() { nft list ruleset inet | awk -v k="$1 counter" '$0 ~ k { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'; }
cat >/tmp/flood.py <<'END'
import ctypes, socket, sys
fd = open("/proc/%s/ns/net" % sys.argv[1]); ctypes.CDLL(None).setns(fd.fileno(), 0)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(2000): s.sendto(b"x", ("192.0.2.2", 9))
END
"$python" /tmp/flood.py "$(init_of 621)"
within "packets above 200 a second are dropped" "$(dropped '@pps')" 100 100000
cat >/tmp/conns.py <<'END'
import ctypes, socket, sys
fd = open("/proc/%s/ns/net" % sys.argv[1]); ctypes.CDLL(None).setns(fd.fileno(), 0)
for port in range(20000, 20150):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("192.0.2.2", port)); s.close()
END
vzctl --quiet set 621 --packetrate 0 --save
"$python" /tmp/conns.py "$(init_of 621)"
within "so are new connections above 20 a second" "$(dropped "@newconns")" 50 2000
nsenter -t "$OUTSIDE" -n timeout 200 "$python" -c 'import socket; s = socket.socket(); s.bind(("0.0.0.0", 25)); s.listen(9)
while True: s.accept()[0].close()' & mail=$!
for n in $(seq 400); do outside nc -z 192.0.2.2 25 && break; sleep 0.1; done
rc "no mail to the world" 8 vzctl exec 621 'nc -w 2 192.0.2.2 25 </dev/null'
vzctl --quiet set 621 --smtp yes --newconns 0 --save
ok "mail again" vzctl exec 621 'nc -w 20 192.0.2.2 25 </dev/null'
kill $mail

# --- the month ---
rc "a quota is a size" 21 vzctl set 621 --trafficquota many
vzctl --quiet set 621 --trafficquota 10K --trafficaction throttle --trafficrate 2000 --save
ok "looked after" vznetstat -s
is "above it" "$(ls /run/vz/shape | wc -l)" 1
rate "2 Mbit/s are left" 0.7 3 621 192.0.2.2 7002 4
vzctl --quiet set 621 --trafficquota 0 --save
ok "looked after once more" vznetstat -s
is "no quota, no throttle" "$(ls /run/vz/shape | wc -l)" 0
vzctl --quiet set 621 --trafficquota 10K --trafficaction stop --save
ok "and once more" vznetstat -s
is "stopped" "$(vzctl status 621)" "CTID 621 exist unmounted down"
tap_run vzctl start 621
is "start is refused" "$TAP_RC" 105
like "and says why" "$TAP_OUT$TAP_ERR" 'TRAFFICQUOTA|quota'
ok "with --force it starts" vzctl start 621 --force

gone 621 622
kill $peer
wait 2>/dev/null
is "nothing queues any more" "$(ls /run/vz/shape; ip -o link | grep -c vzifb)" 0
rmdir /run/vz/shape
rm -f /etc/vz/conf/networks_classes
ok "the classes go" vznetstat -l
