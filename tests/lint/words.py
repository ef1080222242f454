# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that must not be in the tree, the licence line that must, white space, and a test for every file that wants one."""
import os
import re

from source import blank, c_files, read

SKIP = ("tests/lint/", "tests/fuzz/corpus/")
TEXT = (".c", ".h", ".py", ".sh", ".mk", ".md", ".in", ".conf", ".policy", ".service", ".yml")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\b(not implemented|unimplemented|stub(?!-resolv)|placeholder)\b", re.I)
CALLS = re.compile(r"(?<![\w.>])(system|popen|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|tmpnam|mktemp|alloca)\s*\(")
CODE = (".c", ".h", ".py", ".sh", ".mk")
NEED_TESTS = ("util",)


def case_matters(m):
    return m.group(1) is None or m.group(1).isupper()


def check_words(report, name, text):
    for n, line in enumerate(text.split("\n"), 1):
        m = UNFINISHED.search(line)
        if m and case_matters(m):
            report.check(False, "word", name, f"line {n}: '{m.group(0)}'")
    report.check(True, "word", name, "")


def is_script(name):
    with open(os.path.join(os.path.dirname(__file__), "../..", name), "rb") as f:
        return f.read(2) == b"#!"


def run(report, names):
    for name in names:
        code = name.endswith(CODE) or name == "Makefile" or ("." not in os.path.basename(name) and is_script(name))
        if name.startswith(SKIP) or not (code or name.endswith(TEXT)):
            continue
        text = read(name)
        check_words(report, name, text)
        bad = [n for n, s in enumerate(text.split("\n"), 1) if s != s.rstrip()]
        report.check(not bad, "blanks", name, f"white space at the end of lines {bad[:8]}")
        if code:
            head = "\n".join(text.split("\n")[:3])
            report.check("SPDX-License-Identifier: GPL-2.0-or-later" in head, "spdx", name, "no SPDX line")
    for name in c_files(names):
        if name == "util/banned.h" or not name.endswith(".c"):
            continue
        hit = CALLS.search(blank(read(name)))
        report.check(not hit, "call", name, f"calls {hit and hit.group(1)}()")
        module, file = name.split("/", 1)
        if module in NEED_TESTS:
            report.check(f"tests/unit/t_{file}" in names, "test", name, f"tests/unit/t_{file} is missing")
