#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns_service.py ADDRESS PORT CERTIFICATE KEY - the service of plugins/template, for one account.

Holds the zone example.org. Wants the token `the-right-token`. Prints a line for each request; "ready" first.
"""
import http.server
import json
import ssl
import sys

TOKEN = "the-right-token"
records = {"_acme-challenge/16": {"ttl": 60, "values": ["first"]}}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "session=a-secret-session")
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self):
        print(self.command, self.path, flush=True)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.answer(401, {"error": "no such token"})
        if self.path == "/v1/zones/example.org":
            return self.answer(200, {"id": "z1"})
        if self.path.startswith("/v1/zones/z1/rrsets/"):
            name = self.path[len("/v1/zones/z1/rrsets/"):]
            if self.command == "PUT":
                records[name] = body
            return self.answer(200, records.get(name, {"ttl": 60, "values": []}))
        return self.answer(404, {"error": "no such zone"})

    do_GET = do_PUT = handle_one

    def log_message(self, *args):
        pass


def main():
    address, port, certificate, key = sys.argv[1:]
    server = http.server.ThreadingHTTPServer((address, int(port)), Service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
