# SPDX-License-Identifier: Apache-2.0
"""tls_hammer.py SECONDS_AT_MOST STOP_FILE ROOT.PEM NAME HOST:PORT[=kept]... - asks for a page by TLS without a pause, on new connections and,
where `kept` is said, on one that lasts all the time too, until STOP_FILE is there. The certificate has to verify for NAME. Each serial is written to STOP_FILE.seen when it is first seen. Prints how often,
which serials it saw, and what went wrong; status 1 if something did."""

import http.client
import os
import socket
import ssl
import sys
import threading
import time


class Hammer:
    """What to ask, and what came of it."""

    def __init__(self, argv):
        self.end = time.monotonic() + float(argv[1])
        self.stop, self.name = argv[2], argv[4]
        self.context = ssl.create_default_context(cafile=argv[3])
        self.targets = [target.partition("=") for target in argv[5:]]
        self.lock = threading.Lock()
        self.asked, self.serials, self.wrong = {}, set(), []

    def over(self):
        return time.monotonic() > self.end or os.path.exists(self.stop)

    def connect(self, target):
        host, port = target.rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), timeout=30)
        secured = self.context.wrap_socket(plain, server_hostname=self.name)
        serial = secured.getpeercert()["serialNumber"].lower()
        with self.lock:
            if serial not in self.serials:
                with open(self.stop + ".seen", "a") as f:
                    f.write(serial + "\n")
            self.serials.add(serial)
        connection = http.client.HTTPConnection(host, int(port))
        connection.sock = secured
        return connection

    def page(self, connection):
        connection.request("GET", "/", headers={"Host": self.name})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise http.client.HTTPException("status %d" % answer.status)

    def work(self, target, kept):
        kind = target + (" kept" if kept else "")
        connection = None
        while not self.over():
            try:
                connection = connection or self.connect(target)
                self.page(connection)
                if kept:
                    time.sleep(0.02)
                else:
                    connection.close()
                    connection = None
                with self.lock:
                    self.asked[kind] = self.asked.get(kind, 0) + 1
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.wrong.append("%s: %r" % (kind, error))
                connection = None
                time.sleep(0.05)

    def run(self):
        works = [(target, False) for target, _, _ in self.targets]
        works += [(target, True) for target, _, kept in self.targets if kept]
        threads = [threading.Thread(target=self.work, args=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("asked", ", ".join("%s %d" % item for item in sorted(self.asked.items())))
        print("serials", " ".join(sorted(self.serials)))
        print("wrong", len(self.wrong))
        for line in self.wrong[:20]:
            print(" ", line)
        return 1 if self.wrong or len(self.asked) < len(works) else 0


if __name__ == "__main__":
    sys.exit(Hammer(sys.argv).run())
