"""pytest plugin: run slow files first; --order-seed shuffles the files of each group.

Tests that share a browser or a web process follow each other, so that these are started once.
"""

import random
from itertools import groupby

import pytest

from tests.live.shared_web import uses_shared_web

# So that no worker has a long file left at the end: these files, then each of these folders, then all others.
LONGEST_FILES = {"test_crashes.py", "test_every_page.py", "test_fault_matrix.py", "test_openapi.py"}
LONG_FOLDERS = ["benchmarks", "crash", "upgrade", "live", "browser"]


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
        items.sort(key=lambda item: files.index(item.path))
    items.sort(key=rank)
    items[:] = [
        item
        for _, of_file in groupby(items, lambda item: item.path)
        for item in sorted(of_file, key=uses_shared_web)
    ]


def rank(item: pytest.Item) -> tuple[bool, int]:
    folder = item.path.parent.name
    place = LONG_FOLDERS.index(folder) if folder in LONG_FOLDERS else len(LONG_FOLDERS)
    return item.path.name not in LONGEST_FILES, place
