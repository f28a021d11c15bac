#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns_relay.py ADDRESS PORT - passes DNS messages that come to ADDRESS:53 on to 127.0.0.1:PORT.

BIND listens only on addresses that an interface has, and lo has only 127.0.0.1.
"""
import socket
import sys
import threading

HERE = (sys.argv[1], 53)
THERE = ("127.0.0.1", int(sys.argv[2]))


def datagram(sock, data, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
        up.settimeout(5)
        up.connect(THERE)
        try:
            up.send(data)
            sock.sendto(up.recv(65535), peer)
        except OSError:
            pass


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def stream(down):
    with down, socket.socket() as up:
        try:
            up.connect(THERE)
        except OSError:
            return
        back = threading.Thread(target=pump, args=(up, down), daemon=True)
        back.start()
        pump(down, up)
        back.join()


def serve_streams():
    server = socket.create_server(HERE)
    while True:
        down, _ = server.accept()
        threading.Thread(target=stream, args=(down,), daemon=True).start()


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(HERE)
threading.Thread(target=serve_streams, daemon=True).start()
while True:
    message, who = udp.recvfrom(65535)
    threading.Thread(target=datagram, args=(udp, message, who), daemon=True).start()
