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
ok "built" vztmpl build $R
s=$(vztmpl info mine | sed -n 's/^SHA-256: *//p') tree=/vz/template/store/sha256/${s:0:2}/$s/tree
is "its script ran as root inside" "$(cat $tree/etc/mine $tree/etc/who)" "made
0"
is "saw nothing of the host" "$(cat $tree/etc/host $tree/etc/net $tree/etc/name)" "3
localhost"
is "made no device" "$(ls $tree/n 2>/dev/null)" ""
is "what a test wrote is thrown away" "$(ls $tree/etc/tested 2>/dev/null)" ""
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
like "is named" "$TAP_OUT" 'test.d/20-bad: /bin/sh ended with status 7'
is "and there is no other template" "$(vztmpl info mine | sed -n 's/^SHA-256: *//p')" "$now"
rm $R/test.d/20-bad; echo 'exit 3' >$R/chroot.d/30-bad
rc "a script that fails" 1 vztmpl build $R
like "is named" "$TAP_OUT" 'chroot.d/30-bad: /bin/sh ended with status 3'
is "nothing half-made stays" "$(ls /vz/template/tmp)" ""
sed -i 's/^BASE=.*/BASE="none"/' $R/recipe.conf
rc "a base that is not there" 1 vztmpl build $R
for name in ubuntu-22.04-x86_64 ubuntu-24.04-x86_64 devuan-5-x86_64; do
	keys=$(sed -n 's/^KEYRING="\(.*\)"/\1/p' "$TOP/templates/recipes/$name/recipe.conf")
	[ -e "$keys" ] && { skip "$name without keys" "this host has them"; continue; }
	rc "$name without keys" 1 vztmpl build $name
	like "what to do is said" "$TAP_OUT" "$keys is missing, the keys that sign this distribution: apt-get install"
done
gone 801
vztmpl rm mine >/dev/null
vztmpl gc >/dev/null
rm -rf /tmp/recipes
