# SPDX-License-Identifier: GPL-2.0-or-later
# Frames that a container should not send on a bridge, made by hand and sent from inside its network namespace.
#   spoof.py IFACE MAC IP        sends each kind three times, its name as payload where there is room
#   spoof.py --listen IFACE SEC  prints the names of those that arrive, sorted, each once
import ipaddress
import socket
import struct
import sys
import time

ALL, TAG = b"\xff" * 6, b"SPOOF:"


def csum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mark(name):
    return TAG + name.encode() + b";"


def eth(dst, src, kind, load):
    return dst + src + struct.pack("!H", kind) + load


def arp(sha, spa, tha, tpa, name, op=1):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + sha + spa + tha + tpa + mark(name)


def ip4(src, dst, sport, dport, name, frag=0):
    load = struct.pack("!HHHH", sport, dport, 8 + len(mark(name)), 0) + mark(name)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(load), 1, frag, 64, 17, 0) + src + dst
    return head[:10] + struct.pack("!H", csum(head)) + head[12:] + load


def ip6(src, dst, proto, load, hops=255, hop_by_hop=False):
    if proto == 58:
        load = load[:2] + struct.pack("!H", csum(src + dst + struct.pack("!II", len(load), 58) + load)) + load[4:]
    if hop_by_hop:
        load, proto = bytes([proto, 0, 1, 4, 0, 0, 0, 0]) + load, 0
    return struct.pack("!IHBB", 6 << 28, len(load), proto, hops) + src + dst + load


def udp6(src, dst, sport, dport, name):
    return ip6(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(mark(name)), 1) + mark(name))


# The second piece of a packet whose first one has nothing but options: who looks at headers finds none in either.
def pieces6(src, dst, proto, load, name):
    if proto == 58:
        load = load[:2] + struct.pack("!H", csum(src + dst + struct.pack("!II", len(load), 58) + load)) + load[4:]
    options = bytes([proto, 0, 1, 4, 0, 0, 0, 0])
    for offset, more, part in (0, 1, options), (8, 0, load):
        yield name, ip6(src, dst, 44, struct.pack("!BBHI", 60, 0, offset | more, 77) + part)


# A packet in pieces after its first @n octets, its name in an option of the first.
def cut6(src, dst, load, n, name):
    load = load[:2] + struct.pack("!H", csum(src + dst + struct.pack("!II", len(load), 58) + load)) + load[4:]
    named = bytes([44, 1, 1, 12]) + mark(name).ljust(12)
    yield ip6(src, dst, 60, named + struct.pack("!BBHI", 58, 0, 1, 78) + load[:n])
    yield ip6(src, dst, 44, struct.pack("!BBHI", 58, 0, n, 78) + load[n:])


def frames(mac, ip):
    own, other = bytes.fromhex(mac.replace(":", "")), bytes.fromhex("0018510000ee")
    mine, theirs, gate = ip, ipaddress.ip_address("10.97.0.66").packed, ipaddress.ip_address("10.97.0.254").packed
    ll = ipaddress.ip_address("fe80::1").packed
    eui = b"\xfe\x80" + b"\0" * 6 + bytes([own[0] ^ 2]) + own[1:3] + b"\xff\xfe" + own[3:]
    foreign6 = ipaddress.ip_address("fd97::66").packed
    nodes, nodes_mac = ipaddress.ip_address("ff02::1").packed, b"\x33\x33\0\0\0\1"
    ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    redirect = struct.pack("!BBHI", 137, 0, 0, 0) + ll + nodes
    na = struct.pack("!BBHI", 136, 0, 0, 0x20000000)
    ns = struct.pack("!BBHI", 135, 0, 0, 0)
    yield "own4", eth(ALL, own, 0x800, ip4(mine, theirs, 999, 999, "own4"))
    yield "own-arp", eth(ALL, own, 0x806, arp(own, mine, b"\0" * 6, theirs, "own-arp"))
    yield "own6", eth(nodes_mac, own, 0x86DD, udp6(eui, nodes, 999, 999, "own6"))
    yield "own-nd", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, na + eui + b"\2\1" + own + mark("own-nd")))
    yield "mac", eth(ALL, other, 0x800, ip4(mine, theirs, 999, 999, "mac"))
    yield "arp-mac", eth(ALL, own, 0x806, arp(other, mine, b"\0" * 6, theirs, "arp-mac"))
    yield "arp-gateway", eth(ALL, own, 0x806, arp(own, gate, ALL, gate, "arp-gateway", 2))
    yield "ip", eth(ALL, own, 0x800, ip4(theirs, gate, 999, 999, "ip"))
    yield "ip6", eth(nodes_mac, own, 0x86DD, udp6(foreign6, nodes, 999, 999, "ip6"))
    yield "na", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, na + foreign6 + mark("na")))
    yield "ra", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, ra + mark("ra")))
    yield "ra-options", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, ra + mark("ra-options"), hop_by_hop=True))
    yield "redirect", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, redirect + mark("redirect")))
    yield "dhcp", eth(ALL, own, 0x800, ip4(mine, b"\xff" * 4, 67, 68, "dhcp"))
    yield "dhcp6", eth(nodes_mac, own, 0x86DD, udp6(eui, nodes, 547, 546, "dhcp6"))
    for name, p in pieces6(eui, nodes, 58, ra + mark("ra-pieces"), "ra-pieces"):
        yield name, eth(nodes_mac, own, 0x86DD, p)
    dhcp6 = struct.pack("!HHHH", 547, 546, 8 + len(mark("dhcp6-pieces")), 1) + mark("dhcp6-pieces")
    for name, p in pieces6(eui, nodes, 17, dhcp6, "dhcp6-pieces"):
        yield name, eth(nodes_mac, own, 0x86DD, p)
    for p in cut6(eui, nodes, na + foreign6, 16, "cut"):
        yield "cut", eth(nodes_mac, own, 0x86DD, p)
    yield "na-mac", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, na + eui + b"\2\1" + other + mark("na-mac")))
    yield "ns-mac", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, ns + foreign6 + b"\1\1" + other + mark("ns-mac")))
    yield "nd-mac2", eth(nodes_mac, own, 0x86DD, ip6(eui, nodes, 58, na + eui + b"\x0e\1nonce.\2\1" + other + TAG + b"nd-mac2;"))
    yield "ip-piece", eth(ALL, own, 0x800, ip4(theirs, gate, 999, 999, "ip-piece", 0x2000))
    yield "ip-piece2", eth(ALL, own, 0x800, ip4(theirs, gate, 999, 999, "ip-piece2", 4))
    yield "dhcp-piece", eth(ALL, own, 0x800, ip4(mine, b"\xff" * 4, 67, 68, "dhcp-piece", 0x2000))
    yield "snap", eth(ALL, own, 60, b"\xaa\xaa\3\0\0\0\x08\0" + ip4(theirs, gate, 999, 999, "snap"))
    yield "pppoe", eth(ALL, own, 0x8863, b"\x11\x07\0\0\0\x10" + mark("pppoe"))
    yield "pause", eth(b"\x01\x80\xc2\0\0\1", own, 0x8808, b"\0\1\xff\xff" + mark("pause"))
    yield "stp", eth(b"\x01\x80\xc2\0\0\0", own, 0x0027, b"\x42\x42\x03" + mark("stp"))
    yield "lldp", eth(b"\x01\x80\xc2\0\0\x0e", own, 0x88CC, mark("lldp"))
    yield "vlan", eth(ALL, own, 0x8100, struct.pack("!HH", 10, 0x800) + ip4(mine, theirs, 999, 999, "vlan"))
    yield "qinq", eth(ALL, own, 0x88A8, struct.pack("!HHHH", 10, 0x8100, 20, 0x800) + ip4(mine, theirs, 9, 9, "qinq"))
    yield "vlan2", eth(ALL, own, 0x8100, struct.pack("!HHHH", 10, 0x8100, 20, 0x800) + ip4(mine, theirs, 9, 9, "vlan2"))


def listen(iface, seconds):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((iface, 0))
    print("ready", flush=True)
    seen, end = set(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        s.settimeout(left)
        try:
            data, at = s.recvfrom(2048)
        except TimeoutError:
            break
        if at[2] != 4 and TAG in data:
            seen.add(data.split(TAG, 1)[1].split(b";", 1)[0].decode())
            if "end" in seen:
                break
    seen.discard("end")
    print(" ".join(sorted(seen)))


def main():
    if sys.argv[1] == "--listen":
        return listen(sys.argv[2], float(sys.argv[3]))
    iface, mac, ip = sys.argv[1], sys.argv[2], ipaddress.ip_address(sys.argv[3]).packed
    own = bytes.fromhex(mac.replace(":", ""))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    for _ in range(3):
        for _, frame in frames(mac, ip):
            s.sendto(frame.ljust(60, b"\0"), (iface, 0))
    s.sendto(eth(ALL, own, 0x800, ip4(ip, ip, 999, 999, "end")).ljust(60, b"\0"), (iface, 0))


main()
