# SPDX-License-Identifier: GPL-2.0-or-later
# chkpnt and restore: freezing in memory, and what is refused until there are dumps.
. "$TOP/tests/conformance/case.sh"

it "freeze"
given running 101
run vzctl chkpnt 101 --suspend
out "Setting up checkpoint...
	suspend...
	get context..."
state 101 "exist mounted running"

it "frozen means frozen"
given running 101
run sh -c 'vzctl exec 101 "(while :; do date +%s%N >/tmp/t; sleep 0.05; done) >/dev/null 2>&1 &"; until [ -s /vz/root/101/tmp/t ]; do sleep 0.05; done; vzctl --quiet chkpnt 101 --suspend; a=$(cat /vz/root/101/tmp/t); sleep 0.3; [ "$a" = "$(cat /vz/root/101/tmp/t)" ] && echo still; vzctl --quiet chkpnt 101 --resume'
out still

it "thaw"
given running 101
run sh -c 'vzctl --quiet chkpnt 101 --suspend; vzctl chkpnt 101 --resume; vzctl exec 101 echo alive'
out "Resuming...
alive"

it "restore --resume thaws too"
given running 101
run sh -c 'vzctl --quiet chkpnt 101 --suspend; vzctl restore 101 --resume; vzctl exec 101 echo alive'
out "Resuming...
alive"

it "suspend and resume are other names"
given running 101
run sh -c 'vzctl suspend 101 --suspend; vzctl resume 101 --resume'
out "Setting up checkpoint...
	suspend...
	get context...
Resuming..."

it "options of old callers are taken"
given running 101
run vzctl chkpnt 101 --suspend --flags 0 --context 0x1 --skip_arpdetect
out "Setting up checkpoint...
	suspend...
	get context..."

it "two sub commands"
given running 101
run vzctl chkpnt 101 --suspend --dump
err "Invalid syntax: only one sub command may be used"
rc 20

it "two of restore's"
given stopped 101
run vzctl restore 101 --undump --resume
err "Invalid syntax: only one sub command may be used"
rc 20

it "chkpnt of a stopped container"
given stopped 101
run vzctl chkpnt 101
err "Unable to setup checkpointing: container is not running"
rc 31

it "--suspend of a stopped container"
given stopped 101
run vzctl chkpnt 101 --suspend
err "Unable to setup checkpointing: container is not running"
rc 31

it "restore of a running container"
given running 101
run vzctl restore 101
err "Unable to perform restore: container already running"
rc 32
state 101 "exist mounted running"

it "a full checkpoint is refused and the container runs on"
given running 101
run vzctl chkpnt 101
err_like '^Checkpointing failed'
out_any
rc 16
state 101 "exist mounted running"

it "so is a full restore"
given stopped 101
run vzctl restore 101
err_like '^Error: '
out_any
rc 17
state 101 "exist unmounted down"

it "a dump file makes no difference"
given running 101
run vzctl chkpnt 101 --dumpfile /vz/dump/Dump.101
err_like '^Checkpointing failed'
out_any
rc 16
gives 'ls /vz/dump' ""

it "chkpnt of a container that does not exist"
given none 102
run vzctl chkpnt 102
err "Container config file does not exist"
rc 14
