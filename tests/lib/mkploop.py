#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Makes ploop images and descriptors for tests, from the published layout of the format and from nothing of vz.

  mkploop.py image OUT RAW v1|v2 [--cluster SECTORS] [--parent RAW2] [--full] [--in-use] [--grow BYTES]
      OUT has the blocks of RAW that are not zero (--full: all), or that differ from RAW2
  mkploop.py desc OUT SECTORS Compressed|Plain FILE...          FILE... from the base to the top, one standing on the other
  mkploop.py gpt OUT RAW | mbr OUT RAW                          a disk with RAW as its one partition at 1 MiB
"""
import argparse
import struct
import sys
import uuid
import zlib

TOP = "{5fbaabe3-6958-40ff-92a7-860e329aab41}"
NONE = "{00000000-0000-0000-0000-000000000000}"


def image(a):
    cluster = a.cluster * 512
    with open(a.raw, "rb") as f:
        raw = f.read()
    size = max(len(raw), a.grow or 0)
    parent = open(a.parent, "rb").read() if a.parent else None
    blocks = (size + cluster - 1) // cluster
    table = (64 + 4 * blocks + cluster - 1) // cluster  # in clusters
    bat, data = [], []
    for k in range(blocks):
        part = raw[k * cluster:(k + 1) * cluster].ljust(cluster, b"\0")
        below = parent[k * cluster:(k + 1) * cluster].ljust(cluster, b"\0") if parent is not None else bytes(cluster)
        if part == below and not a.full:
            bat.append(0)
            continue
        at = table + len(data)
        bat.append(at if a.version == "v2" else at * a.cluster)
        data.append(part)
    if a.shuffle:  # as a file that was written in another order than its blocks
        order = list(range(len(data)))[::-1]
        data = [data[i] for i in order]
        used = [i for i, b in enumerate(bat) if b]
        for n, i in enumerate(used):
            at = table + len(data) - 1 - n
            bat[i] = at if a.version == "v2" else at * a.cluster
    sig = b"WithouFreSpacExt" if a.version == "v2" else b"WithoutFreeSpace"
    head = sig + struct.pack("<IIIIIQIIIQ", 2, 16, size // 512 // 16 // 63, a.cluster, blocks, size // 512,
                             0x746F6E59 if a.in_use else 0, table * a.cluster, 0, 0)
    with open(a.out, "wb") as f:
        f.write((head + struct.pack("<%dI" % blocks, *bat)).ljust(table * cluster, b"\0"))
        for part in data:
            f.write(part)


def desc(a):
    guids = ["{%s}" % uuid.uuid5(uuid.NAMESPACE_URL, f) for f in a.files[:-1]] + [TOP]
    parents = [NONE] + guids[:-1]
    with open(a.out, "w") as f:
        f.write('<?xml version="1.0"?>\n<Parallels_disk_image Version="1.0">\n    <Disk_Parameters>\n')
        f.write(f"        <Disk_size>{a.sectors}</Disk_size>\n        <Cylinders>{a.sectors // 16 // 63}</Cylinders>\n")
        f.write("        <Heads>16</Heads>\n        <Sectors>63</Sectors>\n        <Padding>0</Padding>\n    </Disk_Parameters>\n")
        f.write("    <StorageData>\n        <Storage>\n            <Start>0</Start>\n")
        f.write(f"            <End>{a.sectors}</End>\n            <Blocksize>2048</Blocksize>\n")
        for file, guid in zip(a.files, guids):
            f.write(f"            <Image>\n                <GUID>{guid}</GUID>\n                <Type>{a.type}</Type>\n")
            f.write(f"                <File>{file}</File>\n            </Image>\n")
        f.write(f"        </Storage>\n    </StorageData>\n    <Snapshots>\n        <TopGUID>{TOP}</TopGUID>\n")
        for guid, parent in zip(guids, parents):
            f.write(f"        <Shot>\n            <GUID>{guid}</GUID>\n            <ParentGUID>{parent}</ParentGUID>\n        </Shot>\n")
        f.write("    </Snapshots>\n</Parallels_disk_image>\n")


START = 2048  # sectors


def disk(a):
    raw = open(a.raw, "rb").read()
    sectors = len(raw) // 512
    mbr = bytearray(512)
    if a.what == "mbr":
        mbr[446:462] = struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x83, 255, 255, 255, START, sectors)
        tail = b""
        head = b""
    else:
        mbr[446:462] = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, 0xFFFFFFFF)
        linux = uuid.UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4").bytes_le
        part = linux + uuid.UUID(int=7).bytes_le + struct.pack("<QQQ", START, START + sectors - 1, 0)
        table = part.ljust(128 * 128, b"\0")
        gpt = bytearray(struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, START + sectors + 33, 34,
                                    START + sectors, uuid.UUID(int=9).bytes_le, 2, 128, 128, zlib.crc32(table)))
        gpt[16:20] = struct.pack("<I", zlib.crc32(bytes(gpt)))
        head = bytes(gpt).ljust(512, b"\0") + table
        tail = table + bytes(512)
    mbr[510:512] = b"\x55\xaa"
    with open(a.out, "wb") as f:
        f.write((bytes(mbr) + head).ljust(START * 512, b"\0") + raw)
        f.write(tail)
        f.truncate((f.tell() + (1 << 20) - 1) >> 20 << 20)


def main():
    p = argparse.ArgumentParser()
    sub = p.add_subparsers(dest="what", required=True)
    q = sub.add_parser("image")
    q.add_argument("out")
    q.add_argument("raw")
    q.add_argument("version", choices=["v1", "v2"])
    q.add_argument("--cluster", type=int, default=2048)
    q.add_argument("--parent")
    q.add_argument("--full", action="store_true")
    q.add_argument("--shuffle", action="store_true")
    q.add_argument("--in-use", action="store_true")
    q.add_argument("--grow", type=int)
    q = sub.add_parser("desc")
    q.add_argument("out")
    q.add_argument("sectors", type=int)
    q.add_argument("type")
    q.add_argument("files", nargs="+")
    for what in ("gpt", "mbr"):
        q = sub.add_parser(what)
        q.add_argument("out")
        q.add_argument("raw")
    a = p.parse_args()
    {"image": image, "desc": desc}.get(a.what, disk)(a)


sys.exit(main())
