"""DELETE /api/conversations/{id} deletes a person."""

import pytest

from conversations.models import Conversation
from conversations.models.privacy import Erasure
from tests.factories import ConversationFactory, EventFactory, api, member


@pytest.fixture
def row(page):
    row = ConversationFactory(page=page)
    EventFactory.create_batch(3, conversation=row)
    ConversationFactory(page=page)
    return row


@pytest.fixture
def manager(page):
    return api(member(page, "manager"))


COUNTS = {"conversations": 1, "messages": 3, "history": 0, "tags": 0, "threads": 0}


@pytest.mark.parametrize("value", ["1", "true"])
def test_dry_run_counts_without_deleting(row, manager, value):
    answer = manager.delete(f"/api/conversations/{row.pk}?dry_run={value}")
    assert (answer.status_code, answer.json()) == (200, {"deleted": COUNTS})
    assert Conversation.objects.count() == 2
    assert not Erasure.objects.exists()


def test_delete_returns_the_counts_and_removes_the_person(row, manager):
    address = f"/api/conversations/{row.pk}"
    assert manager.delete(address).json() == {"deleted": COUNTS}
    assert manager.get(address).status_code == manager.delete(address).status_code == 404
    assert Conversation.objects.count() == 1
    assert Erasure.objects.get().messages == 3


@pytest.mark.parametrize("query", ["dryrun=1", "dry_run=perhaps", "dry_run=1&dry_run=1"])
def test_invalid_parameter_deletes_nothing(row, manager, query):
    assert manager.delete(f"/api/conversations/{row.pk}?{query}").status_code == 400
    assert Conversation.objects.count() == 2


def test_role_below_manager_is_refused(row, tagger):
    answer = tagger.delete(f"/api/conversations/{row.pk}")
    assert (answer.status_code, answer.json()) == (403, {"error": "This needs the role manager on the Page."})
