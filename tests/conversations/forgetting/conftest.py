import pytest
from django.db import connection

from tests.conversations.sync.conftest import add_threads, by_cursor, small_batches, sync  # noqa: F401 - fixtures


@pytest.fixture
def traces():
    """The tables of the whole database in which a row has this text anywhere."""

    def find(text: str) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = [name for (name,) in cursor.fetchall()]
            found = []
            for table in tables:
                name = connection.ops.quote_name(table)
                rows = f"SELECT FROM {name} AS row WHERE row::text LIKE %s LIMIT 1"
                cursor.execute(rows, [f"%{text}%"])
                if cursor.rowcount:
                    found.append(table)
        return sorted(found)

    return find
