#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py MARKER COMMAND...: runs COMMAND on a terminal of its own. What comes on standard input is typed when MARKER has
been printed. Prints what the terminal showed, without carriage returns; ends with the command's status, 124 after 60 s."""
import os
import pty
import select
import signal
import sys
import time


def main(marker, argv):
    typed, shown, end, done = sys.stdin.buffer.read(), b"", time.monotonic() + 60, False
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            got = os.read(fd, 4096)
        except OSError:        # the other side is closed
            got = b""
        if not got:
            break
        shown += got
        if not done and marker.encode() in shown:
            os.write(fd, typed)
            done = True
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        sys.stdout.buffer.write(shown)
        return 124
    sys.stdout.buffer.write(shown.replace(b"\r", b""))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


sys.exit(main(sys.argv[1], sys.argv[2:]))
