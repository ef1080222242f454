#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of vzd's sockets for tests, as a program and as a module.

  vzd.py [-s SOCKET] [-t TOKEN] VERB PATH[?QUERY] [BODY]     prints the status, then the body

As a module:
  v = Vzd()                       # /run/vz/vzd.sock; Vzd(WEB) for vzweb's
  r = v.call("GET", "/v1/cts")    # r.status, r.headers, r.body (parsed), r.text, r.fds
  for chunk in v.stream("GET", "/v1/events"): ...
"""
import array
import json
import socket
import sys

LOCAL, WEB = "/run/vz/vzd.sock", "/run/vz/vzd-web.sock"


class FrameError(Exception):
    """vzd answered with {"error": ...}."""


class Closed(Exception):
    """The connection ended where a message should have come."""


class Reply:
    def __init__(self, message, fds):
        p = message.get("parameters", {})
        self.message, self.parameters, self.fds = message, p, fds
        self.status, self.type, self.headers = p.get("status"), p.get("type"), p.get("headers", {})
        self.body, self.text = p.get("body"), p.get("text")
        self.more = message.get("continues", False)


class Vzd:
    def __init__(self, path=LOCAL, token=None, timeout=30):
        self.token, self.buf, self.got_fds = token, b"", []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.connect(path)

    def close(self):
        self.sock.close()

    def send_raw(self, data, fds=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        n = self.sock.sendmsg([data], rights)
        if n < len(data):
            self.sock.sendall(data[n:])

    def recv_raw(self):
        """The next message's bytes, without its NUL."""
        while b"\0" not in self.buf:
            data, rights, _, _ = self.sock.recvmsg(1 << 18, socket.CMSG_SPACE(4 * 8))
            for level, kind, what in rights:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(what[:len(what) - len(what) % fds.itemsize])
                    self.got_fds += fds
            if not data:
                raise Closed(self.buf[:200])
            self.buf += data
        message, self.buf = self.buf.split(b"\0", 1)
        return message

    def recv(self):
        raw = self.recv_raw()
        message = json.loads(raw)
        if "error" in message:
            raise FrameError(message["error"], message.get("parameters"))
        length = message.get("parameters", {}).get("body_length")
        if length is not None:  # a proxy cuts it out: the last bytes of the message are BODY}}
            body = raw[-2 - length:-2]
            assert raw.endswith(b"}}") and json.loads(body) == message["parameters"]["body"], raw[-200:]
        fds, self.got_fds = self.got_fds, []
        return Reply(message, fds)

    @staticmethod
    def request(verb, path, body=None, more=False, **parameters):
        p = {"verb": verb, "path": path}
        if "?" in path:
            p["path"], p["query"] = path.split("?", 1)
        if body is not None:
            p["body"] = body
        p.update({k: v for k, v in parameters.items() if v is not None})
        message = {"method": "org.vz.Api.Call", "parameters": p}
        if more:
            message["more"] = True
        return json.dumps(message).encode() + b"\0"

    def send(self, verb, path, body=None, more=False, fds=(), **parameters):
        parameters.setdefault("token", self.token)
        self.send_raw(self.request(verb, path, body, more, **parameters), fds)

    def call(self, verb, path, body=None, fds=(), **parameters):
        self.send(verb, path, body, fds=fds, **parameters)
        return self.recv()

    def stream(self, verb, path, body=None, **parameters):
        """Yields chunks' texts; the first message is in self.head."""
        self.send(verb, path, body, more=True, **parameters)
        self.head = r = self.recv()
        while r.more:
            r = self.recv()
            yield r.parameters.get("chunk", r.parameters)


def call(verb, path, body=None, token=None, sock=LOCAL, **parameters):
    """One call on a connection of its own."""
    v = Vzd(sock, token)
    try:
        return v.call(verb, path, body, **parameters)
    finally:
        v.close()


def main(argv):
    sock, token, words = LOCAL, None, []
    while argv:
        word = argv.pop(0)
        if word == "-s":
            sock = argv.pop(0)
        elif word == "-t":
            token = argv.pop(0)
        else:
            words.append(word)
    if len(words) not in (2, 3):
        sys.exit(__doc__)
    r = call(words[0], words[1], json.loads(words[2]) if len(words) > 2 else None, token, sock)
    print(r.status)
    if r.body is not None:
        print(json.dumps(r.body, indent=1))
    elif r.text is not None:
        print(r.text, end="")
    return 0 if r.status < 400 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
