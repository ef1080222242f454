# SPDX-License-Identifier: GPL-2.0-or-later
# What issue trackers call later: commands that exist, and are refused today with the status they will have.
. "$TOP/tests/conformance/case.sh"

given none 102
given stopped 101

it "convert to ploop without a size"
run vzctl convert 101 --layout ploop
err_like 'diskspace not set \(required for ploop\)'
rc 63
state 101 "exist unmounted down"

it "compact has nothing to do"
run vzctl compact 101
out "Compact only makes sense for ploop containers"

it "create on ploop without a size"
run vzctl create 102 --ostemplate vz-base --layout ploop
out_any
err_like 'diskspace not set \(required for ploop\)'
rc 63
gives 'ls -d /vz/private/102 /etc/vz/conf/102.conf 2>/dev/null' ""

it "a checkpoint to disk"
given running 101
run vzctl chkpnt 101
out_any
err_like '^Checkpointing failed'
rc 16

it "a restore from disk"
given stopped 101
run vzctl restore 101
out_any
err_like '.'
rc 17

it "actions of version 7 that have no equivalent"
run vzctl setrate 101
err "Bad command: setrate"
rc 20

it "unset"
run vzctl unset 101
err "Bad command: unset"
rc 20

it "pause freezes"
given running 101
run sh -c 'vzctl --quiet pause 101 && vzctl --quiet resume 101 --resume; vzctl status 101'
out "CTID 101 exist mounted running"

it "flags of clusters are taken"
run vzctl --skipowner --ignore-ha-cluster status 101
out "CTID 101 exist mounted running"
