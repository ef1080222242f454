# SPDX-License-Identifier: GPL-2.0-or-later
# The tools the other files stand on: the kill injector and the leak check find what they should.
. "$TOP/tests/lib/tap.sh"
. "$TOP/tests/lib/leakcheck.sh"
cd "$(mktemp -d)" || exit 1

two='echo a >f1; exec mkdir d'
is "killat counts calls with an effect" "$("$KILLAT" -c -- sh -c "$two" 2>&1)" 2
rm -rf f1 d
rc "killed before the first call" 137 "$KILLAT" -n 1 -- sh -c "$two"
is "nothing happened yet" "$(ls)" ""
rc "killed after the first call" 137 "$KILLAT" -n 1 -a -- sh -c "$two"
is "the first call happened" "$(ls)" "f1"
rc "killed before the second call" 137 "$KILLAT" -n 2 -- sh -c "$two"
is "the second call did not happen" "$(ls)" "f1"
rc "a number past the end lets the program end" 5 "$KILLAT" -n 99 -- sh -c 'echo a >f1; exit 5'
rc "the program's own status comes back" 5 "$KILLAT" -- sh -c 'exit 5'
rc "a signal's status as well" 143 "$KILLAT" -- sh -c 'kill -TERM $$'
rc "children of the killed one run on" 137 "$KILLAT" -n 3 -- sh -c '(sleep 0.2; echo late >f2) & echo x >f3; kill -0 $$'
soon "the child's file appears" 3 test -s f2
rm -f f1 d f2 f3
is "killat -f counts what descendants do" "$("$KILLAT" -c -f -- sh -c '(echo a >f1; echo b >f2); echo c >f3' 2>&1)" 2
rm -f f1 f2 f3
rc "it kills a descendant, the program goes on" 7 "$KILLAT" -f -n 2 -- sh -c '(echo a >f1; echo b >f2); echo c >f3; exit 7'
is "from there on" "$(echo f?)" "f1 f3"
rc "what is not there" 125 "$KILLAT" -- ./nothing

leak_settle=$LEAK_SETTLE
LEAK_SETTLE=0
quiet() { leak_snapshot snap && leak_compare snap; }
soon "no change, no leak" 10 quiet
each() {
	local what=$1 make=$2 undo=$3
	eval "$make" || bail "cannot make a leak of a $what"
	rc "a leaked $what is found" 1 leak_compare snap
	like "and named" "$TAP_OUT" "$4"
	eval "$undo"
}
each mount 'mkdir m; mount -t tmpfs leaky m' 'umount m' leaky
each link 'ip link add leak0 type veth peer name leak1' 'ip link del leak0' leak0
each address 'ip addr add 10.99.99.99/32 dev lo' 'ip addr del 10.99.99.99/32 dev lo' 10.99.99.99
each route 'ip route add 10.98.0.0/16 dev up0' 'ip route del 10.98.0.0/16 dev up0' 10.98.0.0
each table 'nft add table inet leaky' 'nft delete table inet leaky' leaky
each loop 'truncate -s 1M img; loop=$(losetup -f --show img)' 'losetup -d $loop' img
each file 'mkdir -p /run/vz && touch /run/vz/leaky' 'rm /run/vz/leaky; rmdir /run/vz 2>/dev/null' /run/vz/leaky
each area 'mkdir /vz/private/leaky' 'rmdir /vz/private/leaky' /vz/private/leaky
group=$(awk '$3 ~ /^cgroup2?$/ { print $2; exit }' /proc/self/mounts)/$VZTEST_NAME
[ -d "$group" ] || made=$group
mkdir -p "$group" && leak_snapshot snap
each cgroup 'mkdir $group/leaky' 'rmdir $group/leaky' leaky
each process 'sleep 77 & pid=$!' 'kill $pid; wait $pid 2>/dev/null' 'sleep'
LEAK_SETTLE=$leak_settle
(sleep 1; rmdir /vz/private/late) &
mkdir /vz/private/late
ok "what goes away in time is no leak" leak_compare snap
wait
[ -z "${made:-}" ] || rmdir "$made"
rm -rf "$PWD"
