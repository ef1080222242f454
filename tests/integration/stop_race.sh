# SPDX-License-Identifier: GPL-2.0-or-later
# Stops and repairs that once hung or blocked a container: the guest's poweroff is killed half-way, init is asked before it
# listens, an interrupted set wants an address that somebody else has by now.
. "$TOP/tests/integration/lib.sh"

up 871
cat >/tmp/poweroff <<'X'
#!/bin/sh
# the first one is killed together with the shell that called it, as by another poweroff at the same moment
[ -e /first ] || { : >/first; kill -9 $PPID $$; }
exec /sbin/halt
X
vzctl exec 871 'cat >/sbin/poweroff; chmod 755 /sbin/poweroff' </tmp/poweroff
says "a stop whose poweroff is killed asks again" 0 "Stopping container ...
Container was stopped
Container is unmounted" "" timeout 60 vzctl stop 871
vzctl --quiet start 871
ok "it was killed, and asked again" vzctl exec 871 test -e /first

# An init that the kernel protects from signals until it has a handler, named like the one that is asked by a signal.
cat >/tmp/late.c <<'X'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static void end(int sig) { (void)sig; _exit(0); }
int main(void) { sleep(2); signal(SIGRTMIN + 3, end); for (;;) pause(); }
X
if gcc -static -O2 -o /tmp/late /tmp/late.c 2>/dev/null; then
	vzctl exec 871 'mkdir -p /lib/systemd; cat >/lib/systemd/systemd; chmod 755 /lib/systemd/systemd; rm -f /sbin/init
		ln -s /lib/systemd/systemd /sbin/init' </tmp/late
	vzctl --quiet stop 871 --fast
	vzctl --quiet start 871
	says "a stop right after the start waits until init listens" 0 "Stopping container ...
Container was stopped
Container is unmounted" "" timeout 60 vzctl stop 871
fi
gone 871

# 872's set is killed when the address is off its link and still in its file; then 873 takes it.
up 872 --ipadd 10.77.87.1
up 873
taken=
for n in $(seq 1 120); do
	"$KILLAT" -n "$n" -- vzctl set 872 --ipdel all --save >/dev/null 2>&1 </dev/null
	if grep -q 10.77.87.1 /etc/vz/conf/872.conf && ! ip route show 10.77.87.1 | grep -q vz872; then
		taken=$n
		break
	fi
	vzctl set 872 --ipadd 10.77.87.1 --save >/dev/null 2>&1 </dev/null
done
ok "a set was killed between its link and its file" test -n "$taken"
ok "which is recorded" test -e /var/lib/vz/intent/872
ok "somebody else takes the address" vzctl set 873 --ipadd 10.77.87.1
tap_run vzctl set 872 --onboot no --save
is "the next command works" "$TAP_RC" 0
like "and says what is not as it was asked" "$TAP_OUT" 'WARNING: a set of container 872 was interrupted.*10\.77\.87\.1.*vz873'
ok "once" test ! -e /var/lib/vz/intent/872
says "a stop is not kept from it" 0 "Killing container ...
Container was stopped
Container is unmounted" "" vzctl stop 872 --fast
gone 872 873
rm -f /tmp/poweroff /tmp/late /tmp/late.c
