#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens N connections to PORT and leaves them alone: web_hold.py PORT N [TEXT]. TEXT is sent on each, undone where the server
closes first. From as many loopback addresses as it takes. Prints "open K", ends at end of input, prints "left K": those that
the server has not closed."""
import resource
import select
import socket
import sys

port, n = int(sys.argv[1]), int(sys.argv[2])
text = sys.argv[3].encode().decode("unicode_escape").encode() if len(sys.argv) > 3 else b""
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
for i in range(n):
    s = socket.socket()
    s.settimeout(20)
    try:
        s.bind((f"127.1.{i // 200 % 200}.{i % 200 + 1}", 0))
        s.connect(("127.0.0.1", port))
        s.sendall(text)
    except OSError:
        s.close()
        continue
    held.append(s)
print("open", len(held), flush=True)
sys.stdin.read()
left = 0
for s in held:
    s.setblocking(False)
    try:
        left += not (select.select([s], [], [], 0)[0] if s.fileno() < 1024 else True) or s.recv(65536, socket.MSG_PEEK) != b""
    except BlockingIOError:
        left += 1
    except OSError:
        pass
print("left", left, flush=True)
