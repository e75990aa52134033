from unittest.mock import patch

import pytest
from django.db import connection

from inbox.database import capacity

RESERVED = 3  # for superusers


@pytest.fixture
def allowed(db) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("is_near", [True, False])
def test_start_warns_where_the_connections_come_near_what_postgresql_allows(
    allowed, settings, caplog, monkeypatch, is_near
):
    settings.DATABASE_POOL_SIZE = allowed if is_near else 1
    monkeypatch.setattr(capacity, "NEAR", 0.9 if is_near else 100)  # other tests use the server, too
    with patch.object(connection, "close"):  # of the transaction of this test
        capacity.warn_if_near()
    lines = [one.getMessage() for one in caplog.records]
    assert len(lines) == is_near
    assert all("raise max_connections, or lower DATABASE_POOL_SIZE" in line for line in lines)
    assert all(f"PostgreSQL allows {allowed - RESERVED}" in line for line in lines)
