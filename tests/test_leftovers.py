"""Each of these runs twice, and leaves rows where Django's own cleaning does not look."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.connections.shared_budget import STATEMENTS
from conversations.tasks import request_sync
from tests.factories import PageFactory
from tests.leftovers import filled_of

run_twice = pytest.mark.parametrize("run", ["first", "second"])


@pytest.mark.django_db(transaction=True)
@run_twice
def test_jobs_of_a_transactional_test_are_gone(beside, empty_tables, run):
    with beside.cursor() as cursor:
        assert filled_of(empty_tables, cursor) == {}
    request_sync(PageFactory(), trigger="api")
    assert ProcrastinateJob.objects.exists()


@pytest.mark.django_db
@run_twice
def test_rows_of_another_connection_are_gone(beside, empty_tables, run):
    with beside.cursor() as cursor:
        assert filled_of(empty_tables, cursor) == {}
        values = {"page": "1", "platform": "messenger", "gap": timedelta(1), "reason": ""}
        cursor.execute(STATEMENTS["close"], values)
        assert [*filled_of(empty_tables, cursor)] == ["public.conversations_callbudget"]
