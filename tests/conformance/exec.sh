# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl exec, exec2, exec3, runscript.
. "$TOP/tests/conformance/case.sh"

it "a command"
given running 101
run vzctl exec 101 echo hello
out hello

it "all words are one line of shell"
run vzctl exec 101 'echo a b | tr a-z A-Z; echo' '$HOME'
out "A B
/"

it "a variable of the container"
run vzctl exec 101 echo '$PATH'
out "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

it "the environment is three variables"
run vzctl exec3 101 /bin/busybox env
out_like $'^(HOME=/|TERM=linux|PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)\n(HOME=/|TERM=linux|PATH=[^\n]*)\n(HOME=/|TERM=linux|PATH=[^\n]*)$'

it "the directory is /"
run vzctl exec 101 pwd
out /

it "it is root"
run vzctl exec 101 id -u
out 0

it "standard input"
feed "one two"
run vzctl exec 101 cat
out "one two"

it "standard error stays apart"
run vzctl exec 101 'echo out; echo err >&2'
out out
err err

it "there is no terminal"
run vzctl exec 101 'tty || true'
out "not a tty"

it "commands from standard input"
feed $'echo first\necho second\n'
run vzctl exec 101 -
out "first
second"

it "exec: any failure is 8"
run vzctl exec 101 'exit 3'
rc 8

it "exec: success is 0"
run vzctl exec 101 true

it "exec: an unknown command is 8"
run vzctl exec 101 nothere
err_any
rc 8

it "exec2: the command's own status"
run vzctl exec2 101 'exit 3'
rc 3

it "exec2: 127 for an unknown command"
run vzctl exec2 101 nothere
err_any
rc 127

it "exec2 from standard input"
feed $'exit 7\n'
run vzctl exec2 101 -
rc 7

it "exec3: no shell"
run vzctl exec3 101 echo '$HOME' 'a  b' ';' ls
out '$HOME a  b ; ls'

it "exec3: the status"
run vzctl exec3 101 sh -c 'exit 5'
rc 5

it "killed by a signal"
run vzctl exec2 101 'kill -9 $$'
err "Got signal 9"
rc 3

it "no command"
run vzctl exec 101
err "No command line given for exec"
rc 20

it "no command for exec2"
run vzctl exec2 101
err_like '^No command line given for exec'
rc 20

it "it ends though a child in the background keeps the pipes"
run sh -c 's=$(date +%s); vzctl exec 101 "sleep 200 & echo done"; e=$(date +%s); [ $((e - s)) -lt 60 ] && echo quick; vzctl exec 101 killall sleep 2>/dev/null; exit 0'
out "done
quick"

it "binary data comes through whole"
run sh -c 'head -c 100000 /dev/urandom >/tmp/bin; vzctl exec 101 cat </tmp/bin | cmp - /tmp/bin && echo same; rm /tmp/bin'
out same

it "a locked container can be looked into"
run sh -c 'printf "1\n\n" >/vz/lock/101.lck; vzctl exec 101 echo hello; rm /vz/lock/101.lck'
out hello

it "the cgroup is the container's"
run vzctl exec 101 'grep -c ":/$" /proc/self/cgroup >/dev/null && echo own'
out own

it "in a stopped container"
given stopped 101
run vzctl exec 101 true
err "Container is not running"
rc 31

it "exec2 in a stopped container"
given stopped 101
run vzctl exec2 101 true
err "Container is not running"
rc 31

it "in a container that does not exist"
given none 102
run vzctl exec 102 true
err "Container config file does not exist"
rc 14

it "runscript"
given running 101
run sh -c 'printf "#!/bin/sh\necho from inside; hostname\nexit 4\n" >/tmp/script; vzctl exec 101 "hostname ct101"; vzctl runscript 101 /tmp/script; rc=$?; rm /tmp/script; exit $rc'
out "from inside
ct101"
rc 4

it "runscript without a file"
run vzctl runscript 101
err "Script not specified"
rc 20

it "runscript with a file that is not there"
run vzctl runscript 101 /tmp/nothere
err_like '^Script not found: /tmp/nothere'
rc 11

it "runscript in a stopped container"
given stopped 101
run sh -c 'printf "echo inside; ls -d /etc\n" >/tmp/script; vzctl runscript 101 /tmp/script; rc=$?; rm /tmp/script; exit $rc'
out_like $'inside\n/etc'
state 101 "exist unmounted down"

it "a wrong word of the host's PATH does not reach inside"
given running 101
run env PATH=/usr/sbin:/usr/bin:/bin FOO=bar vzctl exec 101 'echo [$FOO]'
out "[]"
