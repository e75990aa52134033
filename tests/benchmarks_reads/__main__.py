"""`make bench-reads`: builds the database, measures every query and writes its part of docs/benchmarks.md."""

import os
import sys

from inbox.postgres import throwaway

ROWS = int(os.environ.get("ROWS", "1000000"))


def main() -> int:
    with throwaway() as server:
        os.environ |= {
            "DATABASE_URL": server.url("postgres"),
            "SECRET_KEY": "public-and-used-only-by-the-benchmarks",
            "DEBUG": "0",
        }
        os.environ |= {"DJANGO_SETTINGS_MODULE": "inbox.settings", "ALLOWED_HOSTS": "127.0.0.1,testserver"}
        import django

        django.setup()
        from tests.benchmarks_reads.measure import measure

        return measure(ROWS)


if __name__ == "__main__":
    sys.exit(main())
