# SPDX-License-Identifier: GPL-2.0-or-later
# Eight clients give random commands to four containers, and some of them are killed. Every answer must be one that the
# specification knows, nobody may wait for ever, and in the end plain commands bring everything down.
# alone
. "$TOP/tests/integration/lib.sh"

SECONDS_RUN=${VZTEST_STRESS:-20}
ids="861 862 863 864"
commands=("create % --ostemplate vz-base" "start %" "start %" "start %" "stop % --fast" "stop % --fast" "destroy %" "mount %"
	"umount %" "exec % true" "exec2 % true" "status %" "set % --ram 100M --save" "set % --ipadd 10.77.86.1 --save"
	"set % --ipdel all --save" "set % --cpuunits 700 --numproc 60" "restart %" "chkpnt % --suspend" "chkpnt % --resume")

# Exit statuses that a command may give whatever the others do.
known() {
	case $1 in
	create*) echo 0 9 44 78 82 ;;
	start*) echo 0 9 14 32 34 43 78 ;;
	stop*) echo 0 9 14 ;;
	destroy*) echo 0 9 14 32 41 43 ;;
	mount*) echo 0 9 14 43 ;;
	umount*) echo 0 9 14 32 40 ;;
	exec*) echo 0 3 8 14 31 124 137 ;;	# 124: it waits while the container is frozen
	status*) echo 0 ;;
	set*) echo 0 9 28 31 34 78 ;;	# 28: no configuration, so no swap
	restart*) echo 0 9 14 34 43 78 ;;
	chkpnt*) echo 0 9 14 16 17 31 ;;
	esac
}

client() {
	local end=$((SECONDS + SECONDS_RUN)) n=0 rc id cmd limit said=/tmp/said.$1
	RANDOM=$1
	set -- $ids
	while [ $SECONDS -lt $end ]; do
		cmd=${commands[RANDOM % ${#commands[@]}]}
		id=$(eval echo "\${$((RANDOM % 4 + 1))}")
		case $cmd in exec*) limit=2 ;; *) limit=60 ;; esac
		if [ $((RANDOM % 8)) = 0 ]; then
			timeout -s KILL 0.0$((RANDOM % 40 + 10)) vzctl ${cmd/\%/$id} >/dev/null 2>&1 </dev/null
		else
			timeout "$limit" vzctl ${cmd/\%/$id} >"$said" 2>&1 </dev/null
			rc=$?
			case " $(known "$cmd") " in
			*" $rc "*) ;;
			*) echo "vzctl ${cmd/\%/$id}: $rc: $(tail -n 3 "$said" | tr '\n' '|')" ;;
			esac
		fi
		n=$((n + 1))
	done
	echo "# $n commands" >&2
}

for seed in 1 2 3 4 5 6 7 8; do
	client "$seed" >"/tmp/client.$seed" 2>"/tmp/client.$seed.n" &
done
wait
cat /tmp/client.*.n | awk '{ n += $2 } END { print "# " n " commands by eight clients" }'
is "every answer is a known one" "$(cat /tmp/client.[0-9] | sort | uniq -c | sort -rn | head -n 20)" ""
for id in $ids; do
	vzctl chkpnt $id --resume >/dev/null 2>&1
	vzctl stop $id --fast >/dev/null 2>&1
	vzctl umount $id >/dev/null 2>&1
	tap_run vzctl destroy $id
	case $TAP_RC in
	0 | 14) pass "$id is gone" ;;
	43) rm "/etc/vz/conf/$id.conf" && pass "$id is gone" ;;	# `set --save` made a configuration of nothing
	*) fail "$id is gone" "status $TAP_RC" "$TAP_OUT" ;;
	esac
	is "and nothing of it is there" "$(vzctl status $id)" "CTID $id deleted unmounted down"
done
new 861
ok "an id can be used again" vzctl start 861
ok "and works" vzctl exec 861 true
gone 861
