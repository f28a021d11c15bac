# SPDX-License-Identifier: Apache-2.0
"""powerdns_newer.py PORT OLDER - stands before an older PowerDNS and does what 4.9.12 and 5.0.2 added to its API: the
change types EXTEND and PRUNE, as the API's documentation says. Counts them in the file newer.count."""
import http.client
import http.server
import json
import sys

OLDER = int(sys.argv[2])
COUNTS = {}


def ask(method, path, headers, body=None):
    c = http.client.HTTPConnection("127.0.0.1", OLDER)
    c.request(method, path, body, {"X-API-Key": headers.get("X-API-Key", ""), "Content-Type": "application/json"})
    answer = c.getresponse()
    return answer.status, answer.read()


def older(change, zone):
    """The same change as the older server knows it."""
    kind = change["changetype"]
    COUNTS[kind] = COUNTS.get(kind, 0) + 1
    with open("newer.count", "w", encoding="ascii") as out:
        json.dump(COUNTS, out)
    if kind not in ("EXTEND", "PRUNE"):
        return change
    now = [s for s in zone["rrsets"] if s["name"] == change["name"] and s["type"] == change["type"]]
    records = list(now[0]["records"]) if now else []
    given = [r["content"] for r in change["records"]]
    records = [r for r in records if kind == "EXTEND" or r["content"] not in given]
    if kind == "EXTEND":
        there = [r["content"] for r in records]
        records += [r for r in change["records"] if r["content"] not in there]
    # Several changes of one RRset in one request build on one another.
    ttl = change.get("ttl", now[0]["ttl"] if now else 60)
    zone["rrsets"] = [s for s in zone["rrsets"] if s not in now]
    if records:
        zone["rrsets"].append({"name": change["name"], "type": change["type"], "ttl": ttl, "records": records})
    return {"name": change["name"], "type": change["type"], "ttl": ttl, "records": records,
            "changetype": "REPLACE" if records else "DELETE"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self):
        status, body = ask("GET", self.path, self.headers)
        if status == 200 and self.path.endswith("/servers/localhost"):
            body = json.dumps({**json.loads(body), "version": "5.0.2"}).encode()
        self.answer(status, body)

    def do_POST(self):
        self.answer(*ask("POST", self.path, self.headers, self.body()))

    def do_PATCH(self):
        body = self.body()
        status, text = ask("GET", self.path, self.headers)
        if status == 200:
            zone = json.loads(text)
            last = {}
            for change in json.loads(body)["rrsets"]:
                change = older(change, zone)
                last[change["name"], change["type"]] = change
            body = json.dumps({"rrsets": list(last.values())})
        self.answer(*ask("PATCH", self.path, self.headers, body))


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
