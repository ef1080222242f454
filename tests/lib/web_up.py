#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts vzweb as vzd would: web_up.py VZWEB DIR VZD_SOCKET [OPTION...]. HTTPS on a free port of 127.0.0.1 (written to
DIR/port), plain HTTP on DIR/api.sock, metrics on DIR/metrics_port; the pair is DIR/c.pem and DIR/k.pem. Becomes vzweb."""
import fcntl
import os
import socket
import sys

vzweb, where, vzd, *rest = sys.argv[1:]


def tcp(name):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(os.environ.get("WEB_PORT", "0")) if name == "port" else 0))
    s.listen(4096)
    with open(os.path.join(where, name), "w") as f:
        f.write(str(s.getsockname()[1]))
    return s


web, metrics, api = tcp("port"), tcp("metrics_port"), socket.socket(socket.AF_UNIX)
path = os.path.join(where, "api.sock")
if os.path.exists(path):
    os.unlink(path)
api.bind(path)
os.chmod(path, 0o666)
api.listen(4096)
cert, key = (os.open(os.path.join(where, n), os.O_RDONLY) for n in ("c.pem", "k.pem"))
lock = os.open(os.path.join(where, "vzweb.lock"), os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
for s in (web, metrics, api):
    s.setblocking(False)
for fd in (web.fileno(), metrics.fileno(), api.fileno(), cert, key, lock):
    os.set_inheritable(fd, True)
os.execv(vzweb, [vzweb, f"--listen-fd={web.fileno()}", f"--metrics-fd={metrics.fileno()}", f"--unix-fd={api.fileno()}",
                 f"--cert-fd={cert}", f"--key-fd={key}", f"--lock-fd={lock}", f"--vzd={vzd}", *rest])
