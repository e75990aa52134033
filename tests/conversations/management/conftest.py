import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection


@pytest.fixture
def manage(transactional_db, sandbox):
    """Runs manage.py in a process of its own, on the test's database and sandbox."""
    environment = os.environ | {
        "DATABASE_URL": url_of(connection.settings_dict["NAME"]),
        "GRAPH_API_URL": sandbox.url,
        "GRAPH_CALLS_PER_SECOND": "0",
        "PAGE_ACCESS_TOKEN": "",
    }

    def start(*arguments: str, **variables: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            env=environment | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess:
        process = start(*arguments, **variables)
        out, err = process.communicate(stdin, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    run.start, run.url_of = start, url_of
    return run


def url_of(database: str) -> str:
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{database}").geturl()
