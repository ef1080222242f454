#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of vzd's socket that behave badly, and service managers. vzd_core.py WORD [ARG...]: status 0, or says what is wrong."""
import os
import resource
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from vzd import LOCAL, WEB, Closed, FrameError, Vzd, call  # noqa: E402


def check(cond, what):
    if not cond:
        sys.exit(f"vzd_core: {what}")


def serves():
    """It answers, soon: connections that were closed a moment ago may still count."""
    end = time.monotonic() + 60
    while True:
        try:
            got = call("GET", "/v1/health").status
        except (OSError, Closed, FrameError) as e:
            got = e
        if got == 200 or time.monotonic() > end:
            break
        time.sleep(0.05)
    check(got == 200, f"the service is not up afterwards: {got}")


def ends(v):
    try:
        v.recv_raw()
    except (Closed, ConnectionResetError, BrokenPipeError):
        return
    sys.exit("vzd_core: the connection goes on")


def refused(v, word):
    """An error that has @word, then the end of the connection."""
    try:
        v.recv()
    except FrameError as e:
        check(word in str(e), f"{e} has no '{word}'")
    except ConnectionResetError:
        return
    else:
        sys.exit(f"vzd_core: no error about '{word}'")
    ends(v)


def garbage():
    for text, word in ((b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\0", "message"), (b"\0", "message"), (b"\xff\xfe\0", "message"),
                       (b"{}\0", "method"), (b'{"method":"org.vz.Api.Call","method":"x"}\0', "duplicate"),
                       (b'{"method":"org.vz.Api.Call","parameters":{"verb":"GET"}}\0', "path"),
                       (b'{"method":"org.vz.Api.Call","parameters":{"verb":"GET","path":"/v1","x":1}}\0', "x"),
                       (b'{"method":"org.vz.Api.Call","parameters":{"verb":"GET","path":"\\u0000"}}\0', "message"),
                       (b'{"method":"a","parameters":{"a":1e999}}\0', "message")):
        for path in (LOCAL, WEB):
            v = Vzd(path)
            v.send_raw(text)
            refused(v, word)
            v.close()
    serves()


def deep():
    v = Vzd()
    v.send_raw(b'{"method":"org.vz.Api.Call","parameters":' + b'{"a":' * 100000 + b"1" + b"}" * 100000 + b"}\0")
    refused(v, "deep")
    v = Vzd()
    v.send_raw(b'{"method":"org.vz.Api.Call","parameters":{"verb":"POST","path":"/v1/tokens","body":[' + b"[]," * 300000 + b"1]}}\0")
    refused(v, "too many values")
    serves()


def huge():
    v = Vzd()
    try:
        v.send_raw(b'{"method":"' + b"x" * (8 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass
    refused(v, "longer")
    v = Vzd()  # the largest that is allowed
    head, tail = b'{"method":"org.vz.Api.Call","parameters":{"verb":"GET","path":"/v1","accept":"', b'"}}'
    v.send_raw(head + b"x" * ((1 << 20) - len(head) - len(tail)) + tail + b"\0")
    check(v.recv().status in (200, 400), "a message of 1 MiB is not answered")
    serves()


def slow():
    """Fifty that dribble do not hold up anybody."""
    request = Vzd.request("GET", "/v1")
    slow_ones = [Vzd() for _ in range(50)]
    worst = 0.0
    for i, byte in enumerate(request):
        for v in slow_ones:
            v.send_raw(bytes([byte]))
        if i % 10 == 0:
            start = time.monotonic()
            serves()
            worst = max(worst, time.monotonic() - start)
    for v in slow_ones:
        check(v.recv().status == 200, "a slow one was not answered")
    check(worst < 5, f"a call took {worst:.3f} s meanwhile")


def half():
    v = Vzd()
    v.send("GET", "/v1")
    v.send("GET", "/v1/health")
    v.sock.shutdown(socket.SHUT_WR)
    check(v.recv().status == 200 and v.recv().status == 200, "half-closed: no answers")
    ends(v)
    v = Vzd()
    v.send_raw(b'{"method":')
    v.sock.shutdown(socket.SHUT_WR)
    ends(v)
    serves()


def pipeline():
    v = Vzd()
    n = 2000
    data = b"".join(Vzd.request("GET", f"/v1/cts/{i}") for i in range(1000000, 1000000 + n))
    threading.Thread(target=v.send_raw, args=(data,), daemon=True).start()
    for i in range(1000000, 1000000 + n):
        r = v.recv()
        check(r.status == 404 and str(i) in r.body["detail"], f"answer {i}: {r.parameters}")


def unread():
    """Asks and asks and never reads: held back by its own socket."""
    v = Vzd(timeout=1)
    request, sent = Vzd.request("GET", "/v1/openapi.json"), 0
    try:
        while sent < 64 << 20:
            v.send_raw(request * 100)
            sent += len(request) * 100
    except (socket.timeout, BlockingIOError, TimeoutError):
        pass
    check(sent < 8 << 20, f"{sent} bytes of requests were taken from one who reads no answer")
    serves()


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def many(pid, n):
    """Idle connections: each was served once; how many kB each costs."""
    n = int(n)
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 1000, max(n + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    serves()
    before, conns = rss(pid), []
    for _ in range(n):
        v = Vzd()
        check(v.call("GET", "/v1").status == 200, "not served")
        conns.append(v)
    each = (rss(pid) - before) / n
    check(each < 4, f"{each:.2f} kB a connection")
    serves()
    extra = []
    try:
        for _ in range(2600 - n):
            v = Vzd()
            extra.append(v)
            try:
                v.send("GET", "/v1")
            except BrokenPipeError:
                pass  # it may have been told already
            v.recv()
        sys.exit("vzd_core: there is no limit of connections")
    except FrameError as e:
        check("too many connections" in str(e), str(e))
    check(2490 <= n + len(extra) <= 2501, f"refused at {n + len(extra)}")
    check(conns[0].call("GET", "/v1").status == 200, "those that are there are not served")
    for v in conns + extra:
        v.close()
    serves()
    print(f"{each:.2f} kB a connection")


def streams(pid, n, *change):
    """Idle event streams: what each costs, and that all hear of a change that the command @change makes."""
    n = int(n)
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 100, max(n + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    serves()
    before, conns = rss(pid), []
    for _ in range(n):
        v = Vzd()
        v.send("GET", "/v1/events?types=ct.", more=True)
        check(v.recv().status == 200, "no stream")
        conns.append(v)
    each = (rss(pid) - before) / n
    check(each < 8, f"{each:.2f} kB a stream")
    subprocess.run(change, check=True, stdout=subprocess.DEVNULL)
    for v in conns:
        text = ""
        while "ct.config" not in text:
            text += v.recv().parameters["chunk"]
    for v in conns:
        v.close()
    serves()
    print(f"{each:.2f} kB a stream")


def stranger(uid):
    """Who is neither root nor in the group."""
    os.setgroups([])
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
    for path in (LOCAL, WEB):
        try:
            Vzd(path)
        except PermissionError:
            continue
        sys.exit(f"vzd_core: {path} can be opened")


def member(uid, gid):
    """In the group: may look, may not do what is root's."""
    os.setgroups([int(gid)])
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
    check(call("GET", "/v1/cts").status == 200, "a member of the group may not list containers")
    r = call("POST", "/v1/tokens", {"role": "admin"})
    check(r.status == 403, f"a member of the group makes a token of an administrator: {r.parameters}")


class Notify:
    """systemd's side of sd_notify(3)."""

    def __init__(self):
        self.path = "/tmp/vzd-notify.sock"
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.sock.settimeout(40)

    def wait(self, word):
        while True:
            text = self.sock.recv(4096).decode()
            if word in text:
                return text


def notify():
    n = Notify()
    env = dict(os.environ, NOTIFY_SOCKET=n.path, WATCHDOG_USEC="600000")
    p = subprocess.Popen(["vzd", "-f"], env=env, stdin=subprocess.DEVNULL)
    n.wait("READY=1")
    serves()
    for _ in range(3):
        n.wait("WATCHDOG=1")
    p.send_signal(1)
    check("MONOTONIC_USEC=" in n.wait("RELOADING=1"), "no time of the reload")
    n.wait("READY=1")
    p.terminate()
    n.wait("STOPPING=1")
    check(p.wait(40) == 0, f"status {p.returncode}")
    os.unlink(n.path)


def activate():
    """systemd's sockets: connections wait while there is no daemon, and a kill -9 refuses nobody."""
    socks = []
    for path in (LOCAL, WEB):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.bind(path)
        s.listen(128)
        socks.append(s)

    def start():
        def child():
            fds = [os.dup(s.fileno()) for s in socks]
            fds = [f if f > 10 else os.dup2(f, 20 + i) for i, f in enumerate(fds)]
            for i, fd in enumerate(fds):
                os.dup2(fd, 3 + i)
            os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), str(len(fds))
        return subprocess.Popen(["vzd", "-f"], stdin=subprocess.DEVNULL, close_fds=False, preexec_fn=child)

    first = Vzd()
    first.send("GET", "/v1")
    p = start()
    check(first.recv().status == 200, "the connection that waited is not served")
    lost, answered, stop = [], [0], threading.Event()

    def client():
        while not stop.is_set():
            try:
                r = call("GET", "/v1/health")
                answered[0] += r.status == 200
            except (Closed, ConnectionResetError, BrokenPipeError):
                continue  # it was in the middle of one; asking again is the client's part
            except OSError as e:
                lost.append(e)

    threads = [threading.Thread(target=client) for _ in range(4)]
    for t in threads:
        t.start()
    for _ in range(10):
        time.sleep(0.1)
        p.kill()
        p.wait()
        p = start()
    end = time.monotonic() + 60  # the last one is not killed, and answers
    while answered[0] <= 20 and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    for t in threads:
        t.join()
    p.terminate()
    check(p.wait(40) == 0, f"status {p.returncode}")
    check(not lost, f"{len(lost)} connections were refused: {lost[:2]}")
    check(answered[0] > 20, f"only {answered[0]} answers")
    check(os.path.exists(LOCAL), "the socket of systemd was removed")
    for path in (LOCAL, WEB):
        os.unlink(path)


def cpu(pid, seconds):
    """Percent of one processor that the process uses while nobody asks."""
    def ticks():
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(int(seconds))
    print(f"{100.0 * (ticks() - before) / os.sysconf('SC_CLK_TCK') / int(seconds):.2f}")


if __name__ == "__main__":
    words = {f.__name__: f for f in (garbage, deep, huge, slow, half, pipeline, unread, many, streams, stranger, member, notify, activate, cpu)}
    words[sys.argv[1]](*sys.argv[2:])
