"""Start a program and end it: `end.py ENDING COMMAND...`. Waits for the word `ready` where the ending is a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time


def main(ending: str, *command: str) -> int:
    """Return the exit code of the program, 128 + n if signal n ended it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.strip().endswith("ready"):
                time.sleep(1 if ending == "term-later" else 0)
                process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()  # some programs have a handler that does not end them
            return 128 + signal.SIGKILL
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
