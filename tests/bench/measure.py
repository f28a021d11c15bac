#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""measure.py SECONDS COMMAND... - runs it and prints "STATUS WALL CPU RSS" of it and all that it started.

Wall clock and CPU (user and system) in seconds, RSS the peak of the largest process in KiB. Past its
SECONDS it and its group are ended, and STATUS is 124. Its output goes to the file `bench.out`.
"""
import os
import resource
import signal
import subprocess
import sys
import time


def main():
    limit, command = float(sys.argv[1]), sys.argv[2:]
    with open("bench.out", "wb") as out:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            status = 124
        wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{status} {wall:.3f} {used.ru_utime + used.ru_stime:.3f} {used.ru_maxrss}")


if __name__ == "__main__":
    main()
