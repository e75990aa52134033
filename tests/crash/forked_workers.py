"""Workers that are there at once: forks of a process that has loaded Django, which takes seconds.

As a program it is that process. For each line that it reads it starts `manage.py procrastinate worker`, and
writes its ID.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

COMMAND = ["manage.py", "procrastinate", "worker"]


class ForkedWorker:
    """One worker after the other. It is killed from any thread."""

    def __init__(self, environment: dict[str, str]):
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.start()

    def start(self) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write("\n")
        self._server.stdin.flush()
        self.pid = int(self._server.stdout.readline())

    @property
    def is_alive(self) -> bool:
        return is_alive(self.pid)

    def kill(self) -> None:
        """Return when it is dead."""
        pid = self.pid  # the next one may be started meanwhile
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while is_alive(pid):
            time.sleep(0.002)

    def close(self) -> None:
        self.kill()
        self._server.kill()
        self._server.wait()
        for pipe in (self._server.stdin, self._server.stdout):
            assert pipe
            pipe.close()


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def serve() -> None:
    import django

    django.setup()
    from django.core.checks import run_checks
    from django.core.management import execute_from_command_line
    from django.db import connections

    import conversations.sending.outbox_worker
    import conversations.tasks  # noqa: F401 - both are loaded before the forks

    run_checks()  # each command does that, for which it loads all pages
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            os.dup2(1, 0)
            try:
                execute_from_command_line(COMMAND)
            finally:
                os._exit(1)
        print(pid, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    serve()
