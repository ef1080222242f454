# SPDX-License-Identifier: GPL-2.0-or-later
# register, unregister, reinstall.
. "$TOP/tests/conformance/case.sh"

given none 102
it "unregister: the container is forgotten, its files stay"
given stopped 102 HOSTNAME=moved.example
run vzctl unregister 102
out_any
state 102 "deleted unmounted down"
gives 'ls -d /vz/private/102' /vz/private/102

it "register: it is back, with its configuration"
run vzctl register /vz/private/102 102
out_any
state 102 "exist unmounted down"
conf 102 'HOSTNAME="moved.example"'

it "and starts"
run sh -c 'vzctl --quiet start 102; vzctl exec 102 hostname; vzctl --quiet stop 102 --fast'
out moved.example

it "unregister of a running container"
given running 101
run vzctl unregister 101
out_any
err_any
rc 32
state 101 "exist mounted running"

it "register of a path that is not there"
given none 103
run vzctl register /vz/private/103 103
out_any
err_like '.'
rc 43
state 103 "deleted unmounted down"

it "register without CTID"
run vzctl register /vz/private/103
err "CT ID missing"
rc 21

it "reinstall: new files, the same configuration"
given stopped 101 HOSTNAME=same.example
run sh -c 'vzctl --quiet start 101; vzctl exec 101 "echo x >/root/mine"; vzctl --quiet stop 101 --fast; vzctl reinstall 101 --skipbackup >/dev/null; echo $?; vzctl --quiet start 101; vzctl exec 101 "ls /root/mine; hostname"'
out "0
same.example"
err_any

it "reinstall of a running container"
given running 101
run vzctl reinstall 101 --skipbackup
out_any
err_any
rc 32
