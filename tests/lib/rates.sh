# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# How fast a container sends and receives, for tests of rates; to be sourced behind tests/integration/lib.sh.
python=$(command -v python3)
# A sink and a source of TCP at an address outside: connects say which by the port.
cat >/tmp/peer.py <<'END'
import socket, sys, threading, time
def serve(port, send):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", port)); s.listen(64)
    while True:
        c, _ = s.accept()
        threading.Thread(target=work, args=(c, send), daemon=True).start()
def work(c, send):
    try:
        while c.send(b"x" * 65536) if send else c.recv(65536): pass
    except OSError: pass
    c.close()
for port, send in ((7001, False), (7002, True)): threading.Thread(target=serve, args=(port, send)).start()
END
# mbit PID-OF-INIT HOST PORT: megabits a second through one connection of the container for 2 s, the first half second left out.
cat >/tmp/mbit.py <<'END'
import ctypes, socket, sys, time
pid, host, port, secs = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
fd = open("/proc/%s/ns/net" % pid); ctypes.CDLL(None).setns(fd.fileno(), 0)
for n in range(200):
    s = socket.socket(); s.settimeout(5)
    if port == 7001: s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)	# else what waits in it would count as sent
    try: s.connect((host, port)); break
    except ConnectionRefusedError: time.sleep(0.1); s.close()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")	# what is queued would hold the namespace
n, at = 0, time.time(); start = at
while time.time() < start + secs:
    got = s.send(b"x" * 16384) if port == 7001 else len(s.recv(65536))
    if time.time() > start + secs / 4:
        if at == start: at = time.time()
        else: n += got
print(int(n * 8 / (time.time() - at) / 1e5) / 10)
END
# The peer may not be up yet, so the first connection is tried for a while.
mbit() { timeout 60 "$python" /tmp/mbit.py "$(init_of "$1")" "$2" "$3" "${4:-2}"; }
# rate NAME LOW HIGH PID HOST PORT [SECONDS]: measured, and again when it is not in between: a machine may be busy for a moment.
rate() {
	local name=$1 low=$2 high=$3 try got
	shift 3
	for try in 1 2 3 4 5; do
		got=$(mbit "$@")
		in_between "$got" "$low" "$high" && break
	done
	within "$name" "$got" "$low" "$high"
}
in_between() { awk -v v="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(v != "" && v >= a && v <= b) }'; }
# within NAME VALUE LOW HIGH
within() {
	if in_between "$2" "$3" "$4"; then pass "$1"; else fail "$1" "$2, wanted $3 to $4"; fi
}
