#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""connect_proxy.py ADDRESS PORT - an HTTP proxy that knows CONNECT only, for tests.

Prints a line for each tunnel it is asked for; refuses names that begin with "refuse".
"""
import select
import socket
import sys
import threading


def pump(one, other):
    ends = {one: other, other: one}
    while True:
        for source in select.select(list(ends), [], [])[0]:
            data = source.recv(65536)
            if not data:
                return
            ends[source].sendall(data)


def serve(client):
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data:
                return
            head += data
        method, target = head.decode("ascii", "replace").split(" ")[:2]
        print(method, target, flush=True)
        if method != "CONNECT" or target.startswith("refuse"):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = target.rsplit(":", 1)
        try:
            with socket.create_connection((host, int(port)), 10) as server:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                pump(client, server)
        except OSError:
            pass


listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
