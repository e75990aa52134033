"""pytest plugin: those files first that take longest, and with --order-seed each kind in a random order."""

import random

import pytest

# At the end no worker waits for the other.
LONG = {"benchmarks", "browser", "live", "murder"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--order-seed", type=int, help="the files in a random order: the same for the same seed")


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("order_seed")
    return None if seed is None else f"files in random order: --order-seed {seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """After pytest-django, which puts transactional tests last: that is kept within each file."""
    if (seed := config.getoption("order_seed")) is not None:
        files = sorted({item.path for item in items})
        random.Random(seed).shuffle(files)  # an order to be had again, no secret
        items.sort(key=lambda item: files.index(item.path))
    items.sort(key=lambda item: item.path.parent.name not in LONG)
