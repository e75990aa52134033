"""`make attack`: attacks a server of its own and prints the answers as tables.

Exits with 1 if a promise is broken. ONLY=matrix or ONLY=pressure: that part alone.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inbox.postgres import throwaway

if TYPE_CHECKING:
    from conversations.sandbox import SandboxServer
    from tests.live.process import Web


def main() -> int:
    only = os.environ.get("ONLY", "matrix pressure").split()
    with attacked_server() as (web, sandbox):
        from tests.attack import matrix, pressure, report

        faults = []
        if "matrix" in only:
            attack = matrix.Attack(web.url)
            result = attack.run(matrix.cells(), progress=report.show_progress)
            report.show_matrix(result)
            faults += result.faults
        if "pressure" in only:
            rows = list(pressure.run_all(web, sandbox))
            report.show_pressure(rows)
            faults += [fault for row in rows for fault in row.faults]
        faults += [line for line in web.log.splitlines() if "Internal Server Error" in line]
    report.show_faults(faults)
    return 1 if faults else 0


@contextmanager
def attacked_server() -> "Iterator[tuple[Web, SandboxServer]]":
    """A web process as it is deployed, on a PostgreSQL of its own, with the sandbox as Facebook."""
    with throwaway() as server:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "inbox.settings",
            "DATABASE_URL": server.url("postgres"),
            "SECRET_KEY": "public-and-used-only-while-attacking",
            "DEBUG": "0",
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "GRAPH_CALLS_PER_SECOND": "0",
            "SYNC_EVERY_MINUTES": "0",
            "FACEBOOK_WEBHOOK_SECRETS": "nobody-knows-it",
        }
        import django

        django.setup()
        from django.core.management import call_command

        from conversations.sandbox import SandboxServer, World
        from tests.live.process import Web

        call_command("migrate", verbosity=0)
        with SandboxServer(World()) as sandbox:
            web = Web(os.environ | {"GRAPH_API_URL": sandbox.url})
            try:
                web.wait_until_ready()
                yield web, sandbox
            finally:
                web.process.kill()
                web.process.wait()


if __name__ == "__main__":
    sys.exit(main())
