# SPDX-License-Identifier: GPL-2.0-or-later
# CTIDs and names.
. "$TOP/tests/conformance/case.sh"

it "the largest CTID"
run vzctl status 2147483644
out "CTID 2147483644 deleted unmounted down"

it "one above it"
run vzctl status 2147483645
err "Bad CT ID 2147483645"
rc 21

it "far above it"
run vzctl start 99999999999999999999
err "Bad CT ID 99999999999999999999"
rc 21

it "a negative CTID"
run vzctl start -5
err "Bad CT ID -5"
rc 21

it "CTID 1 is not special"
run vzctl status 1
out "CTID 1 deleted unmounted down"

it "nor is 100"
run vzctl status 100
out "CTID 100 deleted unmounted down"

it "leading zeroes are a number still"
given stopped 101
run vzctl status 0101
out "CTID 101 exist unmounted down"

it "an unknown name"
run vzctl start nobody
err "Bad CT ID nobody"
rc 21

it "an unknown name for status"
run vzctl status nobody
err "Bad CT ID nobody"
rc 21

it "an empty name"
run vzctl start ''
err_like '^Bad CT ID ?$'
rc 21

it "digits and letters are a name"
run vzctl start 101x
err "Bad CT ID 101x"
rc 21

it "a fraction is a name"
run vzctl start 1.5
err "Bad CT ID 1.5"
rc 21

it "a path is no name"
given stopped 101
run vzctl start ../conf/101
err "Bad CT ID ../conf/101"
rc 21

it "giving a name"
given stopped 101
run vzctl set 101 --name web --save
out "Name web assigned
CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAME="web"'
gives 'readlink /etc/vz/names/web' /etc/vz/conf/101.conf

it "a name in place of CTID; the line has the number"
run vzctl status web
out "CTID 101 exist unmounted down"

it "start by name"
run vzctl start web
out "Starting container...
Container is mounted
Container start in progress..."
state 101 "exist mounted running"

it "exec by name"
run vzctl exec web echo hello
out hello

it "a name can be given while running"
given running 101
run vzctl set 101 --name live --save
out_like $'(^|\n)Name live assigned\n.*CT configuration saved to /etc/vz/conf/101.conf$'
conf 101 'NAME="live"'

it "the same name again"
given stopped 101
run sh -c 'vzctl --quiet set 101 --name web --save; vzctl set 101 --name web --save; vzctl status web'
out_like 'CTID 101 exist unmounted down$'

it "another name takes the old one's place"
given stopped 101
run sh -c 'vzctl --quiet set 101 --name old --save; vzctl set 101 --name new --save'
out "Name new assigned
CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAME="new"'
gives 'ls /etc/vz/names' new

it "the empty name removes it"
given stopped 101
run sh -c 'vzctl --quiet set 101 --name old --save; vzctl set 101 --name "" --save'
out "CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAME=""'
gives 'ls /etc/vz/names' ""

it "a name that is taken"
given stopped 101
given stopped 103
run sh -c 'vzctl --quiet set 103 --name web --save; vzctl set 101 --name web --save'
err "Conflict: name web already used by container 103"
rc 131
no_conf 101 NAME

it "a name of digits"
given stopped 101
run vzctl set 101 --name 2000 --save
err "Error: invalid name 2000"
rc 131

it "a name with a slash"
run vzctl set 101 --name a/b --save
err "Error: invalid name a/b"
rc 131

it "all characters of a name"
given stopped 101
run vzctl set 101 --name 'My web_server-1.example+x' --save
out "Name My web_server-1.example+x assigned
CT configuration saved to /etc/vz/conf/101.conf"
conf 101 'NAME="My web_server-1.example+x"'

it "a name with a blank in place of CTID"
run vzctl status 'My web_server-1.example+x'
out "CTID 101 exist unmounted down"

it "a name without --save"
given stopped 101
run vzctl set 101 --name web
err "Error: unable to use --name option without --save"
rc 131

it "a link to a container of another name"
given stopped 101 NAME=real
run sh -c 'ln -sf /etc/vz/conf/101.conf /etc/vz/names/wrong; vzctl start wrong'
err "Unable to find container by name wrong"
rc 21

it "a link whose container has no name in its file"
given stopped 101
run sh -c 'ln -sf /etc/vz/conf/101.conf /etc/vz/names/bare; vzctl status bare'
out "CTID 101 exist unmounted down"

it "a link to something else"
given stopped 101
run sh -c 'ln -sf /etc/vz/vz.conf /etc/vz/names/odd; vzctl status odd; rc=$?; rm /etc/vz/names/odd; exit $rc'
err "Bad CT ID odd"
rc 21

it "create --name"
given none 102
run vzctl create 102 --ostemplate vz-base --name fresh
out "Name fresh assigned
Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/102.conf
Container private area was created"
conf 102 'NAME="fresh"'
gives 'readlink /etc/vz/names/fresh' /etc/vz/conf/102.conf

it "destroy takes the name away"
run vzctl destroy fresh
out "Destroying container private area: /vz/private/102
Container private area was destroyed"
gives 'ls /etc/vz/names | grep fresh' ""
