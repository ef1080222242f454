# SPDX-License-Identifier: GPL-2.0-or-later
# Debian with sysvinit and ifupdown, as Devuan has it; its inittab is as the distribution ships it.
# template: debian-12-x86_64-sysvinit
. "$TOP/tests/integration/distro_lib.sh"
CT=121 NET=21

calm() {
	ok "$1: its ssh runs, with keys of its own" vzctl exec $CT 'pgrep -x sshd && ls /etc/ssh/ssh_host_ed25519_key'
}

distro_template debian-12-x86_64-sysvinit
distro_life debian-12-x86_64-sysvinit
distro_end debian-12-x86_64-sysvinit
