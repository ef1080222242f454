#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""extract_vmlinux.py BZIMAGE OUT: the kernel's ELF image out of an x86 bzImage (boot protocol 2.08 or later)."""
import lzma
import struct
import subprocess
import sys
import zlib


def payload(image):
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    return image[start:start + length]


def unpack(data):
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31).decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):  # the last four bytes are the unpacked size, not zstd's
        return subprocess.run(["zstd", "-dcq"], input=data[:-4], stdout=subprocess.PIPE, check=True).stdout
    sys.exit("extract_vmlinux.py: unknown compression %r" % data[:6])


def main():
    with open(sys.argv[1], "rb") as f:
        elf = unpack(payload(f.read()))
    if not elf.startswith(b"\x7fELF"):
        sys.exit("extract_vmlinux.py: %s holds no ELF image" % sys.argv[1])
    with open(sys.argv[2], "wb") as f:
        f.write(elf)


main()
