# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl enter and console, seen on a terminal.
. "$TOP/tests/conformance/case.sh"

# on_tty MARKER COMMAND...: runs it on a terminal of its own; the case's input is typed when MARKER has been printed.
on_tty() { run "$TOP/tests/conformance/terminal.py" "$@"; }
IN="entered into CT 101"

it "enter says where it goes and comes from"
given running 101
feed $'exit\n'
on_tty "$IN" vzctl enter 101
out_like $'^entered into CT 101\n.*exited from CT 101$'

it "the terminal is one"
feed $'tty | sed s/^/tty-is-/\nexit\n'
on_tty "$IN" vzctl enter 101
out_like 'tty-is-/dev/(pts/|console)'

it "the environment"
feed $'echo "=$USER=$LOGNAME=$HOME=$HISTFILE="\nexit\n'
on_tty "$IN" vzctl enter 101
out_like '=root=root=/root=/dev/null='

it "TERM is the caller's"
feed $'echo "=$TERM="\nexit\n'
on_tty "$IN" env TERM=vt220 vzctl enter 101
out_like '=vt220='

it "the status is the shell's"
feed $'exit 7\n'
on_tty "$IN" vzctl enter 101
out_any
rc 7

it "--exec types a command, the shell stays"
feed $'echo still-$((1 + 1))\nexit\n'
on_tty "$IN" vzctl enter 101 --exec echo typed-here
out_like $'typed-here\n.*still-2'

it "enter without a terminal"
feed $'echo hello-$((1 + 1))\nexit\n'
run vzctl enter 101
out_like 'hello-2'
err_any

it "an unknown option"
run vzctl enter 101 --junk
err "Invalid option '--junk'"
rc 20

it "--exec without words"
run vzctl enter 101 --exec
err "No command line given for --exec"
rc 20

it "a stopped container"
given stopped 101
run vzctl enter 101
err "Container is not running"
rc 31

it "a container that does not exist"
given none 102
run vzctl enter 102
err "Container config file does not exist"
rc 14

it "the console: how to leave it, on standard error"
given running 101
feed $'\n\e.'
on_tty "login:" sh -c 'exec vzctl console 101 2>/tmp/err'
out_any
gives 'cat /tmp/err; rm /tmp/err' $'Attached to CT 101 (ESC . to detach)\n\nDetached from CT 101'

it "the console shows what was printed before"
given running 101
feed $'\n\e.'
printf '\e.' | "$TOP/tests/conformance/terminal.py" "login:" vzctl console 101 >/dev/null	# what getty flushes is gone now
case_do vzctl exec 101 'echo printed-before >/dev/console'
on_tty "printed-before" vzctl console 101
out_like 'printed-before'

it "the console of a container that does not exist"
given none 102
run vzctl console 102
err "Container config file does not exist"
rc 14

it "a stray word"
given running 101
run vzctl console 101 1 more
err_like 'more$'
rc 20
