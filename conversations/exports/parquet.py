"""Parquet files, written row group by row group in bounded memory.

pyarrow writes them. It is optional, and large: it is imported when a file is written.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext_lazy as _

MISSING = _(
    "Parquet needs pyarrow, which is not installed here."
    " The administrator installs it: python3 inbox/install.py requirements-parquet.txt"
)
GROUP_ROWS = 50_000  # of a row group, at most
GROUP_LETTERS = 16_000_000
MAGIC = b"PAR1"  # at the beginning and at the end of a file
FILLER = bytes(1 << 20)

Columns = Mapping[str, str]  # the names of types by the names of columns, in their order


def is_available() -> bool:
    return find_spec("pyarrow") is not None


@cache
def schema_of(columns: tuple[tuple[str, str], ...]) -> Any:
    import pyarrow

    types = {
        "integer": pyarrow.int64(),
        "boolean": pyarrow.bool_(),
        "text": pyarrow.string(),
        "texts": pyarrow.list_(pyarrow.string()),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }
    return pyarrow.schema([(name, types[kind]) for name, kind in columns])


class RowGroups:
    """Writes rows to an open file as row groups, and at the end the footer, which leads to them."""

    def __init__(self, columns: Columns, file: Any):
        from pyarrow import parquet

        self._schema = schema_of(tuple(columns.items()))
        # Neither indexes nor filters: they would stand between the row groups and the footer.
        self._writer = parquet.ParquetWriter(
            file, self._schema, compression="zstd", write_page_index=False, store_schema=True
        )
        self._rows: list[Sequence] = []
        self._letters = 0

    def add(self, row: Sequence) -> None:
        """Add the values of a row, in the order of the columns."""
        self._rows.append(row)
        self._letters += sum(len(value) for value in row if isinstance(value, str))
        if len(self._rows) >= GROUP_ROWS or self._letters >= GROUP_LETTERS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that were added as a row group."""
        import pyarrow

        if self._rows:
            values = zip(*self._rows, strict=True)
            arrays = [pyarrow.array(one, kind) for one, kind in zip(values, self._schema.types, strict=True)]
            self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._letters = [], 0

    def close(self) -> None:
        self.flush()
        self._writer.close()


class Part:
    """A part of a file that begins at `position`: its row groups as bytes, and a footer for these alone.

    The offsets in a footer are positions in the whole file, so that footer_of() can unite those of all parts.
    """

    def __init__(self, columns: Columns, position: int = 0):
        import pyarrow

        self._sink = Sink()
        stream = pyarrow.PythonFile(self._sink, mode="w")
        self._groups = RowGroups(columns, stream)
        if position:  # the writer begins with MAGIC, which stands only at the beginning of the whole file
            self._sink.skip(stream, position - len(self._sink.take()))

    def pieces(self, rows: Iterable[Sequence]) -> Iterator[bytes]:
        """Add rows. Yield what was written of them."""
        for row in rows:
            self._groups.add(row)
            if piece := self._sink.take():
                yield piece

    def rest(self) -> bytes:
        """Write the rows that are left."""
        self._groups.flush()
        return self._sink.take()

    def footer(self) -> bytes:
        """End the part. Call rest() before it."""
        self._groups.close()
        return self._sink.take()


class Sink(io.RawIOBase):
    """A file that keeps what was written to it until take()."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._is_skipping = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self._is_skipping:
            self._written.append(bytes(data))
        return len(data)

    def skip(self, stream: Any, size: int) -> None:
        """Let the stream of pyarrow that writes to this be at a position: it counts what is written to it."""
        self._is_skipping = True
        for start in range(0, size, len(FILLER)):
            stream.write(FILLER[: size - start])
        self._is_skipping = False

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def footer_of(footers: Iterable[bytes]) -> bytes:
    """Unite the footers of all parts of a file, in their order; there must be one."""
    import pyarrow
    from pyarrow import parquet

    first, *others = (parquet.read_metadata(pyarrow.BufferReader(footer)) for footer in footers)
    for other in others:
        first.append_row_groups(other)
    written = io.BytesIO()
    first.write_metadata_file(written)
    return written.getvalue()[len(MAGIC) :]
