"""/metrics of real processes: one answers for all of them, and nobody gets it through a proxy."""

import re

import requests

from tests.live.process import Web


def read(web: Web, **headers: str) -> requests.Response:
    return requests.get(f"{web.url}/metrics", headers=headers, timeout=60)


def value_of(text: str, pattern: str) -> float:
    return sum(float(number) for number in re.findall(rf"^{pattern} (\S+)$", text, re.MULTILINE))


def test_each_process_answers_for_all(web: Web, start_web, key):
    """The sums are right, whichever is asked: as with `uvicorn --workers 2`, where nobody can choose."""
    other = start_web()
    requests.get(f"{other.url}/api/pages", headers=key, timeout=60).raise_for_status()
    assert read(other).status_code == 200  # it stores its numbers when it is asked
    text = read(web).text
    processes = set(re.findall(r'inbox_process_memory_bytes\{process="([^"]+)"\}', text))
    assert len(processes) == 2
    assert value_of(text, r'inbox_http_requests_total\{[^}]*route="page-list"[^}]*status="200"\}') >= 1
    assert value_of(text, r"inbox_process_memory_bytes\{[^}]*\}") > 2 * 30e6
    assert value_of(text, r"inbox_pool_connections\{[^}]*\}") >= 2
    assert value_of(text, "inbox_database_up") == 1
