# SPDX-License-Identifier: GPL-2.0-or-later
# OpenRC over sysvinit, nothing of it adapted to containers.
# template: debian-12-x86_64-openrc
. "$TOP/tests/integration/distro_lib.sh"
CT=122 NET=22

distro_template debian-12-x86_64-openrc
distro_life debian-12-x86_64-openrc
distro_end debian-12-x86_64-openrc
