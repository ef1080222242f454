# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of vzd every 100 ms under random load on 20 containers: no promised operation is lost or done twice, containers that
# nobody asked anything of notice nothing, and what is left is as it should be.
# alone
. "$TOP/tests/integration/vzd_lib.sh"

# seconds: 240
STORM_S=${STORM_S:-40}
witnesses=$(seq 1001 1005)
workers=$(seq 1006 1020)
export VZD_LOG=$VZTEST_DIR/vzd_storm.log

for id in $witnesses; do up "$id"; done
for id in $workers; do new "$id"; done
before=$(for id in $witnesses; do init_of "$id"; done)

python3 "$TOP/tests/lib/vzd_storm.py" "$STORM_S" $workers >"$VZTEST_DIR/storm.tap" 2>&1
storm=$?
while read -r line; do
	case $line in
	"ok - "*) pass "${line#ok - }" ;;
	"not ok - "*) fail "${line#not ok - }" ;;
	*) echo "$line" ;;
	esac
done <"$VZTEST_DIR/storm.tap"
is "the storm ran to its end" "$storm" 0
[ "$storm" = 0 ] || tail -5 "$VZTEST_DIR/storm.tap" | sed 's/^/#   /'

after=$(for id in $witnesses; do init_of "$id"; done)
is "containers that nobody touched run on" "$after" "$before"
for id in $workers; do
	vzctl --quiet status "$id" >/dev/null || bad="$bad $id"
done
is "every container answers" "${bad:-}" ""

gone $witnesses $workers
VZD_PID=
vzd_down
vzd_sweep
