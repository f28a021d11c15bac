#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""start.py FAIRLEAD PLUGDIR FOLDER N - starts the daemon over a state of N certificates, twice.

Prints "READY DONE CPU RSS ANON PEAK" of the second start: seconds until it says that it is ready, until it has looked at
every certificate and delivery and rests, CPU seconds by then; memory in KiB then: resident, of it its own, and the peak.
The first start delivers what the second one finds delivered. Nothing is asked of any network: no certificate is due.
"""
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

# A file of the configuration has at most 1 MiB.
IN_A_FILE = 10000


def pem(folder):
    """A key, and a chain of a leaf and what stands above it, of the usual size."""
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out leaf.pem -days 90 "
        "-subj /CN=c -addext subjectAltName=DNS:c.example.test",
        shell=True, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [open(f"{folder}/{name}.pem").read() for name in ("key", "leaf")]


def name_of(i):
    return f"c{i:06d}.d{i // 50}.test"


def record(i, leaf, now):
    name = name_of(i)
    live = {"authority": "ca", "account": "https://127.0.0.1:9/account/1", "directory": "https://127.0.0.1:9/dir",
            "names": [name], "key": f"file:{i:032x}", "key_type": "ec256", "leaf": leaf, "chain": leaf + leaf,
            "serial": f"{i:032x}", "cert_id": f"x.{i:x}", "issuer": "The CA", "not_before": now - 86400,
            "not_after": now + 89 * 86400, "issued": now - 86400, "hasty": 0,
            "ari": {"look_at": now + 40000 + i % 40000, "start_at": now + 58 * 86400, "end_at": now + 60 * 86400,
                    "moment_at": now + 59 * 86400}}
    return {"format": 1, "step": "rest", "code": "ok", "due": (now + 40000) * 1000, "since": now * 1000,
            "authority": "ca", "renew_at": now + 59 * 86400, "live": live,
            "history": [{"at": now, "event": "issued", "msg": f"serial {i:032x}, valid until some day"}] * 6}


def write(path, text, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
        out.write(text)


def make(folder, n):
    key, leaf = pem(folder)
    now = int(time.time())
    state = f"{folder}/state"
    for sub in [""] + [f"/{s}" for s in ("accounts", "certs", "keys")] + [f"/certs/{b:02x}" for b in range(256)]:
        os.mkdir(state + sub, 0o700)
    write(f"{state}/format", "1\nfairlead of the benchmark\n")
    for i in range(n):
        task = "certificate:" + name_of(i)
        spread = hashlib.sha256(task.encode()).hexdigest()[:2]
        write(f"{state}/certs/{spread}/{task}", json.dumps(record(i, leaf, now)))
        write(f"{state}/keys/{i:032x}.pem", key)
    for first in range(0, n, IN_A_FILE):
        certificates = ",\n".join(f'{{ names = ["{name_of(i)}"]; }}' for i in range(first, min(n, first + IN_A_FILE)))
        write(f"{folder}/certs-{first:06d}.conf", f"certificates = (\n{certificates}\n);\n")
    write(f"{folder}/fl.conf", f"""state = "{state}";
include = ["certs-*.conf"];
authorities = {{ ca = {{ directory = "https://127.0.0.1:9/dir"; accept_terms = true; }}; }};
solvers = {{ web = {{ plugin = "http-01"; webroot = "{folder}"; }}; }};
sinks = {{ disk = {{ plugin = "file"; directory = "{folder}/live"; }}; }};
""")


def cpu_of(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    lines = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if line.startswith(("Vm", "Rss")))
    return [int(lines[key].split()[0]) for key in ("VmRSS", "RssAnon", "VmHWM")]


def drain(ready):
    try:
        while ready.recv(4096):
            pass
    except OSError:
        pass


def start(folder, fairlead, plugins, limit=600):
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = f"{folder}/notify"
    if os.path.exists(path):
        os.unlink(path)
    ready.bind(path)
    ready.settimeout(limit)
    began = time.monotonic()
    with open(f"{folder}/log", "wb") as log:
        child = subprocess.Popen([fairlead, "-c", f"{folder}/fl.conf", "--plugins", plugins, "run"], stdout=log,
                                 stderr=log, env={**os.environ, "NOTIFY_SOCKET": path})
    try:
        while b"READY=1" not in ready.recv(4096):
            pass
        at_ready = time.monotonic() - began
        # Who does not read what it says makes it wait.
        threading.Thread(target=drain, args=(ready,), daemon=True).start()
        done, cpu = time.monotonic(), cpu_of(child.pid)
        while time.monotonic() - done < 2 and time.monotonic() - began < limit:
            time.sleep(0.1)
            if cpu_of(child.pid) - cpu > 0.02:
                done, cpu = time.monotonic(), cpu_of(child.pid)
        memory = memory_of(child.pid)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
    return at_ready, done - began, cpu, memory


def main():
    fairlead, plugins, folder, n = sys.argv[1:]
    os.umask(0o077)
    make(folder, int(n))
    start(folder, fairlead, plugins)
    at_ready, done, cpu, memory = start(folder, fairlead, plugins)
    print(f"{at_ready:.3f} {done:.3f} {cpu:.3f}", *memory)


if __name__ == "__main__":
    main()
