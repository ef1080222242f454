# SPDX-License-Identifier: GPL-2.0-or-later
"""vzd under kill -9: random work from several clients, the daemon killed every KILL_S seconds.

vzd_storm.py SECONDS CTID... : the containers that are worked on. Starts vzd itself, again and again. What was answered with
202 is a promise: at the end every promise must be known and have ended, and no Idempotency-Key may have made two jobs.
Prints TAP lines without a plan; exit status 1 if one is "not ok".
"""
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import vzd

KILL_S = 0.1
CLIENTS = 4


def call(verb, path, body=None, key=None, timeout=10):
    """(status, body) of one call, or None when vzd was not there or died over it."""
    try:
        api = vzd.Vzd(timeout=timeout)
        try:
            r = api.call(verb, path, body, idempotency_key=key)
            return r.status, r.body
        finally:
            api.close()
    except (OSError, ValueError, vzd.Closed):
        return None


def loop_slow():
    """How many callbacks have held the loop for more than 50 ms in this life, or None."""
    try:
        api = vzd.Vzd(timeout=5)
        try:
            found = re.search(r"^vz_loop_slow_calls(?:_total)? (\d+)", api.call("GET", "/metrics").text or "", re.M)
            return int(found.group(1)) if found else None
        finally:
            api.close()
    except (OSError, ValueError, vzd.Closed):
        return None


class Daemon:
    """vzd in the foreground, started again whenever it is dead."""

    def __init__(self):
        self.log = open(os.environ.get("VZD_LOG", "/tmp/vzd.log"), "ab")
        self.proc = None
        self.lives = self.asked = self.slow = 0

    def start(self):
        self.proc = subprocess.Popen(["vzd", "-f"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.lives += 1

    def kill(self):
        slow = loop_slow()  # a life is too short for vzd to say it on its log
        if slow is not None:
            self.asked, self.slow = self.asked + 1, self.slow + slow
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()

    def ready(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.proc.poll() is not None:
                return False
            if call("GET", "/v1", timeout=2):
                return True
            time.sleep(0.02)
        return False


class Client(threading.Thread):
    """Random requests on the containers; what came back with 202 is kept."""

    def __init__(self, n, cts, stop):
        super().__init__()
        self.random = random.Random(4711 + n)
        self.n, self.cts, self.halt = n, cts, stop
        self.promises = {}  # operation -> key or None
        self.answers = {}  # status -> count
        self.keys = {}  # key -> set of operations
        self.lost = 0

    def request(self):
        r, ct = self.random, self.random.choice(self.cts)
        what = r.randrange(6)
        if what == 0:
            return "PUT", f"/v1/cts/{ct}/state", {"target": "running"}, None
        if what == 1:
            return "PUT", f"/v1/cts/{ct}/state", {"target": "stopped", "mode": "force"}, None
        if what == 2:
            return "PATCH", f"/v1/cts/{ct}", {"description": f"{self.n} {r.random()}"}, None
        if what == 3:
            return "PATCH", f"/v1/cts/{ct}", {"config": {"cpuunits": r.randrange(500, 5000)}}, None
        key = f"storm-{self.n}-{r.random()}"
        if what == 4:
            return "POST", f"/v1/cts/{ct}/restart", {"mode": "force"}, key
        return "POST", f"/v1/cts/{ct}/exec", {"argv": ["/bin/true"]}, key

    def once(self):
        verb, path, body, key = self.request()
        for _ in range(200 if key else 1):  # with a key a request may be repeated until it is answered
            got = call(verb, path, body, key)
            if got or self.halt.is_set():
                break
            time.sleep(0.02)
        if not got:
            self.lost += 1
            return
        status, answer = got
        self.answers[status] = self.answers.get(status, 0) + 1
        if status == 202:
            self.promises[answer["id"]] = key
            if key:
                self.keys.setdefault(key, set()).add(answer["id"])
                again = call(verb, path, body, key)  # a repetition is the same operation
                if again and again[0] == 202:
                    self.keys[key].add(again[1]["id"])

    def run(self):
        while not self.halt.is_set():
            self.once()
            time.sleep(self.random.random() * 0.03)


def ended(op, seconds):
    """The operation as it ended, or what is known of it."""
    end = time.monotonic() + seconds
    while True:
        got = call("GET", f"/v1/operations/{op}?wait=5", timeout=20)
        if got and (got[0] != 200 or got[1]["state"] in ("done", "failed", "cancelled")):
            return got
        if time.monotonic() > end:
            return got
        time.sleep(0.05)


def tap(good, text, *detail):
    print(("ok" if good else "not ok") + " - " + text)
    for line in detail:
        print("# " + str(line))
    return good


def judge(clients, daemon):
    promises, states, reasons, bad = {}, {}, {}, []
    for c in clients:
        promises.update(c.promises)
    for op in promises:
        got = ended(op, 60)
        state = got[1].get("state") if got and got[0] == 200 else f"status {got[0] if got else None}"
        states[state] = states.get(state, 0) + 1
        if state == "failed":
            why = (got[1].get("error") or {}).get("detail", "")[:80]
            reasons[why] = reasons.get(why, 0) + 1
        if state not in ("done", "failed", "cancelled"):
            bad.append((op, state))
    double = [k for c in clients for k, ops in c.keys.items() if len(ops) > 1]
    answers = {}
    for c in clients:
        for status, n in c.answers.items():
            answers[status] = answers.get(status, 0) + n
    good = tap(len(promises) > 20, f"{len(promises)} operations were promised in {daemon.lives} lives", f"answers: {answers}",
               f"not answered: {sum(c.lost for c in clients)}")
    good &= tap(not bad, "every promised operation has ended", f"states: {states}", f"failures: {reasons}", *bad[:10])
    good &= tap(not double, "no key made two operations", *double[:10])
    good &= tap(daemon.asked > daemon.lives / 2 and daemon.slow <= daemon.asked / 40, "no callback held the loop for 50 ms",
                f"{daemon.slow} in the {daemon.asked} lives of {daemon.lives} that were asked")
    good &= tap(not [s for s in answers if s >= 500], "no answer was an error of ours", answers)
    return good


def main():
    seconds, cts = float(sys.argv[1]), [int(a) for a in sys.argv[2:]]
    daemon, stop = Daemon(), threading.Event()
    clients = [Client(n, cts, stop) for n in range(CLIENTS)]
    daemon.start()
    if not daemon.ready(40):
        tap(False, "vzd starts")
        return 1
    for c in clients:
        c.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # a life counts from its being ready, else the daemon of a slow machine would never do anything
        time.sleep(KILL_S)
        daemon.kill()
        daemon.start()
        daemon.ready(40)
    stop.set()
    for c in clients:
        c.join()
    good = judge(clients, daemon)
    daemon.proc.send_signal(signal.SIGTERM)
    daemon.proc.wait(60)
    return 0 if good else 1


sys.exit(main())
