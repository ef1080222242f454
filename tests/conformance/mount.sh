# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl mount and umount.
. "$TOP/tests/conformance/case.sh"

it "mount"
given stopped 101
run vzctl mount 101
out "Container is mounted"
state 101 "exist mounted down"
gives 'ls -d /vz/root/101/etc' /vz/root/101/etc

it "mount of a mounted container is no error"
given mounted 101
run vzctl mount 101
err "Container is already mounted"
state 101 "exist mounted down"

it "mount of a running container is none either"
given running 101
run vzctl mount 101
err "Container is already mounted"
state 101 "exist mounted running"

it "umount"
given mounted 101
run vzctl umount 101
out "Container is unmounted"
state 101 "exist unmounted down"
gives 'ls /vz/root/101 2>/dev/null' ""

it "umount of what is not mounted"
given stopped 101
run vzctl umount 101
err "CT is not mounted"
rc 40

it "umount of a running container"
given running 101
run vzctl umount 101
err "Container is running -- stop it first"
rc 32
state 101 "exist mounted running"

it "umount while in use"
given mounted 101
run sh -c 'cd /vz/root/101/etc && vzctl umount 101'
err "Can't umount /vz/root/101: Device or resource busy"
rc 51
state 101 "exist mounted down"

it "the private area is gone"
given stopped 101
run sh -c 'mv /vz/private/101 /vz/private/101.away; vzctl mount 101; rc=$?; mv /vz/private/101.away /vz/private/101; exit $rc'
err "Container private area /vz/private/101 does not exist"
rc 43

it "a container that does not exist"
given none 102
run vzctl mount 102
err "Container config file does not exist"
rc 14

it "umount of one that does not exist"
given none 102
run vzctl umount 102
err "Container config file does not exist"
rc 14

it "what root writes while mounted is there when it runs"
given stopped 101
run sh -c 'vzctl mount 101; echo kept >/vz/root/101/etc/kept; vzctl umount 101; vzctl --quiet start 101; vzctl exec 101 cat /etc/kept'
out "Container is mounted
Container is unmounted
kept"

it "VE_ROOT elsewhere"
given stopped 101 'VE_ROOT=/vz/root/other-$VEID'
run sh -c 'vzctl mount 101; ls -d /vz/root/other-101/etc; vzctl umount 101; rmdir /vz/root/other-101 2>/dev/null; exit 0'
out "Container is mounted
/vz/root/other-101/etc
Container is unmounted"

it "owners seen while mounted are the container's"
given mounted 101
run stat -c %u:%g /vz/root/101 /vz/root/101/etc/passwd
out "0:0
0:0"

it "an owner given while mounted is that owner inside"
given mounted 101
run sh -c 'echo x >/vz/root/101/etc/owned; chown 1000:1000 /vz/root/101/etc/owned; vzctl --quiet start 101; vzctl exec 101 "stat -c %u:%g /etc/owned"'
out "1000:1000"
