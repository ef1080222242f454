#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds N event streams open over TLS: web_sse.py PORT N PATH [SECONDS], with $TOKEN if there is one. Prints "ready K" when K have had their first event, then waits
for a line on standard input and, with SECONDS, prints how many had events after that ("more K") before it ends."""
import os
import select
import socket
import ssl
import sys
import time

port, n, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
ctx = ssl.create_default_context()
ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
token = f"Authorization: Bearer {os.environ['TOKEN']}\r\n" if os.environ.get("TOKEN") else ""
streams = []
for i in range(n):
    s = ctx.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{token}\r\n".encode())
    streams.append(s)


def gather(seconds):
    got, end = set(), time.time() + seconds
    poll = select.poll()
    by_fd = {s.fileno(): s for s in streams}
    for s in streams:
        s.setblocking(False)
        poll.register(s, select.POLLIN)
    while len(got) < n and time.time() < end:
        for fd, _ in poll.poll(200):
            try:
                if b"data:" in by_fd[fd].recv(65536):
                    got.add(fd)
            except ssl.SSLWantReadError:
                pass
    return len(got)


print("ready", gather(90), flush=True)
sys.stdin.readline()
if len(sys.argv) > 4:
    print("more", gather(float(sys.argv[4])), flush=True)
