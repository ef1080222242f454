#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A receiver of webhooks. vzd_hook.py PORT LOG PLAN SECRET [HOST]: answers with the statuses in the file PLAN, one a request,
then 200 ("hang": no answer at all; "redirect": to itself), and checks each signature. LOG has a line per request."""
import hashlib
import hmac
import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, LOG, PLAN, SECRET = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
HOST = sys.argv[5] if len(sys.argv) > 5 else "127.0.0.1"


def next_status():
    try:
        with open(PLAN) as f:
            words = f.read().split()
    except OSError:
        words = []
    with open(PLAN, "w") as f:
        f.write(" ".join(words[1:]))
    return words[0] if words else "200"


def secret():
    with open(SECRET) as f:
        return f.read().strip().encode()


class Hook(BaseHTTPRequestHandler):
    def do_GET(self):
        self.note("GET", None, "redirected", {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = dict(p.split("=", 1) for p in self.headers["Vz-Signature"].split(","))
        want = hmac.new(secret(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(want, parts["v1"]) and abs(time.time() - int(parts["t"])) < 60
        status = next_status()
        self.note(status, good, self.headers["Vz-Delivery"], json.loads(body))
        if status == "hang":
            time.sleep(60)
            return
        self.send_response(302 if status == "redirect" else int(status))
        if status == "redirect":
            self.send_header("Location", f"http://{HOST}:{PORT}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def note(self, status, good, delivery, event):
        with open(LOG, "a") as f:
            f.write(f"{status} {'signed' if good else 'BAD'} {delivery} {event.get('seq')} {event.get('type')} {event.get('ctid')}\n")

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET6 if ":" in HOST else socket.AF_INET


Server((HOST, PORT), Hook).serve_forever()
