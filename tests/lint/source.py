# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lint checks share: the list of files, and C text without comments and strings."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = ["util", "cgroups", "net", "quota", "templates", "libct", "vzctl", "vzd"]
TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files():
    """Paths of all files of the project, sorted. Works in a git tree and in an unpacked archive."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                         capture_output=True, text=True)
    if git.returncode == 0 and git.stdout:
        names = git.stdout.splitlines()
    else:
        names = [os.path.relpath(os.path.join(d, f), ROOT) for d, dirs, fs in os.walk(ROOT)
                 for f in fs if not os.path.relpath(d, ROOT).startswith(("build", ".git"))]
    return sorted(n for n in set(names) if os.path.isfile(os.path.join(ROOT, n)))


def c_files(names, tests=False):
    want = tuple(m + "/" for m in MODULES + (["tests", "bench", "man"] if tests else []))
    return [n for n in names if n.endswith((".c", ".h")) and n.startswith(want)]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def blank(text, strings=True):
    """Comments (and strings) replaced by blanks; lines and columns stay."""
    def sub(m):
        tok = m.group(0)
        if tok.startswith("/"):
            return re.sub(r"[^\n]", " ", tok)
        return tok[0] + "_" * (len(tok) - 2) + tok[0] if strings else tok
    return TOKENS.sub(sub, text)


def exceptions():
    """{(check, name): reason} from tests/lint/exceptions."""
    ret = {}
    for n, line in enumerate(read("tests/lint/exceptions").splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        fields = line.split(None, 2)
        if len(fields) < 3:
            raise SystemExit(f"tests/lint/exceptions:{n}: wanted CHECK NAME REASON")
        ret[(fields[0], fields[1])] = fields[2]
    return ret


class Report:
    """Counts checks and findings; knows the exceptions, and which of them were of use."""

    def __init__(self):
        self.allowed, self.used, self.passed, self.failed = exceptions(), set(), 0, 0

    def check(self, good, check, name, text):
        if good:
            self.passed += 1
        elif (check, name) in self.allowed:
            self.used.add((check, name))
        else:
            self.failed += 1
            print(f"not ok {check} {name}: {text}")

    def close(self):
        for key in sorted(set(self.allowed) - self.used):
            self.failed += 1
            print(f"not ok exception {key[0]} {key[1]}: nothing needs it any more")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
