"""What an order's process does in the tests: as its second argument says; the first is its parent's id."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from burnish.processes import die_with_parent, end_group_on


def main() -> None:
    parent, what, note = sys.argv[1:]
    end_group_on(signal.SIGALRM)
    die_with_parent(int(parent), signal.SIGALRM)
    data = sys.stdin.buffer.read()
    # As cargo leaves a build script behind: nothing ends it with its parent.
    left = subprocess.Popen(["sleep", "300"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    Path(note).write_text(f"{os.getpid()} {left.pid}", encoding="utf-8")
    if what == "hangs":
        time.sleep(300)
    if what == "fails":
        sys.exit("no luck")
    if what == "alarm":
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        time.sleep(300)
    sys.stdout.buffer.write(data[::-1])


if __name__ == "__main__":
    main()
