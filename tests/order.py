"""pytest plugin: run slow files first; --order-seed shuffles the files of each group.

Tests that share a browser or a web process follow each other, so that these are started once.
"""

import random
from itertools import groupby

import pytest

from tests.live.shared_web import uses_shared_web

# So that no worker has a long file left at the end: the longest files, each of these folders, then other long
# files, then the rest.
LONGEST_FILES = {"test_crashes.py", "test_every_page.py", "test_fault_matrix.py", "test_openapi.py"}
LONG_FOLDERS = ["benchmarks", "load", "crash", "deploy", "upgrade", "live", "clients", "browser"]
LONG_FILES = {
    "test_against_naive_search.py",
    "test_business_ids.py",
    "test_endless_lists.py",
    "test_folders.py",
    "test_interruptions.py",
    "test_page_pool.py",
    "test_platforms.py",
    "test_request_counts.py",
    "test_roles.py",
    "test_syncconversations.py",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order-seed", type=int, help="the files in a random order: the same for the same seed")


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("order_seed")
    return None if seed is None else f"files in random order: --order-seed {seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Runs after pytest-django, whose order within a file (transactional tests last) is kept."""
    if (seed := config.getoption("order_seed")) is not None:
        files = sorted({item.path for item in items})
        random.Random(seed).shuffle(files)  # reproducible, not secret
        places = {path: place for place, path in enumerate(files)}
        items.sort(key=lambda item: places[item.path])
    items.sort(key=rank)
    items[:] = [
        item
        for _, of_file in groupby(items, lambda item: item.path)
        for item in sorted(of_file, key=uses_shared_web)
    ]


def rank(item: pytest.Item) -> tuple[bool, int]:
    folder = item.path.parent.name
    if folder in LONG_FOLDERS:
        place = LONG_FOLDERS.index(folder)
    else:
        place = len(LONG_FOLDERS) + (item.path.name not in LONG_FILES)
    return item.path.name not in LONGEST_FILES, place
