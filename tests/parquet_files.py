"""Reads Parquet files in tests. pyarrow is optional for an installation; `make test` installs it."""

import io
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NEEDS_PYARROW = pytest.mark.skipif(
    find_spec("pyarrow") is None and not os.environ.get("CI"),
    reason="pyarrow is missing: python3 inbox/install.py requirements-dev.txt",
)


def table_of(source: bytes | Path) -> Any:
    """Return the table of a file, or of all files in a folder."""
    from pyarrow import parquet

    return parquet.read_table(io.BytesIO(source) if isinstance(source, bytes) else source)


def rows_of(source: bytes | Path) -> list[dict]:
    return table_of(source).to_pylist()


def row_groups_of(content: bytes) -> int:
    from pyarrow import parquet

    return parquet.read_metadata(io.BytesIO(content)).num_row_groups
