# SPDX-License-Identifier: GPL-2.0-or-later
# Many at once: created, started by a loop, listed, stopped; then started and stopped in parallel; nothing stays.
# alone
. "$TOP/tests/integration/lib.sh"

N=${VZTEST_N:-200}
first=2001
last=$((first + N - 1))

now() {
	date +%s%N
}
took() {
	echo "# $1: $((($(now) - t0) / 1000000)) ms for $N"
}
# each CMD...: with the id in place of %, one after the other; failures are named.
each() {
	local id failed=
	t0=$(now)
	for id in $(seq $first $last); do
		${@//%/$id} >/tmp/each 2>&1 </dev/null || failed="$failed $id($?: $(tail -n 1 /tmp/each))"
	done
	took "$*"
	is "$* for $N, one by one" "$failed" ""
}
parallel() {
	local failed
	t0=$(now)
	failed=$(seq $first $last | xargs -P 8 -I % sh -c "$* >/tmp/par.% 2>&1 </dev/null || echo \"%(\$?: \$(tail -n 1 /tmp/par.%))\"; rm -f /tmp/par.%")
	took "$* in parallel"
	is "$* for $N, eight at a time" "$failed" ""
}
running() {
	vzlist -1 2>/dev/null | wc -l
}

parallel vzctl create % --ostemplate vz-base
is "all are there" "$(vzlist -a1 2>/dev/null | wc -l)" "$N"
each vzctl start %
is "all run" "$(running)" "$N"
ms=9999 try=0
while [ $((try += 1)) -le 5 ] || { [ "$ms" -ge 600 ] && [ $try -le 50 ]; }; do		# a busy machine is so for a moment
	t0=$(now)
	vzlist -a >/tmp/list
	spent=$((($(now) - t0) / 1000000))
	[ "$spent" -lt "$ms" ] && ms=$spent
done
echo "# vzlist -a, the best of $((try - 1)): $ms ms for $N"
[ "$ms" -lt 600 ] && pass "vzlist of $N is quick" || fail "vzlist of $N is quick" "$ms ms"
is "each runs its own init" "$(vzlist -H -o numproc | awk '$1 >= 1' | wc -l)" "$N"
ok "the first works" vzctl exec $first true
ok "the last works" vzctl exec $last true
each vzctl stop % --fast
is "none runs" "$(running)" 0
parallel vzctl start %
is "all run again" "$(running)" "$N"
parallel vzctl stop % --fast
is "none runs again" "$(running)" 0
parallel vzctl destroy %
is "none is left" "$(vzlist -a1 2>/dev/null | wc -l)" 0
