"""Runs a program in a terminal and types at it.

    terminal.py FOLDER SCRIPT PROGRAM ARGUMENT...

SCRIPT is JSON, a list of pairs: what must have been shown since the last pair, and what is typed
then. WAIT types nothing for a second. Prints the exit status and all that was shown, as JSON.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PATIENCE = 90

folder, script, program = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.chdir(folder)
    os.execv(program[0], program)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

shown = ""


def read(seconds):
    """Takes what comes within so many seconds; false at the end."""
    global shown
    ready, _, _ = select.select([terminal], [], [], seconds)
    if not ready:
        return True
    try:
        data = os.read(terminal, 65536)
    except OSError:
        return False
    shown += data.decode("utf-8", "replace")
    return bool(data)


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


missed, start = None, 0
for expected, typed in script:
    patience = time.monotonic() + PATIENCE
    while expected not in plain(shown[start:]):
        if time.monotonic() > patience or not read(0.2):
            missed = expected
            break
    if missed is not None:
        break
    start = len(shown)
    if typed == "WAIT":
        pause = time.monotonic() + 1
        while time.monotonic() < pause:
            read(0.1)
        continue
    # As fast as somebody who types fast, and no faster.
    keys = [typed] if typed.startswith("\x1b") else typed
    for key in keys:
        os.write(terminal, key.encode())
        read(0.01)

patience = time.monotonic() + PATIENCE
status = None
while missed is None and time.monotonic() < patience:
    ended, code = os.waitpid(child, os.WNOHANG)
    if ended:
        status = os.waitstatus_to_exitcode(code)
        break
    read(0.1)
if status is None:
    os.kill(child, 9)
    os.waitpid(child, 0)
print(json.dumps({"status": status, "shown": shown, "missed": missed}))
