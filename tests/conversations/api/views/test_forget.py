"""DELETE /api/conversations/{id}: a person is forgotten."""

import pytest

from conversations.forgetting.tables import Erasure
from conversations.models import Conversation
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


GOES = {"conversations": 1, "messages": 3, "history": 0, "tags": 0, "threads": 0}


@pytest.mark.parametrize("value", ["1", "true"])
def test_dry_run_only_says_what_would_go(row, manager, value):
    answer = manager.delete(f"/api/conversations/{row.pk}?dry_run={value}")
    assert (answer.status_code, answer.json()) == (200, {"deleted": GOES})
    assert Conversation.objects.count() == 2
    assert not Erasure.objects.exists()


def test_it_says_what_went_and_is_gone(row, manager):
    address = f"/api/conversations/{row.pk}"
    assert manager.delete(address).json() == {"deleted": GOES}
    assert manager.get(address).status_code == manager.delete(address).status_code == 404
    assert Conversation.objects.count() == 1
    assert Erasure.objects.get().messages == 3


@pytest.mark.parametrize("query", ["dryrun=1", "dry_run=perhaps", "dry_run=1&dry_run=1"])
def test_what_is_not_understood_deletes_nothing(row, manager, query):
    assert manager.delete(f"/api/conversations/{row.pk}?{query}").status_code == 400
    assert Conversation.objects.count() == 2


def test_a_role_below_manager_is_told_so(row, tagger):
    answer = tagger.delete(f"/api/conversations/{row.pk}")
    assert (answer.status_code, answer.json()) == (403, {"error": "This needs the role manager on the Page."})
