# SPDX-License-Identifier: GPL-2.0-or-later
# What a template's build may and may not reach: a nameserver, web servers, an abstract socket.
#   build_net.py dns ADDRESS NAME=ADDRESS...	answers A questions, UDP and TCP; others get no address
#   build_net.py web ADDRESS PORT TEXT		TEXT for every path
#   build_net.py abstract NAME			takes connections to that abstract socket and tells
import http.server, socket, socketserver, struct, sys, threading

def answer(q, names):
    """One A record, or none: enough for every resolver."""
    name, at = [], 12
    while q[at]:
        name.append(q[at + 1:at + 1 + q[at]].decode())
        at += 1 + q[at]
    kind, = struct.unpack('>H', q[at + 1:at + 3])
    to = names.get('.'.join(name).lower()) if kind == 1 else None
    head = q[:2] + b'\x81\x80' + struct.pack('>HHHH', 1, 1 if to else 0, 0, 0)
    return head + q[12:at + 5] + (b'\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04' + socket.inet_aton(to) if to else b'')

class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        data, sk = self.request
        sk.sendto(answer(data, names), self.client_address)

class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        n, = struct.unpack('>H', self.rfile.read(2))
        a = answer(self.rfile.read(n), names)
        self.wfile.write(struct.pack('>H', len(a)) + a)

class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *a):
        pass

socketserver.TCPServer.allow_reuse_address = True
if sys.argv[1] == 'dns':
    names = dict(a.split('=') for a in sys.argv[3:])
    threading.Thread(target=socketserver.ThreadingTCPServer((sys.argv[2], 53), Tcp).serve_forever, daemon=True).start()
    socketserver.UDPServer((sys.argv[2], 53), Udp).serve_forever()
elif sys.argv[1] == 'web':
    text = sys.argv[4].encode()
    http.server.ThreadingHTTPServer.address_family = socket.AF_INET6 if ':' in sys.argv[2] else socket.AF_INET
    http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Web).serve_forever()
else:
    sk = socket.socket(socket.AF_UNIX)
    sk.bind('\0' + sys.argv[2])
    sk.listen()
    while True:
        sk.accept()[0].close()
        print('reached', flush=True)
