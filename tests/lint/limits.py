# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes: lines and columns of a file; lines, branches and nesting of a function."""
import re

from source import blank, c_files, read

MAX_FILE, MAX_FUNCTION, MAX_BRANCHES, MAX_NESTING, MAX_COLUMNS = 800, 80, 20, 4, 132
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "__attribute__", "defined"}


def functions(lines):
    """(name, first line, body lines) of each function: its '{' is alone in column 0 (kernel style)."""
    i = 0
    while i < len(lines):
        if lines[i].rstrip() != "{":
            i += 1
            continue
        head, k = "", i - 1
        while k >= 0 and lines[k].strip() and not lines[k].startswith(("}", "#")) and not lines[k].rstrip().endswith(";"):
            head = lines[k] + " " + head
            k -= 1
        end = next((j for j in range(i, len(lines)) if lines[j].startswith("}")), len(lines) - 1)
        found = [n for n in NAME.findall(head) if n not in KEYWORDS]
        if found:
            name = next((n for n in found if not n.isupper()), found[0])
            yield name, i + 1, lines[i + 1:end]
        i = end + 1


def branches(body):
    """do-while's while is one with its do; a switch counts its cases, but case labels on one line count once."""
    n = 0
    for line in body:
        hits = BRANCH.findall(line)
        n += len([h for h in hits if h != "case"]) + (1 if "case" in hits else 0)
        if line.lstrip().startswith("} while"):
            n -= 1
    return n


def brackets(line, depth):
    """How many brackets are open after @line: ( [ and the { of an initialiser, which is not that of a block."""
    for i, c in enumerate(line):
        opens = c == "{" and (depth > 0 or line[i - 1:i] == ")" or line[:i].rstrip().endswith("="))
        if c in "([" or opens:
            depth += 1
        elif c in ")]" or (c == "}" and depth > 0):
            depth = max(depth - 1, 0)
    return depth


def nesting(body):
    """By tabs, of statements only: continuation lines hang below an open bracket."""
    worst, depth = 0, 0
    for line in body:
        if line.strip() and depth == 0:
            tabs = len(line) - len(line.lstrip("\t"))
            if not line.lstrip().startswith(("case ", "default:", "#")):
                worst = max(worst, tabs - 1)
        depth = brackets(line, depth)
    return worst


def check_functions(report, name, lines):
    for fn, line, body in functions(lines):
        where = f"{name}:{fn}"
        report.check(len(body) <= MAX_FUNCTION, "length", where, f"line {line}: {len(body)} lines, limit {MAX_FUNCTION}")
        n = branches(body)
        report.check(n <= MAX_BRANCHES, "branches", where, f"line {line}: {n}, limit {MAX_BRANCHES}")
        n = nesting(body)
        report.check(n <= MAX_NESTING, "nesting", where, f"line {line}: {n}, limit {MAX_NESTING}")


def run(report, names):
    for name in c_files(names, tests=True):
        text = read(name)
        lines = text.split("\n")
        report.check(len(lines) <= MAX_FILE, "file", name, f"{len(lines)} lines, limit {MAX_FILE}")
        wide = [i for i, s in enumerate(lines, 1) if len(s.expandtabs(8)) > MAX_COLUMNS]
        report.check(not wide or name.startswith("tests/"), "columns", name, f"lines wider than {MAX_COLUMNS}: {wide[:8]}")
        if name.endswith(".c"):
            check_functions(report, name, blank(text).split("\n"))
