#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
One line per file of a tree with all that a copy must keep: type, mode, owner, size, time to the nanosecond, target,
digest, attributes, which names are one file, whether it is mostly holes. Two equal dumps are two equal trees.
  treedump.py DIR      device nodes and an empty lost+found at the top are left out, as vz leaves them out
"""
import hashlib
import os
import stat
import sys

TELLING = ("user.", "security.capability", "system.posix_acl_")


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for part in iter(lambda: f.read(1 << 20), b""):
            h.update(part)
    return h.hexdigest()[:16]


def line(path, name, st, first):
    kind = stat.S_IFMT(st.st_mode)
    out = [repr(name), oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns]
    if stat.S_ISLNK(st.st_mode):
        out.append(repr(os.readlink(path)))
    if stat.S_ISREG(st.st_mode):
        sparse = st.st_size >= 1 << 20 and st.st_blocks * 512 < st.st_size // 2
        out += [st.st_size, digest(path), "sparse" if sparse else "full"]
    if kind != stat.S_IFDIR and st.st_nlink > 1:
        out.append("same as " + repr(first.setdefault(st.st_ino, name)))
    for x in sorted(os.listxattr(path, follow_symlinks=False)):
        if x.startswith(TELLING) and not x.startswith("user.overlay."):
            out.append(x + "=" + os.getxattr(path, x, follow_symlinks=False).hex())
    return " ".join(map(str, out))


def walk(top, name, first, rows):
    path = os.path.join(top, name) if name else top
    st = os.lstat(path)
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        return
    if name == b"lost+found" and not os.listdir(path):
        return
    rows.append(line(path, name, st, first))
    if stat.S_ISDIR(st.st_mode):
        for n in sorted(os.listdir(path)):
            walk(top, os.path.join(name, n), first, rows)


def main():
    rows = []
    sys.setrecursionlimit(5000)
    walk(os.fsencode(sys.argv[1]), b"", {}, rows)
    print("\n".join(rows))


main()
