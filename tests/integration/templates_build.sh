# SPDX-License-Identifier: GPL-2.0-or-later
# Recipes of a user's own: on the base of another template, with scripts inside, and tests that judge the result.
. "$TOP/tests/integration/lib.sh"

R=/tmp/recipes/mine
rm -rf /tmp/recipes; mkdir -p $R/chroot.d $R/test.d
base=$(vztmpl list | grep vz-base)
recipe() { printf 'NAME="mine"\nARCH="amd64"\nBUILDER="base"\nBASE="%s"\n' "$base" >$R/recipe.conf; }
recipe
cat >$R/chroot.d/10-files <<'END'
echo made >/etc/mine; id -u >/etc/who; ls /vz >/etc/host 2>/dev/null; cat /proc/net/dev | wc -l >/etc/net; hostname >/etc/name; mknod /n c 1 3 2>/dev/null
exit 0
END
echo 'grep -q made /etc/mine && echo tested >/etc/tested' >$R/test.d/10-made
# in a container of the result: its own init, no network but its own, cgroups, a limit of processes
cat >$R/test.d/20-system <<'END'
[ "$(cat /proc/1/comm)" = init ] && ps | grep -q syslogd || [ -e /proc/1/exe ] || exit 1
[ "$(ls /sys/class/net | tr '\n' ' ')" = "lo venet0 " ] || exit 2
ip route 2>/dev/null | grep -q default && exit 3
mount -t tmpfs t /mnt && umount /mnt || exit 4
END
ok "built" vztmpl build $R
like "its tests are told" "$TAP_OUT" "test: $R/test.d/10-made
test: $R/test.d/20-system"
is "and their container is gone" "$(vzlist -a -H -o ctid 2>/dev/null; ls -d /var/lib/vz/trial 2>/dev/null)" ""
tree=$(template_tree mine)
is "its script ran as root inside" "$(cat $tree/etc/mine $tree/etc/who)" "made
0"
is "saw nothing of the host" "$(cat $tree/etc/host $tree/etc/net $tree/etc/name)" "3
localhost"
is "made no device" "$(ls $tree/n 2>/dev/null)" ""
is "what a test wrote is thrown away" "$(ls $tree/etc/tested 2>/dev/null)" ""
template_trees_done
like "info tells the recipe" "$(vztmpl info mine)" "From:       build $R"
ok "a container of it" vzctl create 801 --ostemplate mine
ok "runs" vzctl start 801
is "with it" "$(in_ct 801 cat /etc/mine)" made
echo 'echo twice >>/etc/mine' >$R/chroot.d/20-more
ok "built again" vztmpl build $R
is "the container keeps the first" "$(in_ct 801 cat /etc/mine)" made
now=$(vztmpl info mine | sed -n 's/^SHA-256: *//p')
echo 'exit 7' >$R/test.d/20-bad
rc "a test that fails" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'test.d/20-bad ended with status 7'
is "and there is no other template" "$(vztmpl info mine | sed -n 's/^SHA-256: *//p')" "$now"
is "nor a container" "$(ls -d /var/lib/vz/trial 2>/dev/null; ls /vz/private | grep -v -e ^801 -e '^\.')" ""

# killed while a test runs: its guard removes the container, and if that is killed too, the next command
echo 'touch /started; sleep 60' >$R/test.d/20-bad
begin() {
	vztmpl build $R >/tmp/build.out 2>&1 &
	BUILD=$!
	soon "a test is under way" 150 sh -c 'for r in $(ls /var/lib/vz/trial 2>/dev/null); do vzctl exec2 $r test -e /started && exit; done; exit 1'
	TRIAL=$(ls /var/lib/vz/trial)
}
begin
like "vzlist tells what it is" "$(vzlist -H -o description $TRIAL)" 'A template on trial'
kill -9 $BUILD
soon "killed, its container goes" 90 sh -c "[ ! -e /etc/vz/conf/$TRIAL.conf ] && [ ! -e /var/lib/vz/trial/$TRIAL ]"
begin
guard=$(for p in $(ls /proc | grep '^[0-9]*$'); do [ "$(awk '/^PPid/ { print $2 }' /proc/$p/status 2>/dev/null)" = "$BUILD" ] &&
	[ "$(awk '{ print $6 }' /proc/$p/stat)" = "$p" ] && echo $p; done)
kill -9 $guard $BUILD
wait $BUILD 2>/dev/null
ok "its guard killed as well, it stays" vzctl exec2 $TRIAL true
soon "until the next command, and then it is gone" 90 sh -c "vztmpl list; [ ! -e /etc/vz/conf/$TRIAL.conf ] && [ ! -e /var/lib/vz/trial ]"
is "nothing half-made stays either" "$(vztmpl build none 2>/dev/null; vztmpl gc >/dev/null; vztmpl verify mine >/dev/null; half_made)" ""
rm $R/test.d/20-bad; echo 'exit 3' >$R/chroot.d/30-bad
rc "a script that fails" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'chroot.d/30-bad: /bin/sh ended with status 3'
echo 'sleep 71 & kill $$; sleep 5' >$R/chroot.d/30-bad
rc "a script that ends itself by a signal" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'chroot.d/30-bad: /bin/sh ended with status 143'
rm $R/chroot.d/30-bad; mkdir $R/chroot.d/30-bad
rc "a directory among the scripts" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'chroot.d/30-bad is no file: want a script'
rmdir $R/chroot.d/30-bad; mkfifo $R/test.d/30-bad
rc "and a pipe" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'test.d/30-bad is no file: want a script'
rm $R/test.d/30-bad
is "nothing half-made stays" "$(half_made)" ""
sed -i 's/^BASE=.*/BASE="none"/' $R/recipe.conf
rc "a base that is not there" 1 vztmpl build $R
for name in ubuntu-22.04-x86_64 ubuntu-24.04-x86_64 devuan-5-x86_64; do
	keys=$(sed -n 's/^KEYRING="\(.*\)"/\1/p' "$TOP/templates/recipes/$name/recipe.conf")
	[ -e "$keys" ] && { skip "$name without keys" "this host has them"; continue; }
	rc "$name without keys" 1 vztmpl build $name
	like "what to do is said" "$TAP_OUT" "$keys is missing, the keys that sign this distribution: apt-get install"
done
# with keys, but no mirror: another distribution's is not taken for it
cp -rL "$TOP/templates/recipes/ubuntu-24.04-x86_64" /tmp/recipes/noble
sed -i 's,^KEYRING=.*,KEYRING="/usr/share/keyrings/debian-archive-keyring.gpg",' /tmp/recipes/noble/recipe.conf
rc "Ubuntu without a mirror" 1 vztmpl build /tmp/recipes/noble
like "what to do is said" "$TAP_OUT" 'no mirror of ubuntu noble; name one with --mirror URL, or set MIRROR="URL" in /tmp/recipes/noble/recipe.conf'
sed -i 's,^#MIRROR=.*,MIRROR="http://x/ trusted=yes",' /tmp/recipes/noble/recipe.conf
rc "a mirror that is more than a URL" 1 vztmpl build /tmp/recipes/noble
like "is refused" "$TAP_OUT" 'MIRROR is not a plain URL'
mkdir /tmp/recipes/empty
sed -i 's,^MIRROR=.*,MIRROR="file:///tmp/recipes/empty",' /tmp/recipes/noble/recipe.conf
rc "a mirror without the suite" 1 vztmpl build /tmp/recipes/noble
like "is named" "$TAP_OUT" 'build ubuntu-24.04-x86_64'
is "and nothing stays" "$(half_made; vztmpl list | grep -c ubuntu)" 0
gone 801
vztmpl rm mine >/dev/null
vztmpl gc >/dev/null
rm -rf /tmp/recipes
