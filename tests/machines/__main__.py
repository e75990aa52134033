"""make machines: as root, who may make network namespaces. Prints what it found; 1 if anything differs."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

from tests.crash.networks import program
from tests.machines.arrivals import PROGRAM
from tests.machines.nodes import ROOT, new_hub, remove_all

END_SECONDS = 30


def main() -> int:
    missing = [name for name in ("faketime", PROGRAM, program()) if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        sys.exit(f"machines: needs root, and faketime, tcpdump and iproute2 of Debian ({', '.join(missing)})")
    hub = new_hub()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "inbox.settings"}
    try:
        command = [program(), "netns", "exec", hub, sys.executable, "-m", "tests.machines.story", hub]
        return play(command, environment)
    finally:
        remove_all(hub)


def play(command: list[str], environment: dict[str, str]) -> int:
    """Run the story. If this process is interrupted, the story has time to remove what it has made."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with subprocess.Popen(command, cwd=ROOT, env=environment) as story:
        try:
            return story.wait()
        except (KeyboardInterrupt, SystemExit):
            story.terminate()
            with suppress(subprocess.TimeoutExpired):
                story.wait(END_SECONDS)
            story.kill()
            raise


if __name__ == "__main__":
    sys.exit(main())
