"""Texts that earlier versions folded are folded again, in slices, and are found all the time."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from conversations.lib.folding import fold_by_former_rules
from conversations.models import Conversation
from conversations.models.search import MessageIndexChunk, Refolding
from conversations.search.index import refold
from conversations.search.index.message_index import index_pending
from tests.factories import ConversationFactory, EventFactory, PageFactory, api, member

LIST = "/api/conversations"
NAMES = ["Đặng", "新東京駅", "Anna", "O`Brien"]
MESSAGES = ["điện  thoại", "また東京タワーで", "plain text", "it`s here"]
FIRST, SECOND = 1, 0  # in fold_by_former_rules()


@pytest.fixture(params=[FIRST, SECOND], ids=["first rule", "second rule"])
def viewer(request, db, monkeypatch):
    """A reader of rows as an earlier version left them."""

    def fold_as_then(text: str) -> str:
        return fold_by_former_rules(text)[request.param]

    monkeypatch.setattr(refold, "SLICE", 1)
    page = PageFactory()
    for name, text in zip(NAMES, MESSAGES, strict=True):
        row = ConversationFactory(page=page, sender_name=name, last_message="")
        EventFactory(conversation=row, text=text)
    index_pending()
    for row in Conversation.objects.all():
        search = f"{fold_as_then(row.sender_name)}\n{fold_as_then(row.last_message)}"
        Conversation.objects.filter(pk=row.pk).update(search=search)
        chunk = MessageIndexChunk.objects.get(conversation=row)
        text = fold_as_then(row.events.get().text)
        MessageIndexChunk.objects.filter(pk=chunk.pk).update(text=text)
    Refolding.objects.create()
    return api(member(page))


def names(viewer, search: str, **parameters: str) -> list[str]:
    answer = viewer.get(LIST, {"search": search, **parameters})
    assert answer.status_code == 200, answer.content
    return [row["sender_name"] for row in answer.json()["conversations"]]


def assert_former_answers(viewer):
    assert names(viewer, "Đặng") == ["Đặng"]
    assert names(viewer, "新東京") == ["新東京駅"]
    assert names(viewer, "điện", search_in="messages") == ["Đặng"]
    assert names(viewer, "plain", search_in="messages") == ["Anna"]
    assert names(viewer, "O`Brien") == names(viewer, "it`s", search_in="messages") == ["O`Brien"]


def test_former_answers_go_on_until_all_texts_are_folded_again(viewer):
    assert_former_answers(viewer)
    assert names(viewer, "O'Brien") == names(viewer, "it's", search_in="messages") == []
    slices = 0
    while refold.refold_slice():
        slices += 1
        assert_former_answers(viewer)
    assert slices == len(NAMES)
    assert not Refolding.objects.exists()


@pytest.mark.parametrize("scan_rows", [1000, 0], ids=["by scanning", "by index"])
def test_afterwards_the_present_rule_finds_them(viewer, monkeypatch, scan_rows):
    for setting in ("SCAN_ROWS", "SCAN_ROWS_IN_MESSAGES"):
        monkeypatch.setattr(f"conversations.search.list_sql.{setting}", scan_rows)
    refold.refold(seconds=60)
    assert not Refolding.objects.exists()
    assert_former_answers(viewer)
    assert names(viewer, "dang") == ["Đặng"]
    assert names(viewer, "東京") == ["新東京駅"]
    assert names(viewer, "dien thoai", search_in="messages") == ["Đặng"]
    assert names(viewer, "東京", search_in="messages") == ["新東京駅"]
    assert names(viewer, "O'Brien") == names(viewer, "IT'S", search_in="messages") == ["O`Brien"]


def test_an_upgrade_starts_again_from_the_first_conversation(viewer):
    refold.refold_slice()
    assert Refolding.objects.get().position > 0
    migration = import_module("conversations.migrations.0125_refolding_signs")
    migration.start(apps, SimpleNamespace(connection=connection))
    assert Refolding.objects.get().position == 0


def test_conversations_with_plain_messages_are_not_indexed_again(viewer):
    before = set(MessageIndexChunk.objects.values_list("pk", flat=True))
    refold.refold(seconds=60)
    kept = MessageIndexChunk.objects.filter(pk__in=before)
    assert [chunk.text for chunk in kept] == ["plain text"]
