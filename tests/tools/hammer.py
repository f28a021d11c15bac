# SPDX-License-Identifier: Apache-2.0
"""hammer.py SECONDS_AT_MOST STOP_FILE DNS_HOST DNS_PORT NAME VALUE URL BODY - asks without a pause, by UDP, by TCP and for a page, on new
connections and on old ones, until STOP_FILE is there, and prints what it asked and every answer that was not the right one. Status 1 if
there was one."""

import http.client
import os
import socket
import struct
import sys
import threading
import time
import urllib.parse


def question(name, number):
    """A query for TXT."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 16, 1)


class Hammer:
    """What to ask, and what came of it."""

    def __init__(self, argv):
        self.end = time.monotonic() + float(argv[1])
        self.stop = argv[2]
        self.dns = (argv[3], int(argv[4]))
        self.name, self.value = argv[5], argv[6].encode()
        self.url, self.body = urllib.parse.urlsplit(argv[7]), argv[8].encode()
        self.lock = threading.Lock()
        self.asked = {}
        self.wrong = []

    def over(self):
        return time.monotonic() > self.end or os.path.exists(self.stop)

    def note(self, kind, why):
        with self.lock:
            self.asked[kind] = self.asked.get(kind, 0) + 1
            if why:
                self.wrong.append("%s: %s" % (kind, why))

    def judge(self, answer, number):
        """None, or what is wrong with a DNS answer."""
        if len(answer) < 12 or struct.unpack(">H", answer[:2])[0] != number:
            return "no answer to the question"
        if answer[3] & 15 or struct.unpack(">H", answer[6:8])[0] == 0:
            return "rcode %d, %d records" % (answer[3] & 15, struct.unpack(">H", answer[6:8])[0])
        return None if self.value in answer else "another value"

    def by_udp(self, number):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.connect(self.dns)
            s.send(question(self.name, number))
            return self.judge(s.recv(65535), number)

    def by_stream(self, s, number):
        query = question(self.name, number)
        s.sendall(struct.pack(">H", len(query)) + query)
        head = s.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return "closed"
        return self.judge(s.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL), number)

    def by_tcp(self, number):
        with socket.create_connection(self.dns, timeout=5) as s:
            if number % 2:  # half of it now: whoever answers has to take up what another began
                time.sleep(0.02)
            return self.by_stream(s, number)

    def page(self, connection):
        connection.request("GET", self.url.path, headers={"Host": "any"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return "status %d" % answer.status
        return None if body == self.body else "another page"

    def by_http(self, number):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=5)
        try:
            connection.connect()
            if number % 2:
                time.sleep(0.02)
            return self.page(connection)
        finally:
            connection.close()

    def keep_http(self, _):
        """Twenty pages on one connection."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=5)
        try:
            for _ in range(20):
                why = self.page(connection)
                if why:
                    return why
                time.sleep(0.01)
            return None
        finally:
            connection.close()

    def work(self, kind, ask):
        number = 0
        while not self.over():
            number = number % 60000 + 1
            try:
                self.note(kind, ask(number))
            except OSError as error:
                self.note(kind, repr(error))
            except http.client.HTTPException as error:
                self.note(kind, repr(error))

    def run(self):
        asks = {"udp": self.by_udp, "tcp": self.by_tcp, "http": self.by_http, "http, kept": self.keep_http}
        threads = [threading.Thread(target=self.work, args=item) for item in asks.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("asked", ", ".join("%s %d" % item for item in sorted(self.asked.items())))
        print("wrong", len(self.wrong))
        for line in self.wrong[:20]:
            print(" ", line)
        return 1 if self.wrong or len(self.asked) < len(asks) else 0


if __name__ == "__main__":
    sys.exit(Hammer(sys.argv).run())
