#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make run`: from an installed vz to a running container, one line for each step. May be run again: says what is there.
#   vzctl/demo.sh [directory of the programs]
set -u
PATH=${1:-/usr/sbin}:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
id=101
addr=10.77.0.101

step() { printf '\n==> %s\n' "$*"; }
fail() {
	printf '\nmake run stopped: %s\n%s\n' "$1" "$2" >&2
	exit 1
}
# is WORD: `vzctl status` has it
is() { vzctl status "$id" | grep -qw "$1"; }

[ "$(id -u)" = 0 ] || fail "root is needed" "Run: sudo make run"

step "setting up this host (vzhost setup)"
vzhost setup || fail "this host could not be set up" "Run 'vzhost check': it names what is missing, and the cure."

if is exist; then
	step "container $id is there already"
else
	step "creating container $id from the template vz-base: 256 MB of memory, 1 CPU, 200 processes, 1 GB of disk, $addr"
	vzctl create "$id" --ostemplate vz-base --ram 256M --swap 0 --cpus 1 --numproc 200 --diskspace 1G \
		--ipadd "$addr" --hostname demo ||
		fail "container $id was not created" "The message above names the cause; 'vzhost check' shows what this host can do."
fi

if is running; then
	step "container $id runs already"
else
	step "starting it"
	vzctl start "$id" || fail "container $id did not start" "More is told by: vzctl --verbose start $id"
fi

step "containers on this host (vzlist -a)"
vzlist -a || fail "the containers could not be listed" "Look at the message above."

step "a command inside (vzctl exec $id ...)"
vzctl exec "$id" 'hostname; grep PRETTY_NAME /etc/os-release; ip -4 addr show venet0; free -m' ||
	fail "no command can be run in container $id" "Look at its console: vzctl console $id"

if [ -d /run/systemd/system ]; then
	step "systemd: containers come back after a reboot (systemctl enable --now vz)"
	systemctl daemon-reload && systemctl --quiet enable --now vz.service ||
		fail "the unit vz.service could not be started" "Look at: systemctl status vz"
else
	step "no systemd here: at boot, run '/etc/init.d/vz start'"
fi

cat <<END

Container $id runs. What to try next:
  vzctl enter $id                                   a shell inside; leave it with 'exit'
  vzctl set $id --ram 512M --save                   more memory, at once and for good
  vzctl stop $id && vzctl destroy $id               shut it down and remove it
  vztmpl build debian-12-x86_64                     a real Debian, as a template (needs the network)
  vzctl create 102 --ostemplate debian-12-x86_64 --ram 512M --swap 0 --diskspace 2G --ipadd 10.77.0.102
END
