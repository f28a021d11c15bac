#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count_relay.py ADDRESS PORT TO_PORT - a TCP relay that counts connections; prints "ready", then the number so far
for each that comes."""
import socket
import sys
import threading


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    address, port, to_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    listener = socket.create_server((address, port), backlog=128)
    print("ready", flush=True)
    count = 0
    while True:
        near, _ = listener.accept()
        count += 1
        print(count, flush=True)
        far = socket.create_connection((address, to_port))
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pump, args=(one, other), daemon=True).start()


if __name__ == "__main__":
    main()
