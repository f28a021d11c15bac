# SPDX-License-Identifier: Apache-2.0
"""notify_listen.py SOCKET FILE - what a service tells systemd, a line each into a file, until it is ended."""

import os
import socket
import sys

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
with open(sys.argv[2], "w", encoding="utf-8", buffering=1) as f:
    while True:
        f.write(s.recv(65536).decode() + "\n")
