# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl restart.
. "$TOP/tests/conformance/case.sh"

it "a running container"
given running 101
run vzctl restart 101
out "Restarting container
Stopping container ...
Container was stopped
Container is unmounted
Starting container...
Container is mounted
Container start in progress..."
state 101 "exist mounted running"

it "a stopped container is started"
given stopped 101
run vzctl restart 101
out "Restarting container
Starting container...
Container is mounted
Container start in progress..."
state 101 "exist mounted running"

it "--fast and --wait, of stop and start"
given running 101
run vzctl restart 101 --fast --wait
out "Restarting container
Killing container ...
Container was stopped
Container is unmounted
Starting container...
Container is mounted
Container start in progress, waiting ...
Container started successfully"
state 101 "exist mounted running"

it "new limits come with it"
given running 101
run sh -c 'sed -i "s/^NUMPROC=.*/NUMPROC=\"77\"/" /etc/vz/conf/101.conf; vzctl --quiet restart 101 --fast; vzlist -H -o numproc.l 101'
out "        77"

it "disabled: it is stopped and stays so"
given running 101
run sh -c 'vzctl --quiet set 101 --disabled yes --save; vzctl restart 101 --fast'
out "Restarting container
Killing container ...
Container was stopped
Container is unmounted"
err "Container start disabled"
rc 105
state 101 "exist unmounted down"

it "disabled, with --force"
given running 101
run sh -c 'vzctl --quiet set 101 --disabled yes --save; vzctl --quiet restart 101 --fast --force'
state 101 "exist mounted running"

it "a container that does not exist"
given none 102
run vzctl restart 102
err "Container config file does not exist"
rc 14
