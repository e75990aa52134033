"""python -m inbox.postgres setup | start | stop | run DATABASE -- COMMAND …"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from inbox.locations import STATE

from . import checkout
from .exceptions import PostgresError
from .server import Server
from .throwaway import guard


def main(arguments: list[str]) -> int:
    match arguments:
        case ["setup"]:
            checkout.prepare()
        case ["start"]:
            checkout.start()
        case ["stop"]:
            stopped = checkout.stop()
            print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")  # noqa: T201 - for who is at the terminal
        case ["run", database, "--", *command] if command:
            return run(database, command)
        case ["guard", home]:
            guard(Path(home))
        case _:
            print(f"usage: {__doc__}", file=sys.stderr)  # noqa: T201 - for who is at the terminal
            return 2
    return 0


def run(database: str, command: list[str]) -> int:
    """Run a command on a database of the private server; stop the server afterwards if this started it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the cleanup below runs
    server = checkout.prepare()
    was_running = server.is_listening()
    try:
        checkout.start().create_database(database)
        key = (checkout.CHECKOUT / STATE / "secret_key").read_text()
        return run_with({"DATABASE_URL": server.url(database), "SECRET_KEY": key}, command)
    finally:
        if not was_running and wait_until_unused(server):
            server.stop()


def run_with(variables: dict[str, str], command: list[str]) -> int:
    """Run a command, pass signals on to it, and return its exit code."""
    process: subprocess.Popen | None = None
    early: list[int] = []  # signals that arrive before the command has started

    def forward(number: int, _frame: object) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # under nohup
        numbers.remove(signal.SIGHUP)
    for each in numbers:
        signal.signal(each, forward)
    # In its own process group, so that Ctrl-C reaches it only once: through us.
    process = subprocess.Popen(command, env=os.environ | variables, process_group=0)
    for number in early:
        process.send_signal(number)
    code = process.wait()
    return code if code >= 0 else 128 - code


def wait_until_unused(server: Server) -> bool:
    """Return True as soon as the server has no clients, False if it still has some after a second."""
    with suppress(psycopg.Error):
        for _ in range(10):  # connections of a process that has just ended remain for a moment
            if not server.has_clients():
                return True
            time.sleep(0.1)
        return False
    return True


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (PostgresError, OSError) as error:
        sys.exit(f"inbox: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
