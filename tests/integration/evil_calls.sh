# SPDX-License-Identifier: GPL-2.0-or-later
# S12 S14 S75 S77: capabilities and system calls, compared with lists that were typed, not made by the code under test.
. "$TOP/tests/integration/evil_lib.sh"

# x86_64 and i386 numbers: kexec, modules, file handles, swap, accounting, quota, kernel log, ports, clocks, old calls,
# bpf, perf, userfaultfd, fanotify, keys, io_uring, page placement.
NATIVE="103 134 136 156 159 163 164 167 168 172 173 174 175 176 177 178 179 180 212 227 246 248 249 250 256 279 298 300 \
	304 305 313 320 321 323 425 426 427 443"
I386="25 51 62 79 86 87 101 103 110 113 115 124 127 128 129 130 131 149 166 167 169 253 264 283 286 287 288 294 317 336 \
	338 342 343 350 357 374 404 405 425 426 427 443"
CAPS=00000000bdecffff		# 27 of 41: none of modules, raw I/O, clock, log, MAC, audit control, bpf, perf, checkpoint

up 701
arm 701

# class NAME LINES: the numbers in that class.
class() {
	sed -n "s/^$1 //p" <<<"$2"
}

# all_in TEXT "NUMBERS" "WITHIN"
all_in() {
	local n missing=
	for n in $2; do
		case " $3 " in *" $n "*) ;; *) missing="$missing $n" ;; esac
	done
	[ -z "$missing" ] && pass "$1" || fail "$1" "not refused:$missing"
}

native=$(evil 701 syscalls native)
all_in "S14 denied calls are denied" "$NATIVE" "$(class EPERM "$native")"
all_in "S14 calls newer than reviewed do not exist" "$(seq -s' ' 463 500)" "$(class ENOSYS "$native")"
all_in "S14 clone3 does not exist" 435 "$(class ENOSYS "$native")"
old=$(evil 701 syscalls i386)
if grep -q '^SIGNAL139 0 1 2 3' <<<"$old"; then
	skip "S14 i386: denied calls are denied" "the kernel has no 32-bit calls"
	skip "S14 i386: calls newer than reviewed do not exist"
else
	all_in "S14 i386: denied calls are denied" "$I386" "$(class EPERM "$old") $(class ENOSYS "$old")"
	all_in "S14 i386: calls newer than reviewed do not exist" "$(seq -s' ' 463 500)" "$(class ENOSYS "$old")"
fi
is "S14 x32: every call ends its process" "$(evil 701 syscalls x32 | cut -d' ' -f1)" SIGNAL159
like "S14 socket families without namespaces cannot be had" " $(evil 701 families)" '^( (1|2|10|15|16|17|24|38|44))* socketcall='
case $(evil 701 families) in
*socketcall=EAFNOSUPPORT* | *socketcall=ENOSYS*) pass "S14 i386: socketcall is no way round" ;;
*) fail "S14 i386: socketcall is no way round" ;;
esac
refused "S14 kernel interfaces, file systems, attributes" "$(evil 701 remount)" proc_rw=ALLOWED
refused "S75 no user namespace by default" "$(evil 701 userns)"
like "S77 a crash dumps nothing by default" "$(in_ct 701 'ulimit -c')" '^0$'
before=$(canary)
evil 701 core >/dev/null
is "S77 a crash leaves the host alone" "$(canary)" "$before"

sets() {
	in_ct 701 "sed -n 's/^\(Cap...\|NoNewPrivs\|Seccomp\):.//p' /proc/$1/status" | tr '\n' ' '
}
want="0000000000000000 $CAPS $CAPS $CAPS 0000000000000000 0 2 "
is "S12 sets of init" "$(sets 1)" "$want"
is "S12 sets of an executed command" "$(sets self)" "$want"
is "S12 sets of a shell that was entered" "$(echo "sed -n 's/^Cap...:.//p' /proc/self/status; exit" |
	timeout 60 vzctl enter 701 2>/dev/null | tr -d '\r' | grep -E '^[0-9a-f]{16}$' | tr '\n' ' ')" \
	"0000000000000000 $CAPS $CAPS $CAPS 0000000000000000 "
is "S12 sets of init as the host sees them" "$(sed -n 's/^Cap...:.//p' "/proc/$(init_of 701)/status" | tr '\n' ' ')" \
	"0000000000000000 $CAPS $CAPS $CAPS 0000000000000000 "

vzctl --quiet stop 701 --fast >/dev/null
ok "S75 nesting can be switched on" vzctl set 701 --features nesting:on --save
ok "S75 and starts" vzctl start 701
like "S75 user namespaces with nesting" "$(evil 701 userns)" $'clone3\tALLOWED.*clone\tALLOWED'
all_in "S75 the other denials stay" "$NATIVE" "$(class EPERM "$(evil 701 syscalls native)")"
gone 701
