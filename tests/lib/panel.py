# SPDX-License-Identifier: GPL-2.0-or-later
"""A hosting panel's module, as such modules are: a token, HTTPS and JSON, one function for each button of the billing system
(create, suspend, unsuspend, change package, change password, reinstall, terminate), every request made twice where a panel's
queue would. Written against the API's documents only.

  panel.py URL CAFILE TOKEN CUSTOMER TEMPLATE ADDRESS      goes through a customer's whole life; TAP lines
"""
import base64
import http.client
import json
import ssl
import sys
import time
import urllib.parse


class Problem(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body.get('title')}: {body.get('detail')}")
        self.status, self.body = status, body


class Host:
    """One host's API."""

    def __init__(self, url, ca, token):
        self.url, self.token = urllib.parse.urlsplit(url), token
        self.tls = ssl.create_default_context(cafile=ca)
        self.tls.check_hostname = False  # the file is the host's own certificate

    def request(self, verb, path, body=None, key=None, **headers):
        headers = {"Authorization": "Bearer " + self.token, "Accept": "application/json",
                   **{k.replace("_", "-"): v for k, v in headers.items()}}
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        c = http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.tls, timeout=90)
        try:
            c.request(verb, path, data, headers)
            r = c.getresponse()
            text = r.read()
        finally:
            c.close()
        answer = json.loads(text) if text and "json" in (r.getheader("Content-Type") or "") else {}
        if r.status >= 400:
            raise Problem(r.status, answer)
        return r.status, answer, r

    def work(self, verb, path, body=None, key=None):
        """A request whose answer may be an operation: waits for it and gives it back ended."""
        status, answer, r = self.request(verb, path, body, key, Prefer="wait=20")
        if status != 202:
            return answer
        while answer["state"] in ("queued", "running"):
            _, answer, _ = self.request("GET", r.getheader("Location") + "?wait=30")
        if answer["state"] != "done":
            raise Problem(answer["error"].get("status", 0) if isinstance(answer["error"], dict) else 0, {"title": answer["error"]})
        return answer


class Module:
    """The buttons. @service is the billing system's number of what was bought."""

    def __init__(self, host, service):
        self.host, self.service = host, service

    def key(self, action):
        return f"billing-{self.service}-{action}"

    def create(self, customer, template, address, package):
        body = {"template": template, "owner": customer, "hostname": f"{customer}.example", "password": "first-Secret 1",
                "config": {**package, "ip_address": [address], "onboot": True}, "start": True}
        first = self.host.request("POST", "/v1/cts", body, self.key("create"))
        again = self.host.request("POST", "/v1/cts", body, self.key("create"))  # the queue ran twice
        assert first[1]["id"] == again[1]["id"], "one order made two containers"
        done = self.host.request("GET", f"/v1/operations/{first[1]['id']}?wait=60")[1]
        assert done["state"] == "done", done
        return self.host.request("GET", done["resource"])[1]

    def change_package(self, ctid, package):
        _, ct, r = self.host.request("GET", f"/v1/cts/{ctid}")
        self.host.work("PATCH", f"/v1/cts/{ctid}", {"config": package})
        return self.host.request("GET", f"/v1/cts/{ctid}")[1]

    def change_password(self, ctid, password):
        self.host.work("PUT", f"/v1/cts/{ctid}/password", {"user": "root", "password": password})

    def suspend(self, customer, reason):
        self.host.request("PUT", f"/v1/tenants/{customer}/suspended", {"suspended": True, "reason": reason})

    def unsuspend(self, customer):
        self.host.request("PUT", f"/v1/tenants/{customer}/suspended", {"suspended": False})

    def power(self, ctid, target, mode="clean"):
        return self.host.work("PUT", f"/v1/cts/{ctid}/state", {"target": target, "mode": mode})

    def state(self, ctid):
        return self.host.request("GET", f"/v1/cts/{ctid}/state")[1]["state"]

    def run(self, ctid, line):
        status, op, _ = self.host.request("POST", f"/v1/cts/{ctid}/exec", {"command": line, "timeout": 30}, Prefer="wait=30")
        while op["state"] in ("queued", "running"):
            op = self.host.request("GET", f"/v1/operations/{op['id']}?wait=30")[1]
        return {k: base64.b64decode(op["result"].get(k + "_b64") or "").decode() for k in ("stdout", "stderr")}

    def terminate(self, ctid):
        self.host.work("DELETE", f"/v1/cts/{ctid}?force=true")


class Tap:
    n = 0

    def check(self, text, good, *detail):
        Tap.n += 1
        print(("ok" if good else "not ok") + f" - {text}")
        if not good:
            for line in detail:
                print("# " + str(line)[:400])


def refused(fn, *args):
    """The problem that a call is refused with, or None."""
    try:
        fn(*args)
    except Problem as p:
        return p
    return None


def until(fn, want, seconds=30):
    end = time.monotonic() + seconds
    while fn() != want and time.monotonic() < end:
        time.sleep(0.2)
    return fn()


def life(host, customer, template, address, tap):
    m = Module(host, 4711)
    host.request("POST", "/v1/tenants", {"name": customer, "title": "A customer",
                                         "limits": {"cts": 1, "memory": 512 << 20, "disk": 4 << 30, "cpus": 2, "ipv4": 1}})
    ct = m.create(customer, template, address, {"ram": "128M", "swap": 0, "cpus": 1, "diskspace": "1G"})
    ctid = ct["ctid"]
    tap.check("an order becomes a running container", ct["state"] == "running" and ct["owner"] == customer, ct)
    tap.check("with what was bought", ct["memory"]["limit"] == 128 << 20 and ct["cpu"]["count"] == 1 and ct["addresses"] == [address], ct)
    out = m.run(ctid, "hostname; cat /etc/hostname 2>/dev/null; ip addr show venet0 2>/dev/null || true")
    tap.check("the guest is the customer's", f"{customer}.example" in out["stdout"] and address in out["stdout"], out)

    p = refused(m.create, customer, template, "10.77.99.99", {"ram": "64M"})
    tap.check("a key of another order is no new order", p and p.status == 422, p)
    p = refused(Module(host, 4712).create, customer, template, "10.77.99.99", {"ram": "64M", "diskspace": "1G"})
    tap.check("a second container is over the limit", p and p.status == 403 and p.body.get("limit") == 1, p and p.body)
    p = refused(m.change_package, ctid, {"ram": "1G"})
    tap.check("so is more memory than the tenant may have", p and p.status == 403, p and p.body)

    ct = m.change_package(ctid, {"ram": "256M", "cpus": 2})
    tap.check("an upgrade is live", ct["memory"]["limit"] == 256 << 20 and ct["cpu"]["count"] == 2 and ct["state"] == "running", ct)
    m.change_password(ctid, "second Secret!")
    out = m.run(ctid, "cut -d: -f1,2 /etc/shadow | grep ^root")
    tap.check("the password is set inside", out["stdout"].startswith("root:$"), out)

    m.suspend(customer, "unpaid")
    tap.check("an unpaid customer's container stops", until(lambda: m.state(ctid), "stopped") == "stopped", m.state(ctid))
    p = refused(m.power, ctid, "running")
    tap.check("and does not start", p and p.status == 403, p)
    m.unsuspend(customer)
    m.power(ctid, "running")
    tap.check("until it is paid", m.state(ctid) == "running")

    p = refused(host.request, "DELETE", f"/v1/tenants/{customer}")
    tap.check("a customer with a container is not removed", p and p.status == 409, p)
    m.terminate(ctid)
    p = refused(host.request, "GET", f"/v1/cts/{ctid}")
    tap.check("a terminated container is gone", p and p.status == 404, p)
    host.request("DELETE", f"/v1/tenants/{customer}")
    tap.check("and so is the customer", refused(host.request, "GET", f"/v1/tenants/{customer}").status == 404)


def main():
    url, ca, token, customer, template, address = sys.argv[1:]
    tap = Tap()
    try:
        life(Host(url, ca, token), customer, template, address, tap)
    except Exception as e:  # a step that a panel cannot go on from
        tap.check("the panel goes through", False, repr(e))


if __name__ == "__main__":
    main()
