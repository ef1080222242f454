#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers of vzd with tokens. vzd_auth.py WORD [ARG...]: status 0 and what was counted, or says what is wrong."""
import json
import os
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from vzd import WEB, Vzd, call  # noqa: E402


def check(cond, what):
    if not cond:
        sys.exit(f"vzd_auth: {what}")


def web(token, verb, path, body=None, **more):
    return call(verb, path, body, token, WEB, remote=more.pop("remote", "192.0.2.1"), **more)


def rows():
    """(verb, path, operation object) of every route."""
    doc = call("GET", "/v1/openapi.json").body
    for path, item in doc["paths"].items():
        for verb, op in item.items():
            yield verb.upper(), path, op


def sample(op):
    """The example body of a route, None: it takes none."""
    content = op.get("requestBody", {}).get("content", {})
    for media in content.values():
        return media.get("example", {})
    return None


def foreign(token, *values):
    """Each route with a {name} for which NAME=VALUE is given: what is another tenant's is not found, whatever the verb."""
    names = dict(v.split("=", 1) for v in values)
    n = 0
    for verb, path, op in rows():
        full = path
        for name, value in names.items():
            full = full.replace("{%s}" % name, value)
        if full == path or "{" in full:
            continue
        while True:
            r = web(token, verb, full, sample(op))
            if r.status != 429:
                break
            time.sleep(1)
        check(r.status == 404, f"{verb} {full}: {r.status} {r.body}")
        n += 1
    check(n >= 3, f"only {n} routes were tried")
    print(n)


def readonly(token, *values):
    """No route that changes something lets a reader's token pass."""
    names = dict(v.split("=", 1) for v in values)
    n = 0
    for verb, path, op in rows():
        if verb == "GET" or path == "/v1/cli": # what that does is in its words: the test's own lines
            continue
        full = path
        for name, value in names.items():
            full = full.replace("{%s}" % name, value)
        if "{" in full:
            continue
        r = web(token, verb, full, sample(op))
        check(r.status in (403, 404), f"{verb} {full}: {r.status} {r.body}")
        n += 1
    check(n >= 10, f"only {n} routes were tried")
    print(n)


def stream(token, verb, path):
    """An open stream of events ends when the call is made (as root), within a second; the token is refused afterwards."""
    v, told = Vzd(WEB), []
    v.token = token
    got = v.stream("GET", "/v1/events", remote="192.0.2.1")

    def read():
        for _ in got:
            pass
        told.append(time.monotonic())

    t = threading.Thread(target=read, daemon=True)
    t.start()
    while not hasattr(v, "head") and t.is_alive():
        time.sleep(0.02)
    check(v.head.status == 200 and not told, "no stream, or it ended by itself")
    r = call(verb, path)
    check(r.status in (200, 204), f"{verb} {path}: {r.status} {r.body}")
    start = time.monotonic()
    t.join(30)
    check(told, "the stream goes on")
    check(told[0] - start < 15, f"it took {told[0] - start:.1f} s")
    check(web(token, "GET", "/v1/token").status == 401, "the token still works")


def expiring(token):
    """A stream opened by a token that is about to expire ends then."""
    v = Vzd(WEB)
    v.token = token
    for _ in v.stream("GET", "/v1/events", remote="192.0.2.1"):
        pass
    check(web(token, "GET", "/v1/token").status == 401, "the token still works")


def parallel(token, count, body):
    """@count creates at once: how many were accepted."""
    status, lock = [], threading.Lock()

    def one():
        r = web(token, "POST", "/v1/cts", json.loads(body))
        with lock:
            status.append((r.status, r.body.get("type")))

    ts = [threading.Thread(target=one) for _ in range(int(count))]
    [t.start() for t in ts]
    [t.join() for t in ts]
    bad = [s for s in status if s[0] != 202 and s != (403, "/problems/quota-exceeded")]
    check(not bad, f"odd answers: {bad}")
    print(sum(s[0] == 202 for s in status))


def burst(token, count, most, per_s):
    """@count calls on one connection, or more until one is refused: @most pass, and @per_s for each second that they take; the
    others say when to come again."""
    v, ok, n, refused, start = Vzd(WEB), 0, 0, 0, time.monotonic()
    while n < int(count) or (not refused and n < 5000):
        r = v.call("GET", "/v1/token", token=token, remote="192.0.2.1")
        check(r.status in (200, 429), f"status {r.status}")
        ok, n, refused = ok + (r.status == 200), n + 1, refused + (r.status == 429)
        if r.status == 429:
            check(int(r.headers["Retry-After"]) >= 1, "no Retry-After")
    may = int(most) + int(per_s) * (time.monotonic() - start) + 1
    check(int(most) <= ok <= may and refused, f"{ok} of {n} passed, at most {may:.1f} should")
    print(ok, "of", n)


def guess(good):
    """Wrong tokens: 401 in the same words, then 429; a right one is let in all the while."""
    kinds = ["x", "vz1_aaaaaaaaaaaa_" + "A" * 43, good[:-1] + ("A" if good[-1] != "A" else "B"), ""]
    first = web(kinds[0], "GET", "/v1/token", remote="198.51.100.7").body
    seen = []
    for i in range(40):
        r = web(kinds[i % len(kinds)], "GET", "/v1/token", remote="198.51.100.7")
        seen.append(r.status)
        if r.status == 401:
            check(r.body["detail"] == first["detail"], f"other words: {r.body}")
    check(seen[0] == 401 and seen[-5:].count(429) >= 4, f"statuses {seen}")
    check(web(good, "GET", "/v1/token", remote="198.51.100.7").status == 200, "a right one is refused")
    check(web("x", "GET", "/v1/token", remote="198.51.100.8").status == 401, "another address is")


def main(argv):
    globals()[argv[0]](*argv[1:])


main(sys.argv[1:])
