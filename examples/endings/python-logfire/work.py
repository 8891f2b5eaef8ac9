"""Ten spans by logfire, which sends nothing to its own service."""

import os
import time

import logfire

logfire.configure(send_to_logfire=False, console=False)
for _ in range(10):
    with logfire.span("work"):
        pass
if os.environ["ENDING"] == "wait":
    print("ready", flush=True)
    time.sleep(60)
elif os.environ["ENDING"] == "flush":
    logfire.shutdown()
