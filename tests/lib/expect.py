#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""expect.py SECONDS MARKER TEXT [MARKER TEXT]... -- COMMAND...: runs COMMAND on a terminal of its own and types each TEXT (with
\\n, \\e for the escape key) when its MARKER has been printed since the last one was typed. Prints what the terminal showed,
without carriage returns; ends with the command's status, 124 when time is up, naming the marker that was waited for."""
import os
import pty
import select
import signal
import sys
import time


def read(fd):
    try:
        return os.read(fd, 4096)
    except OSError:        # the other side is closed
        return b""


def main(seconds, talk, argv):
    shown, at, end = b"", 0, time.monotonic() + seconds
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        got = read(fd)
        if not got:
            break
        shown += got
        if talk and talk[0].encode() in shown[at:]:
            os.write(fd, talk[1].replace("\\n", "\n").replace("\\e", "\033").encode())
            at, talk = len(shown), talk[2:]
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        sys.stdout.buffer.write(shown.replace(b"\r", b""))
        print("\n*** nothing matched:", talk[0] if talk else "the end")
        return 124
    sys.stdout.buffer.write(shown.replace(b"\r", b""))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


cut = sys.argv.index("--")
sys.exit(main(float(sys.argv[1]), sys.argv[2:cut], sys.argv[cut + 1:]))
