# SPDX-License-Identifier: GPL-2.0-or-later
"""The arrows: vzctl, vzd -> libct -> leaves -> util. No leaf knows a leaf, no private header leaves its folder, no cycle."""
import os
import re

from source import blank, c_files, read

LEAVES = ["cgroups", "net", "quota", "templates"]
MAY = {"util": set(), "libct": {"util", *LEAVES}, "vzctl": {"util", "libct", *LEAVES}, "vzd": {"util", "libct", *LEAVES}}
MAY.update({leaf: {"util"} for leaf in LEAVES})
MAX_HEADERS = 16  # of a leaf; whoever sees ct.h sees the leaves too
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def includes(name, known):
    ret = []
    for inc in INCLUDE.findall(blank(read(name), strings=False)):
        beside = os.path.normpath(os.path.join(os.path.dirname(name), inc))
        ret.append((inc, inc if inc in known else beside if beside in known else None))
    return ret


def reach(name, graph, seen=None):
    seen = set() if seen is None else seen
    for to in graph.get(name, ()):
        if to not in seen:
            seen.add(to)
            reach(to, graph, seen)
    return seen


def run(report, names):
    known = set(c_files(names, tests=True))
    graph = {}
    for name in known:
        module = name.split("/")[0]
        checked = module in MAY  # tests, bench and man may include what they like, if it is there
        graph[name] = []
        for inc, target in includes(name, known):
            if target is None:
                report.check(inc.startswith("build/") or "/" not in inc, "include", name, f'"{inc}" is not in the tree')
                continue
            to = target.split("/")[0]
            graph[name].append(target)
            report.check(not checked or to == module or to in MAY[module], "arrow", name, f"{module} must not include {target}")
            private = target.endswith("_priv.h")
            report.check(not checked or not private or to == module, "private", name, f"{target} belongs to {to} alone")
    for name in sorted(known):
        below = reach(name, graph)
        report.check(name not in below, "cycle", name, "its includes lead back to it")
        if name.endswith(".c") and name.split("/")[0] in ["util", *LEAVES]:
            report.check(len(below) <= MAX_HEADERS, "headers", name, f"pulls in {len(below)} headers of ours, limit {MAX_HEADERS}")
