import pytest
from django.db import connection

from tests.conversations.sync.conftest import add_threads, by_cursor, small_batches, sync  # noqa: F401 - fixtures


@pytest.fixture
def traces():
    """Return the tables of the database that have this text in any row."""

    def find(text: str) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = [name for (name,) in cursor.fetchall()]
            matches = []
            for table in tables:
                name = connection.ops.quote_name(table)
                rows = f"SELECT FROM {name} AS row WHERE row::text LIKE %s LIMIT 1"
                cursor.execute(rows, [f"%{text}%"])
                if cursor.rowcount:
                    matches.append(table)
        return sorted(matches)

    return find
