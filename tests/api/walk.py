# SPDX-License-Identifier: GPL-2.0-or-later
"""Every route of openapi.json, asked over HTTPS as a client would: answers must be what the document says (to the last member),
and who may what must be what x-required-scope says.

  walk.py URL CAFILE CONTEXT     CONTEXT: JSON {"tokens": {"admin": "vz1_...", ...}, "names": {"ct": "101", ...}}; TAP lines

Tokens: admin (everything), viewer (no tenant), owner (tenant that owns the container), stranger (another tenant, all that a
tenant may have), none (no scopes that matter).
"""
import json
import os
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from panel import Host, Problem  # noqa: E402

QUERY = {"string": "x", "integer": 1, "boolean": "true"}


def strict(schema):
    """What the document lists is all there is."""
    for s in schema.values():
        if s.get("type") == "object" and s.get("properties"):
            s["additionalProperties"] = False
    return schema


class Walk:
    def __init__(self, url, ca, context):
        self.hosts = {name: Host(url, ca, token) for name, token in context["tokens"].items()}
        self.names, self.bad = context["names"], 0
        _, self.doc, _ = self.hosts["admin"].request("GET", "/v1/openapi.json")
        strict(self.doc["components"]["schemas"])
        self.resolver = jsonschema.RefResolver("", self.doc)

    def check(self, good, text, why=""):
        print(("ok - " if good else "not ok - ") + text)
        if not good:
            self.bad += 1
            print("# " + str(why)[:600].replace("\n", " "))

    def wrong(self, value, schema):
        v = jsonschema.Draft202012Validator(schema, resolver=self.resolver, format_checker=jsonschema.draft202012_format_checker)
        return "; ".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in v.iter_errors(value))[:500]

    def routes(self):
        for path, verbs in self.doc["paths"].items():
            for verb, op in verbs.items():
                yield verb.upper(), path, op

    @staticmethod
    def upgrades(verb, op):
        """Only as a WebSocket: the front says so before anybody is asked."""
        return verb == "GET" and "101" in op["responses"]

    def fill(self, path, **names):
        for name, value in {**self.names, **names}.items():
            path = path.replace("{" + name + "}", value)
        return path

    def ask(self, who, verb, path, body=None, **headers):
        """(status, answer, headers); problems are answers, too, and are checked as such."""
        try:
            status, answer, r = self.hosts[who].request(verb, path, body, **headers)
        except Problem as p:
            why = self.wrong(p.body, {"$ref": "#/components/schemas/Problem"})
            if why:
                self.check(False, f"{verb} {path}: the problem is right by its schema", f"{why} {p.body}")
            return p.status, p.body, None
        return status, answer, r

    def answers(self):
        """GET: the answer is what the document promises."""
        for verb, path, op in self.routes():
            if verb != "GET" or "101" in op["responses"] or "text/event-stream" in op["responses"]["200"].get("content", {}):
                continue
            url = self.fill(path)
            if "{" in url:
                self.check(False, f"GET {path}", "no name for it in the context")
                continue
            status, answer, r = self.ask("admin", "GET", url)
            content = op["responses"].get(str(status), {}).get("content", {})
            kind = (r.getheader("Content-Type") or "").split(";")[0] if r else ""
            if kind != "application/json":
                self.check(status == 200 and bool(kind), f"GET {path}: {kind}", (status, answer, list(content)))
                continue
            why = self.wrong(answer, content["application/json"]["schema"]) if "application/json" in content else "not documented"
            self.check(status == 200 and not why, f"GET {path} answers as documented", (status, why, answer))
            etag = r.getheader("ETag")
            if etag:
                status, _, _ = self.ask("admin", "GET", url, If_None_Match=etag)
                self.check(status == 304, f"GET {path}: 304 for its ETag", status)

    def input(self):
        """Unknown parameters, members and methods are refused everywhere."""
        bad = []
        for verb, path, op in self.routes():
            if op.get("x-local-only") or self.upgrades(verb, op):
                continue
            url = self.fill(path)
            body = op.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            status, answer, _ = self.ask("admin", verb, url + "?no-such-parameter=1", body)
            if status != 400 or answer["errors"][0]["pointer"] != "?no-such-parameter":
                bad.append((verb, path, status, answer))
            if body is not None:
                status, answer, _ = self.ask("admin", verb, url, {**body, "no/such~member": 1})
                if status != 400 or "/no~1such~0member" not in [e["pointer"] for e in answer["errors"]]:
                    bad.append((verb, path, status, answer))
        self.check(not bad, "what a route does not know is refused by each", bad)
        bad = [(p, s) for p in self.doc["paths"] for s in [self.ask("admin", "PUT" if "put" not in self.doc["paths"][p] else "POST",
               self.fill(p))[0]] if s != 405 and not {"put", "post"} <= set(self.doc["paths"][p])
               and not all(o.get("x-local-only") for o in self.doc["paths"][p].values())]
        self.check(not bad, "a method that a path does not know is 405", bad)

    def rights(self):
        """Each token on each route: 401, 403 or 404 exactly where the document says so. Changes are sent broken, so that
        the one who may is told so (400) instead."""
        scopes = {}
        for who in self.hosts:
            _, me, _ = self.hosts[who].request("GET", "/v1/token")
            scopes[who] = set(me["scopes"])
        anonymous = Host(self.hosts["admin"].url.geturl(), None, "")
        anonymous.tls = self.hosts["admin"].tls
        bad, n = [], 0
        for verb, path, op in self.routes():
            if op.get("x-local-only") or self.upgrades(verb, op):
                continue
            url, need = self.fill(path) + "?no-such-parameter=1", op.get("x-required-scope")
            for who in self.hosts:
                status, answer, _ = self.ask(who, verb, url)
                hidden = "{ct}" in path and who == "stranger"
                want = 404 if hidden else 403 if need and need not in scopes[who] else 400
                n += 1
                if status != want or (want == 403 and answer.get("required_scope") != need):
                    bad.append((who, verb, path, status, want))
        self.check(not bad, f"rights: {n} pairs of token and route", bad)
        bad = []
        for verb, path, op in self.routes():
            try:
                anonymous.request(verb, self.fill(path) + "?no-such-parameter=1", Authorization="")
                bad.append((verb, path, 200))
            except Problem as p:
                want = 426 if self.upgrades(verb, op) else 400 if "security" in op else 401
                if p.status != want and not op.get("x-local-only"):
                    bad.append((verb, path, p.status))
        self.check(not bad, "without a token nothing but what says so", bad)

    def strangers(self):
        """What is another's does not exist, in the same words as what does not exist at all."""
        bad = []
        for verb, path, op in self.routes():
            if "{ct}" not in path or verb != "GET":
                continue
            _, seen, _ = self.ask("stranger", verb, self.fill(path))
            _, nothing, _ = self.ask("stranger", verb, self.fill(path, ct="4711"))
            for p in (seen, nothing):
                p.pop("instance", None)
            if json.dumps(seen).replace(self.names["ct"], "4711") != json.dumps(nothing):
                bad.append((path, seen, nothing))
        for path, what in (("/v1/operations/{operation}", "operation"), ("/v1/tokens/{token}", "token"), ("/v1/tenants/{tenant}", "tenant")):
            status, _, _ = self.ask("stranger", "GET", self.fill(path))
            if status != 404:
                bad.append((path, status))
        for path in ("/v1/cts", "/v1/operations", "/v1/tokens", "/v1/audit"):
            _, answer, _ = self.ask("stranger", "GET", path + "?limit=500")
            mine = [i for i in answer["items"] if i.get("owner", i.get("tenant")) not in ("stranger",)]
            if mine:
                bad.append((path, mine[:2]))
        self.check(not bad, "a stranger sees nothing of another tenant", bad)


def main():
    with open(sys.argv[3], encoding="utf-8") as f:
        walk = Walk(sys.argv[1], sys.argv[2], json.load(f))
    walk.answers()
    walk.input()
    walk.rights()
    walk.strangers()
    return walk.bad > 0


sys.exit(main())
