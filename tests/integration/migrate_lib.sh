# SPDX-License-Identifier: GPL-2.0-or-later
# The other host of the tests of vzmigrate: a set of namespaces with its own /etc/vz, /vz, /run and /var/lib; ssh and scp are
# small scripts that enter it, so that every command and every byte takes the way it would take. rsync is real.
. "$TOP/tests/integration/lib.sh"
command -v rsync >/dev/null || { skip "vzmigrate" "rsync is not installed"; exit 0; }

mkdir -p /vz/other /tmp/mig
[ "$(stat -f -c %T /vz)" != btrfs ] || { rmdir /vz/other; btrfs subvolume create /vz/other >/dev/null; }
cat >/tmp/mig/host.sh <<'EOT'
mount --make-rprivate /
mount --bind /vz/other /vz
for d in /etc/vz /var/lib/vz /var/lib/vzctl /run; do mount -t tmpfs -o mode=755 other $d; done
ip link set lo up
cp /usr/share/vz/vz.conf /etc/vz/vz.conf
printf 'CGROUP_PARENT="%s"\nNFT_TABLE="vztest"\nNAT_POOL="10.77.0.0/16"\nLOGFILE="/var/log/other.log"\n' "$VZTEST_NAME" >/tmp/mig/more
sed -i -E '/^(CGROUP_PARENT|NFT_TABLE|NAT_POOL|NAT_POOL6|POOL_IMAGE|LOGFILE)=/d' /etc/vz/vz.conf
cat /tmp/mig/more >>/etc/vz/vz.conf
mkdir -p /etc/vz/conf /etc/vz/names /vz/private /vz/root /vz/lock /vz/dump /vz/template/cache
chmod 700 /vz/private
vzhost setup >/tmp/mig/setup 2>&1; echo $? >>/tmp/mig/setup
exec sleep infinity
EOT
unshare -m -n sh /tmp/mig/host.sh &
other=$!
for i in $(seq 400); do [ -s /tmp/mig/setup ] && grep -qx '[0-9]*' /tmp/mig/setup && break; sleep 0.1; done
is "the other host is set up" "$(tail -n 1 /tmp/mig/setup)" 0
there() { nsenter -t $other -m -n -- "$@"; }

mkdir -p /usr/local/sbin
cat >/usr/local/sbin/ssh <<EOT
#!/bin/bash
while [ \$# -gt 0 ]; do
	case \$1 in -o | -p | -i | -l) echo "ssh \$1 \$2" >>/tmp/mig/opts; shift 2 ;; -*) shift ;; *) break ;; esac
done
echo "\$1" >>/tmp/mig/hosts; shift
echo "\$*" >>/tmp/mig/cmds
[ ! -e /tmp/mig/down ] || { echo "ssh: connect to host: No route to host" >&2; exit 255; }
[ ! -e /tmp/mig/fail ] || [[ "\$*" != *\$(cat /tmp/mig/fail)* ]] || { echo "made to fail" >&2; exit 1; }
[ ! -e /tmp/mig/kill ] || [[ "\$*" != *\$(cat /tmp/mig/kill)* ]] || { rm /tmp/mig/kill; kill -9 \$(cat /tmp/mig/pid); exit 1; }
exec nsenter -t $other -m -n -- sh -c "\$*"
EOT
cat >/usr/local/sbin/scp <<EOT
#!/bin/bash
while [ \$# -gt 2 ]; do
	case \$1 in -o | -P | -i) echo "scp \$1 \$2" >>/tmp/mig/opts; shift 2 ;; *) shift ;; esac
done
[ ! -e /tmp/mig/down ] || exit 255
cat "\$1" | nsenter -t $other -m -n -- sh -c "cat >'\${2#*:}'; chmod \$(stat -c %a "\$1") '\${2#*:}'"
EOT
chmod 755 /usr/local/sbin/ssh /usr/local/sbin/scp
reset() { rm -f /tmp/mig/down /tmp/mig/fail /tmp/mig/kill /tmp/mig/cmds /tmp/mig/opts; }
here() { vzctl status "$1"; }
where() { echo "here: $(here $1 | cut -d' ' -f3-); there: $(there vzctl status $1 | cut -d' ' -f3-)"; }
both() { [[ $(here $1)$(there vzctl status $1) != *running*running* ]]; }

other_host_gone() {
	there sh -c 'rm -f /var/lib/vz/pool.img'
	kill $other
	wait $other 2>/dev/null
	if [ "$(stat -f -c %T /vz)" = btrfs ]; then
		for sub in $(btrfs subvolume list -o /vz/other 2>/dev/null | awk '{ print $NF }'); do btrfs subvolume delete "/vz/${sub#*vz/}" >/dev/null 2>&1; done
		find /vz/other -mindepth 1 -depth -inum 256 -exec btrfs subvolume delete {} \; >/dev/null 2>&1
		btrfs subvolume delete /vz/other >/dev/null
	fi
	rm -rf /vz/other /tmp/mig /usr/local/sbin/ssh /usr/local/sbin/scp /usr/local/sbin/ssh.* /etc/vz/conf/78*
}
