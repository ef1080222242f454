# SPDX-License-Identifier: GPL-2.0-or-later
# The table of neighbours is one for all namespaces; only the first has its keys, and here that is ours alone.
. "$TOP/tests/integration/lib.sh"

first() { nsenter --net=/proc/self/fd/9 "$@"; }
limit() { first cat "/proc/sys/net/$1/neigh/default/gc_thresh3"; }
is "the kernel's own size" "$(limit ipv4) $(limit ipv6)" "1024 1024"
ok "the host's set-up" first vzhost setup
between "makes room" "$(limit ipv4)" 8192 131072
is "for IPv6, too" "$(limit ipv6)" "$(limit ipv4)"
first sysctl -qw net.ipv4.neigh.default.gc_thresh3=200000
ok "once more" first vzhost setup
is "and takes none away" "$(limit ipv4)" 200000
first sh -c 'nft delete table inet vztest; nft delete table bridge vztest' 2>/dev/null
