# SPDX-License-Identifier: GPL-2.0-or-later
# The network of a template that is being made: other machines and names are reached, what is this host's own is not.
. "$TOP/tests/integration/lib.sh"

R=/tmp/recipes/net
rm -rf /tmp/recipes; mkdir -p $R/chroot.d
base=$(vztmpl list | grep vz-base)
printf 'NAME="net"\nARCH="amd64"\nBUILDER="base"\nBASE="%s"\nNET="yes"\n' "$base" >$R/recipe.conf
resolv=$(cat /etc/resolv.conf)
servers=()
serve() { "$@" >>/tmp/served 2>&1 & servers+=($!); }
helper=$TOP/tests/lib/build_net.py
: >/tmp/served
serve python3 $helper dns 127.0.0.53 mirror.test=198.51.100.1 own.test=192.0.2.1 lo.test=127.0.0.1
serve python3 $helper web 127.0.0.1 8181 secret
serve python3 $helper web 192.0.2.1 8181 secret
serve python3 $helper abstract vz-secret
serve nsenter -t $OUTSIDE -n python3 $helper web 198.51.100.1 80 mirror
serve nsenter -t $OUTSIDE -n python3 $helper web 2001:db8:ffff::2 80 mirror6
echo 'nameserver 127.0.0.53' >/etc/resolv.conf
answers() { python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$@"; }
for at in "127.0.0.53 53" "127.0.0.1 8181" "192.0.2.1 8181" "198.51.100.1 80" "2001:db8:ffff::2 80"; do
	soon "$at answers the host" 30 answers $at
done

# reach: what a script finds; every line a word that tells which way
cat >$R/chroot.d/10-reach <<'END'
exec >/etc/reach 2>/dev/null
get() { timeout 20 wget -q -O - "$2" || echo "$1 no"; echo; }
get name http://mirror.test/
get address http://198.51.100.1/
get address6 'http://[2001:db8:ffff::2]/'
get loopback http://127.0.0.1:8181/
get loopback-name http://lo.test:8181/
get own http://192.0.2.1:8181/
get own-name http://own.test:8181/
get nobody http://198.51.100.1:81/
get metadata http://169.254.169.254/
nslookup mirror.test | grep -q 198.51.100.1 && echo udp
cat /proc/net/unix | grep -c vz-secret
ls /sys/class/net 2>/dev/null | wc -l
END
ok "built" vztmpl build $R
like "what was refused is told" "$TAP_OUT" 'a build does not reach 192.0.2.1 port 8181: it is an address of this host'
tree=$(template_tree net)
is "reached" "$(grep . $tree/etc/reach | tr '\n' ' ')" \
	"mirror mirror mirror6 loopback no loopback-name no own no own-name no nobody no metadata no udp 0 0 "
template_trees_done

# killed: nothing of it goes on
echo 'touch /tmp/begun; sleep 600' >$R/chroot.d/10-reach
vztmpl build $R >/tmp/build.out 2>&1 &
BUILD=$!
soon "a script is under way" 90 pgrep -f 'sleep 60[0]'
is "as is what carries for it, as nobody" "$(stat -c %U /proc/$(pgrep -x vz-outlet))" nobody
kill -9 $BUILD
wait $BUILD 2>/dev/null
soon "killed, its script is gone" 20 sh -c '! pgrep -f "sleep 60[0]"'
soon "and so is that" 20 sh -c '! pgrep -x vz-outlet'

# no answer from the nameserver
echo 'nameserver 127.0.0.54' >/etc/resolv.conf
echo 'timeout 5 nslookup mirror.test; exit 0' >$R/chroot.d/10-reach
ok "built without a nameserver" vztmpl build $R
like "which is told" "$TAP_OUT" 'a build does not reach 127.0.0.54 port 53: it (is a nameserver of this host.s resolv.conf that does not answer|takes no questions|refuses)'
kill "${servers[@]}"
wait "${servers[@]}" 2>/dev/null
echo "$resolv" >/etc/resolv.conf
vztmpl rm net >/dev/null; vztmpl gc >/dev/null
rm -rf /tmp/recipes /tmp/served
