#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A WebSocket client of the standard library alone.
   web_ws.py PORT|plain:PORT|SOCKET PATH PROTOCOL STEP...     the steps in order
     send:TEXT  chan:N:TEXT  text:JSON  ping  close  frag:A|B  raw:HEX  await:FILE
     expect:TEXT (binary, channel bytes off)  expect-text:TEXT  expect-close:CODE  eof
   -H "Name: value" before the port adds a header. Exit status 0: all steps done."""
import base64
import json
import os
import socket
import ssl
import struct
import sys
import time

TIMEOUT = 40


class Client:
    def __init__(self, where, path, protocol, headers):
        if where.startswith("/"):
            s = socket.socket(socket.AF_UNIX)
            s.connect(where)
        elif where.startswith("plain:"):
            s = socket.create_connection(("127.0.0.1", int(where[6:])))
        else:
            ctx = ssl.create_default_context()
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            s = ctx.wrap_socket(socket.create_connection(("127.0.0.1", int(where))))
        s.settimeout(TIMEOUT)
        self.s, self.buf, self.binary, self.texts, self.code, self.pongs = s, b"", b"", [], None, 0
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", "Host: vz.test", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        s.sendall("\r\n".join(lines + headers + ["", ""]).encode())
        while b"\r\n\r\n" not in self.buf:
            got = s.recv(4096)
            if not got:
                raise SystemExit("closed during the handshake")
            self.buf += got
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        if self.status != 101:
            print(head.decode(), self.buf.decode(errors="replace"))
            raise SystemExit(self.status % 100 + 1)
        self.exec = protocol == "vz.exec.v1"

    def frame(self, op, data, fin=True):
        mask, n = os.urandom(4), len(data)
        head = bytes([(0x80 if fin else 0) | op])
        head += bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0xFE, n) if n < 65536 else struct.pack(">BQ", 0xFF, n)
        self.s.sendall(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(data)))

    def need(self, n):
        while len(self.buf) < n:
            got = self.s.recv(65536)
            if not got:
                raise EOFError
            self.buf += got

    def read(self):
        self.need(2)
        op, n, at = self.buf[0] & 15, self.buf[1] & 127, 2
        if n == 126:
            self.need(4)
            n, at = struct.unpack(">H", self.buf[2:4])[0], 4
        elif n == 127:
            self.need(10)
            n, at = struct.unpack(">Q", self.buf[2:10])[0], 10
        self.need(at + n)
        data, self.buf = self.buf[at:at + n], self.buf[at + n:]
        if op == 2:
            self.binary += data[1:] if self.exec else data
        elif op == 1:
            self.texts.append(data.decode())
        elif op == 8:
            self.code = struct.unpack(">H", data[:2])[0]
        elif op == 9:
            self.frame(10, data)
        elif op == 10:
            self.pongs += 1

    def until(self, what, done):
        end = time.time() + TIMEOUT
        while not done():
            try:
                self.read()
            except (EOFError, OSError) as e:
                raise SystemExit(f"waiting for {what}: {e!r}; have {self.binary[-300:]!r} {self.texts} close {self.code}")
            if time.time() > end:
                raise SystemExit(f"waiting for {what}: too late; have {self.binary[-300:]!r} {self.texts}")


def expect(c, arg):
    want = arg.encode().decode("unicode_escape").encode("latin-1")
    c.until(arg, lambda: want in c.binary)
    c.binary = c.binary.split(want, 1)[1]


def expect_eof(c):
    try:
        while True:
            c.read()
    except EOFError:
        return


def fragments(c, arg):
    parts = arg.split("|")
    for i, part in enumerate(parts):
        c.frame(2 if i == 0 else 0, part.encode().decode("unicode_escape").encode("latin-1"), i == len(parts) - 1)
        if i == 0:
            c.frame(9, b"between")


def step(c, word):
    name, _, arg = word.partition(":")
    text = arg.encode().decode("unicode_escape").encode("latin-1")
    if name == "send":
        c.frame(2, text)
    elif name == "chan":
        number, _, rest = arg.partition(":")
        c.frame(2, bytes([int(number)]) + rest.encode().decode("unicode_escape").encode("latin-1"))
    elif name == "text":
        c.frame(1, arg.encode())
    elif name == "ping":
        c.frame(9, b"x")
        before = c.pongs
        c.until("a pong", lambda: c.pongs > before)
    elif name == "frag":
        fragments(c, arg)
    elif name == "raw":
        c.s.sendall(bytes.fromhex(arg))
    elif name == "await":  # until the test is so far
        while not os.path.exists(arg):
            time.sleep(0.02)
    elif name == "touch":  # tells the test how far it is
        open(arg, "w").close()
    elif name == "close":
        c.frame(8, struct.pack(">H", 1000))
    elif name == "expect":
        expect(c, arg)
    elif name == "expect-text":
        c.until(arg, lambda: any(json.loads(t) == json.loads(arg) for t in c.texts))
    elif name == "expect-close":
        c.until(f"close {arg}", lambda: c.code == int(arg))
    elif name == "eof":
        expect_eof(c)
    else:
        raise SystemExit(f"unknown step {word}")


def main():
    args, headers = sys.argv[1:], []
    while args[0] == "-H":
        headers.append(args[1])
        args = args[2:]
    c = Client(args[0], args[1], args[2], headers)
    for word in args[3:]:
        step(c, word)


main()
