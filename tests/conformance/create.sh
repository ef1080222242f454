# SPDX-License-Identifier: GPL-2.0-or-later
# vzctl create.
. "$TOP/tests/conformance/case.sh"

CREATED="Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/102.conf
Container private area was created"

# A template of four files, for what needs one by another name.
mkdir -p /tmp/tree/bin /tmp/tree/sbin /tmp/tree/etc
cp "$(command -v busybox)" /tmp/tree/bin/busybox
ln -sf busybox /tmp/tree/bin/sh
ln -sf ../bin/busybox /tmp/tree/sbin/init
printf 'root::0:0:root:/root:/bin/sh\n' >/tmp/tree/etc/passwd
tar -C /tmp/tree -czf /tmp/small-1.0-x86_64.tar.gz .
for kind in tar tar.gz tar.bz2 tar.xz tar.zst; do
	tar -C /tmp/tree -caf "/vz/template/cache/kind-${kind//./-}.$kind" .
done

it "four lines"
given none 102
run vzctl create 102 --ostemplate vz-base
out "$CREATED"
state 102 "exist unmounted down"
conf 102 'OSTEMPLATE="vz-base"'

it "the paths are stored with a literal \$VEID"
given none 102
run vzctl create 102 --ostemplate vz-base
out "$CREATED"
conf 102 'VE_ROOT="/vz/root/$VEID"'
conf 102 'VE_PRIVATE="/vz/private/$VEID"'

it "the default sample is what the configuration comes from"
given none 102
run vzctl create 102 --ostemplate vz-base
out "$CREATED"
conf 102 'ORIGIN_SAMPLE="vztest"'
conf 102 'PHYSPAGES="0:65536"'
conf 102 'NUMPROC="200"'

it "--quiet says nothing"
given none 102
run vzctl --quiet create 102 --ostemplate vz-base
state 102 "exist unmounted down"

it "--verbose says where it looks"
given none 102
run vzctl --verbose create 102 --ostemplate kind-tar
out_like 'Looking for /vz/template/cache/kind-tar\.tar'
state 102 "exist unmounted down"

it "DEF_OSTEMPLATE of vz.conf"
given none 102
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; echo DEF_OSTEMPLATE=vz-base >>/etc/vz/vz.conf; vzctl create 102; cat /tmp/vz.conf >/etc/vz/vz.conf'
out "$CREATED"
conf 102 'OSTEMPLATE="vz-base"'

it "no template at all"
given none 102
run vzctl create 102
err "OS template is not specified
Creation of container private area failed"
rc 29
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "a template that is not there"
given none 102
run vzctl create 102 --ostemplate nothere-1-x86_64
out_any
err_like $'Cached OS template /vz/template/cache/nothere-1-x86_64\\.tar[^\n]* not found\nCreation of container private area failed$'
rc 91
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "a second time"
given stopped 101
run vzctl create 101 --ostemplate vz-base
out "Warning: CT config file already exists, not applying a default config sample.
It might lead to incomplete CT configuration, you can use --applyconfig to fix."
err "Private area already exists in /vz/private/101
Creation of container private area failed"
rc 44
state 101 "exist unmounted down"

it "a configuration that is there already is kept"
given none 102
run sh -c 'printf "%s\n" "# mine" "ONBOOT=\"yes\"" >/etc/vz/conf/102.conf; vzctl create 102 --ostemplate vz-base'
out "Warning: CT config file already exists, not applying a default config sample.
It might lead to incomplete CT configuration, you can use --applyconfig to fix.
$CREATED"
conf 102 'ONBOOT="yes"'
gives 'grep -c "^# mine$" /etc/vz/conf/102.conf' 1
no_conf 102 NUMPROC

it "--config of a sample"
given none 102
run vzctl create 102 --ostemplate vz-base --config vswap-256m
out "$CREATED"
conf 102 'ORIGIN_SAMPLE="vswap-256m"'
conf 102 'PHYSPAGES="0:65536"'

it "--config of a sample that is not there"
given none 102
run vzctl create 102 --ostemplate vz-base --config nothere
err_like $'^Sample config /etc/vz/conf/ve-nothere.conf-sample not found: [^\n]*\nCreation of container private area failed$'
rc 82
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "--config beside a configuration"
given stopped 101
run vzctl create 101 --ostemplate vz-base --config vswap-256m
err "Error: container config file /etc/vz/conf/101.conf already exists, can not use --config option
Creation of container private area failed"
rc 82
state 101 "exist unmounted down"

it "CONFIGFILE names a sample that is not there"
given none 102
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i s/^CONFIGFILE=.*/CONFIGFILE=gone/ /etc/vz/vz.conf; vzctl create 102 --ostemplate vz-base; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
err_like $'^Sample config /etc/vz/conf/ve-gone.conf-sample not found: [^\n]*\nFix the value of CONFIGFILE in /etc/vz/vz.conf\nCreation of container private area failed$'
rc 82

it "addresses and a hostname are stored"
given none 102
run vzctl create 102 --ostemplate vz-base --ipadd 10.77.2.1 --ipadd 10.77.2.2 --hostname www.example
out "$CREATED"
conf 102 'IP_ADDRESS="10.77.2.1 10.77.2.2"'
conf 102 'HOSTNAME="www.example"'

it "--private with a literal \$VEID"
given none 102
run vzctl create 102 --ostemplate vz-base --private '/vz/elsewhere/$VEID'
out "$CREATED"
conf 102 'VE_PRIVATE="/vz/elsewhere/$VEID"'
gives 'ls -d /vz/elsewhere/102' /vz/elsewhere/102

it "--root"
given none 102
run vzctl create 102 --ostemplate vz-base --root '/vz/other/$VEID'
out "$CREATED"
conf 102 'VE_ROOT="/vz/other/$VEID"'

it "--description"
given none 102
run vzctl create 102 --ostemplate vz-base --description 'the "web" server'
out "$CREATED"
conf 102 'DESCRIPTION="the \"web\" server"'

it "a name that is taken"
given none 102
given stopped 101
run sh -c 'vzctl --quiet set 101 --name taken --save; vzctl create 102 --ostemplate vz-base --name taken'
err "Conflict: name taken already used by container 101
Creation of container private area failed"
rc 131
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "a name of digits in libvirt's call"
given none 102
run vzctl --quiet create 102 --name web102 --ostemplate vz-base
conf 102 'NAME="web102"'

it "an invalid name"
given none 102
run vzctl create 102 --ostemplate vz-base --name a/b
err "Error: invalid name a/b
Creation of container private area failed"
rc 131

it "an absolute path of an archive"
given none 102
run vzctl create 102 --ostemplate /tmp/small-1.0-x86_64.tar.gz
out_like 'Container private area was created$'
conf 102 'OSTEMPLATE="small-1.0-x86_64"'

it "an archive .tar"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar
conf 102 'OSTEMPLATE="kind-tar"'

it "an archive .tar.gz"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar-gz
conf 102 'OSTEMPLATE="kind-tar-gz"'

it "an archive .tar.bz2"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar-bz2
conf 102 'OSTEMPLATE="kind-tar-bz2"'

it "an archive .tar.xz"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar-xz
conf 102 'OSTEMPLATE="kind-tar-xz"'

it "an archive .tar.zst"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar-zst
conf 102 'OSTEMPLATE="kind-tar-zst"'

it "an archive that is none"
given none 102
run sh -c 'echo noise >/vz/template/cache/noise.tar.gz; vzctl create 102 --ostemplate noise; rc=$?; rm /vz/template/cache/noise.tar.gz; exit $rc'
out_any
err_like $'\nCreation of container private area failed$'
rc 48
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "an empty root password is locked"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar
gives 'vzctl --quiet mount 102; cut -d: -f1,2 /vz/root/102/etc/passwd; vzctl --quiet umount 102' 'root:!!'

it "there is a hosts file"
given none 102
run vzctl --quiet create 102 --ostemplate kind-tar
gives 'vzctl --quiet mount 102; grep -c "^127.0.0.1.*localhost" /vz/root/102/etc/hosts; vzctl --quiet umount 102' 1

it "vps.create runs at the end"
given none 102
run sh -c 'printf "#!/bin/sh\necho \$VEID \$VE_CONFFILE\n" >/etc/vz/conf/vps.create; chmod 755 /etc/vz/conf/vps.create; vzctl create 102 --ostemplate vz-base; rm /etc/vz/conf/vps.create'
out "Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/102.conf
102 /etc/vz/conf/102.conf
Container private area was created"

it "vps.create fails"
given none 102
run sh -c 'printf "#!/bin/sh\nexit 3\n" >/etc/vz/conf/vps.create; chmod 755 /etc/vz/conf/vps.create; vzctl create 102 --ostemplate vz-base; rc=$?; rm /etc/vz/conf/vps.create; exit $rc'
out "Creating container private area (vz-base)
Performing postcreate actions
CT configuration saved to /etc/vz/conf/102.conf
User create script /etc/vz/conf/vps.create exited with error"
err "Creation of container private area failed"
rc 79
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 2>/dev/null' ""

it "an unknown layout"
given none 102
run vzctl create 102 --ostemplate vz-base --layout cubes
err_like '^Bad parameter for --layout: cubes'
rc 21

it "--layout simfs"
given none 102
run vzctl create 102 --ostemplate vz-base --layout simfs
out "$CREATED"

it "VE_PRIVATE is not set"
given none 102
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i /^VE_PRIVATE=/d /etc/vz/vz.conf; vzctl create 102 --ostemplate vz-base; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
err "VE_PRIVATE is not set
Creation of container private area failed"
rc 23

it "VE_ROOT is not set"
given none 102
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i /^VE_ROOT=/d /etc/vz/vz.conf; vzctl create 102 --ostemplate vz-base; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
err "VE_ROOT is not set
Creation of container private area failed"
rc 22

it "TEMPLATE is not set"
given none 102
run sh -c 'cp -p /etc/vz/vz.conf /tmp/vz.conf; sed -i /^TEMPLATE=/d /etc/vz/vz.conf; vzctl create 102 --ostemplate vz-base; rc=$?; cat /tmp/vz.conf >/etc/vz/vz.conf; exit $rc'
err "TEMPLATE is not set
Creation of container private area failed"
rc 24

it "the private area's place is a mount point"
given none 102
run sh -c 'mkdir /vz/private/102 && mount -t tmpfs t /vz/private/102; vzctl create 102 --ostemplate vz-base; rc=$?; umount /vz/private/102; rmdir /vz/private/102; exit $rc'
out_any
err "Can't create: private dir (/vz/private/102) is a mount point. Suggestion: use --private /vz/private/102/private
Creation of container private area failed"
rc 48

it "an empty directory in its place does not matter"
given none 102
run sh -c 'mkdir /vz/private/102; vzctl create 102 --ostemplate vz-base'
out "$CREATED"

it "what destroy kept of that id goes"
given none 102
run sh -c 'echo old >/etc/vz/conf/102.conf.destroyed; echo old >/etc/vz/conf/102.mount.destroyed; vzctl create 102 --ostemplate vz-base'
out "$CREATED"
gives 'ls /etc/vz/conf/102.*destroyed 2>/dev/null' ""

it "cancelled: nothing is left"
given none 102
run sh -c 'printf "#!/bin/sh\nread -r pid </vz/lock/102.lck; kill -INT \$pid; sleep 0.5\n" >/etc/vz/conf/vps.create; chmod 755 /etc/vz/conf/vps.create; vzctl create 102 --ostemplate vz-base; rc=$?; rm /etc/vz/conf/vps.create; sleep 0.5; [ $rc != 0 ]'
out_like 'Cancelling\.\.\.'
err_any
gives 'ls -d /etc/vz/conf/102.conf /vz/private/102 /vz/lock/102.lck 2>/dev/null' ""

rm_templates() {
	given none 102
	rm -rf /tmp/tree /tmp/small-1.0-x86_64.tar.gz /vz/template/cache/kind-* /vz/elsewhere /vz/other
}
case_end
rm_templates
