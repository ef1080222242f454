# SPDX-License-Identifier: GPL-2.0-or-later
# Distribution scripts of the administrator (/etc/vz/dists): run inside the container and nowhere else, in place of what is
# built in, with OpenVZ's variables, statuses and time limit.
. "$TOP/tests/integration/lib.sh"

S=/etc/vz/dists/scripts
mkdir -p $S
for action in ADD_IP DEL_IP SET_HOSTNAME SET_DNS SET_USERPASS POST_CREATE PRE_START SET_CONSOLE; do
	# what each was given, and proof of where it ran
	cat >"$S/$action.sh" <<-EOT
		say $action
	EOT
	echo "$action=$action.sh" >>/etc/vz/dists/vz-base.conf
done
cat >$S/functions <<-'EOT'
	say() {
		echo "$1 state=$VE_STATE ip=$IP_ADDR all=$IPDELALL name=$HOSTNM search=$SEARCHDOMAIN dns=$NAMESERVER" \
			"pw=$USERPW root=$VE_ROOT kernel=$VZ_KERNEL" | tr -s ' ' >>/root/log
		awk '{ print $1 == 0 && $2 > 0 ? "inside" : "OUTSIDE" }' /proc/self/uid_map >>/root/where
		[ "$1" != SET_USERPASS ] || echo "Changing password for user ${USERPW%%:*}."
	}
EOT
log() {
	in_ct 131 'cat /root/log; : >/root/log' | sed -E 's/ [a-z]+=( |$)/\1/g; s/ [a-z]+=( |$)/\1/g; s/ [a-z]+=( |$)/\1/g; s/ +/ /g'
}

ok "create runs POST_CREATE" vzctl create 131 --ostemplate vz-base --hostname www.example.org --ipadd 10.77.31.1 --ipadd 10.77.31.2/24 \
	--nameserver 192.0.2.53 --searchdomain example.org
is "and leaves it stopped" "$(vzctl status 131)" "CTID 131 exist unmounted down"
ok "nothing ran on the host" test ! -e /root/where
ok "start" vzctl start 131
is "what ran, and with what" "$(log)" "POST_CREATE state=stopped root=/
ADD_IP state=starting ip=10.77.31.1 10.77.31.2/24 all=yes
SET_HOSTNAME state=starting ip=10.77.31.1 name=www.example.org
SET_DNS state=starting search=example.org dns=192.0.2.53
SET_CONSOLE state=starting kernel=no
PRE_START state=starting kernel=no"
is "the built-in code left its files alone" "$(in_ct 131 'cat /etc/hostname; ls /etc/resolv.conf 2>/dev/null; grep -c "# vz" /etc/hosts' | tail -n 1)" 0
is "but the name is set" "$(in_ct 131 hostname)" www.example.org
ok "and the address answers" ping -c 1 -w 20 10.77.31.1
ok "set, live" vzctl set 131 --ipdel 10.77.31.1 --ipadd 10.77.31.3 --hostname mail --nameserver 192.0.2.54 --save
is "what ran then" "$(log)" "DEL_IP state=running ip=10.77.31.1
ADD_IP state=running ip=10.77.31.3
SET_HOSTNAME state=running ip=10.77.31.2 name=mail
SET_DNS state=running search=example.org dns=192.0.2.54"
ok "the new address answers" ping -c 1 -w 20 10.77.31.3
ok "ipdel all" vzctl set 131 --ipdel all --save
is "says so" "$(log)" "DEL_IP state=running ip=10.77.31.2/24 10.77.31.3 all=yes"
says "a password, and what the script prints" 0 "Changing password for user root.
UB limits were set successfully
CT configuration saved to /etc/vz/conf/131.conf" "" vzctl set 131 --userpasswd "root:it's\$x" --save
is "with its variable" "$(log)" "SET_USERPASS pw=root:it's\$x"
echo 'exit 74' >$S/SET_USERPASS.sh
rc "its status is vzctl's" 74 vzctl set 131 --userpasswd root:x
echo 'exit 34' >$S/DEL_IP.sh
ok "an address" vzctl set 131 --ipadd 10.77.31.4 --save
rc "a script that fails fails the command" 34 vzctl set 131 --ipdel 10.77.31.4 --save
is "which changes nothing" "$(field ip 131) $(in_ct 131 'ip -o -4 addr show dev venet0' | grep -c 10.77.31.4)" "10.77.31.4 1"
log >/dev/null
ok "every one of them ran inside" vzctl exec 131 '! grep -q OUTSIDE /root/where'

vzctl --quiet stop 131 --fast
echo 'grep -E "^(CapEff|Seccomp):" /proc/self/status >/root/powers; exit 5' >$S/PRE_START.sh
rc "PRE_START fails the start" 5 vzctl start 131
is "and nothing is left of it" "$(vzctl status 131)" "CTID 131 exist unmounted down"
echo 'grep -E "^(CapEff|Seccomp):" /proc/self/status >/root/powers' >$S/PRE_START.sh
ok "start again" vzctl start 131
is "a script at a start may do what the container may" "$(in_ct 131 'cat /root/powers')" \
	"$(in_ct 131 'grep -E "^(CapEff|Seccomp):" /proc/self/status')"
vzctl --quiet stop 131 --fast

chmod 666 $S/ADD_IP.sh
rc "a script that others can write" 108 vzctl start 131
chmod 644 $S/ADD_IP.sh
mv $S/ADD_IP.sh $S/ADD_IP.away
rc "a script that is missing" 108 vzctl start 131
like "is named" "$TAP_OUT" "Action script $S/ADD_IP.sh not found"
mv $S/ADD_IP.away $S/ADD_IP.sh
chmod 622 /etc/vz/dists/vz-base.conf
rc "a file of actions that others can write" 107 vzctl start 131
chmod 644 /etc/vz/dists/vz-base.conf
mv /etc/vz/dists/vz-base.conf /etc/vz/dists/default
like "the default is used with a warning" "$(vzctl start 131 2>&1 </dev/null)" \
	'Warning: configuration file for distribution vz-base not found, using defaults from /etc/vz/dists/default'
is "and its script ran" "$(log | head -n 1)" "ADD_IP state=starting ip=10.77.31.4 all=yes"
vzctl --quiet stop 131 --fast
mv /etc/vz/dists/default /etc/vz/dists/other-1.conf
ok "DISTRIBUTION goes before OSTEMPLATE" sh -c 'echo DISTRIBUTION=\"other-1-x86_64\" >>/etc/vz/conf/131.conf && vzctl start 131'
is "and its script ran, too" "$(log | head -n 1)" "ADD_IP state=starting ip=10.77.31.4 all=yes"
gone 131

echo 'exit 1' >$S/POST_CREATE.sh
mv /etc/vz/dists/other-1.conf /etc/vz/dists/vz-base.conf
rc "a POST_CREATE that fails" 1 vzctl create 132 --ostemplate vz-base
is "leaves no container" "$(ls /etc/vz/conf/132.conf /vz/private/132 2>/dev/null)" ""
echo 'kill -STOP $$' >$S/POST_CREATE.sh
vzctl create 132 --ostemplate vz-base >/dev/null 2>&1 </dev/null &
soon "a create under way" 10 sh -c '[ -e /run/vz/132/state ] && grep -q RUNNING /run/vz/132/state || grep -q running /run/vz/132/state'
sleep 0.3
kill -9 $!
wait $! 2>/dev/null
rm $S/POST_CREATE.sh
sed -i /POST_CREATE/d /etc/vz/dists/vz-base.conf
ok "that is killed" vzctl status 132
soon "is rolled back by the next command" 5 sh -c 'vzctl create 132 --ostemplate vz-base && vzctl start 132'
gone 132
rm -rf /etc/vz/dists
