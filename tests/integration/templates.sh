# SPDX-License-Identifier: GPL-2.0-or-later
# Templates: from an issuer's index into the cache, renewed under containers that run, collected when the last one is gone.
. "$TOP/tests/integration/lib.sh"

base=$(readlink -f /vz/template/cache/vz-base-*.tar.zst)
T=/tmp/tm
rm -rf $T; mkdir -p $T/srv $T/root /etc/vz/keys
store() { find /vz/template/store/sha256 -mindepth 2 -maxdepth 2 | wc -l; }
stored() { [ "$(store)" = "$1" ]; }
marks() { ls /vz/template/store/marked 2>/dev/null | grep -v later; }
judged() { [ -z "$(marks)" ]; }
# The collector works in the background.
tidy() {
	local i
	for i in $(seq 400); do
		[ -z "$(ls /vz/template/tmp)" ] && judged && return
		sleep 0.1
	done
	return 1
}
# edition TEXT: the archive my-os, with that text in /etc/edition
edition() {
	rm -rf $T/root && mkdir $T/root && tar -C $T/root --zstd -xpf "$base" && echo "$1" >$T/root/etc/edition &&
		tar -C $T/root --zstd -cpf $T/srv/my-os.tar.zst . && vztmpl index $T/srv --sign $T/me.sec >/dev/null
}

# --- a signed index ---
ok "a key pair" vztmpl keygen $T/me
is "the secret one is root's alone" "$(stat -c %a $T/me.sec)" 600
edition one
rc "an unknown issuer" 1 vztmpl pull $T/srv
like "what to do is said" "$TAP_OUT" 'is signed with key [0-9a-f]{16}, which is not among /etc/vz/keys/\*\.pub'
is "nothing was taken" "$(vztmpl list | grep -c my-os)" 0
cp $T/me.pub /etc/vz/keys/
ok "a known one" vztmpl pull $T/srv
like "says what is new" "$TAP_OUT" 'my-os: new'
like "info tells who signed it" "$(vztmpl info my-os)" 'Signed by:  me'
says "once is enough" 0 "my-os: is here already" "" vztmpl pull file://$T/srv
out_like() { like "$1" "$("${@:3}" 2>&1)" "$2"; }
out_like "--list" '^my-os +[0-9]+' vztmpl pull $T/srv --list
printf 'not what it was' | dd of=$T/srv/my-os.tar.zst bs=1 seek=1000 conv=notrunc status=none
vztmpl rm my-os >/dev/null
rc "an archive that was changed" 1 vztmpl pull $T/srv
like "is refused" "$TAP_OUT" 'my-os.tar.zst is not what the index names: its SHA-256 is'
edition one
vztmpl pull $T/srv >/dev/null
cp $T/srv/index.json $T/old; cp $T/srv/index.json.sig $T/old.sig
edition two
sed -i 's/"size": /"size": 1/' $T/srv/index.json
rc "an index that was changed" 1 vztmpl pull $T/srv
like "is refused" "$TAP_OUT" 'key me: the signature does not fit'

# --- renewed under a running container ---
ok "a container of the first edition" vzctl create 801 --ostemplate my-os
ok "runs" vzctl start 801
edition two
ok "the second edition" vztmpl pull $T/srv
like "replaces it" "$TAP_OUT" 'my-os: replaced by a newer one'
cp $T/old $T/srv/index.json; cp $T/old.sig $T/srv/index.json.sig
rc "the first index again" 1 vztmpl pull $T/srv
like "is old news" "$TAP_OUT" 'older than what its issuer had signed before'
is "the container keeps what it has" "$(in_ct 801 cat /etc/edition)" one
ok "a container of the second" vzctl create 802 --ostemplate my-os
ok "runs" vzctl start 802
is "and has it" "$(in_ct 802 cat /etc/edition)" two
vztmpl gc >/dev/null
first=$(cat /vz/private/801/layers) n=$(store)
like "nothing to collect" "$(vztmpl gc)" '^0 trees'
is "really" "$(store)" "$n"
vzctl stop 801 --fast >/dev/null 2>&1
ok "a stopped one is a user too" vztmpl gc
ok "it starts again" vzctl start 801
is "with its first edition" "$(in_ct 801 cat /etc/edition)" one
mv /etc/vz/conf/801.conf /etc/vz/conf/801.conf.away
like "one without configuration counts" "$(vztmpl gc)" '^0 trees'
mv /etc/vz/conf/801.conf.away /etc/vz/conf/801.conf
vzctl stop 801 --fast >/dev/null 2>&1
ok "a linked clone" vzctl clone 801 804 --linked
gone 801
like "keeps what its source had" "$(vztmpl gc)" '^0 trees'
ok "and runs" vzctl start 804
is "with that edition" "$(in_ct 804 cat /etc/edition)" one
ok "pinned" vztmpl pin "$first"
gone 804
soon "what may have lost its last user is looked at" 20 judged
is "a pinned one stays" "$(store)" "$n"
ok "unpinned" vztmpl unpin "$first"
soon "it goes by itself" 20 stored $((n - 1))
rm -f /vz/template/cache/my-os.tar.zst
like "a tree without an archive but with a user stays" "$(vztmpl gc)" '^0 trees'
vzctl stop 802 --fast >/dev/null 2>&1
ok "and serves" vzctl start 802
is "its files" "$(in_ct 802 cat /etc/edition)" two
gone 802
soon "then it goes" 20 stored $((n - 2))

# --- what nobody was told of ---
for i in $(seq 50); do		# serials are seconds, and one that was taken may be ahead of the clock
	edition found
	vztmpl pull $T/srv >/dev/null 2>&1 && break
	sleep 0.2
done
rm -f /vz/template/cache/my-os.tar.zst
like "--dry-run" "$(vztmpl gc --dry-run)" "would remove [0-9a-f]{12} [0-9]+ bytes"
is "removes nothing" "$(store)" $((n - 1))
like "young ones stay on request" "$(vztmpl gc --days 1)" '^0 trees'
like "found" "$(vztmpl gc)" $'^removed [0-9a-f]{12} [0-9]+ bytes\n1 trees, '
is "and removed" "$(store)" $((n - 2))

# --- killed at any step: the next pull finishes, and nothing half-made stays ---
edition three
vztmpl pull $T/srv >/dev/null 2>&1
bad=
for i in $(seq 1 7 200); do
	edition "at $i"
	"$KILLAT" -n "$i" -- vztmpl pull $T/srv >/tmp/killed 2>&1 </dev/null
	rc=$?
	vztmpl pull $T/srv >/tmp/again 2>&1 || bad="$bad
at $i: $(tail -n 1 /tmp/again)"
	[ "$(cat "$(template_tree my-os)/etc/edition")" = "at $i" ] || bad="$bad
at $i: the tree is not that of the archive"
	template_trees_done
	tidy || bad="$bad
at $i: $(ls /vz/template/tmp) $(marks)"
	vztmpl gc >/dev/null || bad="$bad
at $i: gc"
	[ "$rc" = 137 ] || break
done
[ "$i" -gt 20 ] || bad="$bad
only $i points"
[ -z "$bad" ] && pass "pull, killed at any step" || fail "pull, killed at any step" "$bad"
vztmpl rm my-os >/dev/null; tidy; vztmpl gc >/dev/null
n=$(store)
for i in 1 2 3 4 5 6 7 8 9; do
	vztmpl pull $T/srv >/dev/null && rm /vz/template/cache/my-os.tar.zst
	"$KILLAT" -n "$i" -- vztmpl gc >/dev/null 2>&1 </dev/null || vztmpl gc >/tmp/again 2>&1 || bad="$bad
gc at $i: $(cat /tmp/again)"
	vztmpl gc >/dev/null; tidy
	[ "$(store)" = $n ] || bad="$bad
gc at $i: $(store) trees, wanted $n"
done
[ -z "$bad" ] && pass "gc, killed at any step" || fail "gc, killed at any step" "$bad"
rm -f /vz/template/cache/my-os.* /tmp/killed /tmp/again
rm -rf $T /etc/vz/keys
vztmpl gc >/dev/null
