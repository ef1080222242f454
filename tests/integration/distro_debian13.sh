# SPDX-License-Identifier: GPL-2.0-or-later
# Debian 13 from the recipe that comes with vz: systemd, and no program that sets up the network.
# template: debian-13-x86_64
. "$TOP/tests/integration/distro_systemd.sh"
CT=125 NET=25

distro_template debian-13-x86_64
distro_life debian-13-x86_64
distro_end debian-13-x86_64
