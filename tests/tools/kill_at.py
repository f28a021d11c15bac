#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill_at.py PATTERN MILLISECONDS COMMAND... - runs a command and kills it in the middle.

SIGKILL comes so many milliseconds after the first line of its output that matches PATTERN, or, with
an empty PATTERN, after its start. What it writes goes to where ours goes. Exit status: 0 it was
killed, 3 it had ended before.
"""
import re
import subprocess
import sys
import threading


def main():
    pattern, delay, command = sys.argv[1], int(sys.argv[2]) / 1000, sys.argv[3:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    timer = threading.Timer(delay, child.kill)
    limit = threading.Timer(60, child.kill)
    limit.start()
    if not pattern:
        timer.start()
    for line in child.stdout:
        sys.stdout.write(line)
        if pattern and re.search(pattern, line) and not timer.is_alive() and not timer.finished.is_set():
            timer.start()
    child.wait()
    timer.cancel()
    limit.cancel()
    return 0 if child.returncode == -9 else 3


if __name__ == "__main__":
    sys.exit(main())
