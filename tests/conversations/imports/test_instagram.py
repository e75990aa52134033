"""Threads of Instagram become complete where an archive has what Facebook does not show."""

import pytest

from conversations.imports import decisions
from conversations.models import ImportedThread, Page, Thread
from conversations.sync.coverage import describe_archives, month_ranges, take_coverage
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import START, messages_of, said, store, thread_of
from tests.conversations.webhooks.test_with_sync import link_account
from tests.factories import UserFactory

DAY = 86_400
TEXTS = [(n * DAY, f"Message number {n}") for n in range(60)]


@pytest.fixture
def luna(page, world, shop):
    """Sixty messages, of which Instagram shows twenty."""
    link_account(page, shop)
    thread = world.add_conversation(shop, "Luna", messages=[], platform="instagram")
    for number, (second, text) in enumerate(TEXTS):
        world.add_message(thread, text, created_time=START + second, id=f"aWdf{number}")
    return thread


def archive(*numbers: int, **fields):
    own = [said(TEXTS[n][0] + 0.5, TEXTS[n][1]) for n in numbers]
    return thread_of("178", *own, name="Luna", platform="instagram", **fields)


def history() -> str:
    return Thread.objects.get().history


@pytest.mark.parametrize("import_first", [True, False])
def test_archive_completes_a_thread(page, luna, import_first):
    if import_first:
        store(page, archive(*range(50)))
    sync_conversations(page)
    if not import_first:
        assert history() == "truncated"
        store(page, archive(*range(50)))
    assert history() == "complete"
    thread = Thread.objects.get()
    assert [text for *_, text in messages_of(thread.conversation)] == [text for _, text in TEXTS]
    assert thread.held_count == 60
    sync_conversations(Page.objects.get(pk=page.pk), full=True)
    assert history() == "complete"


@pytest.mark.parametrize(
    "own",
    [archive(*range(30)), archive(*range(10, 50)), archive(*range(50), gaps=(2,))],
    ids=["it ends before", "it begins late", "a part is missing"],
)
def test_archive_that_leaves_a_gap_completes_nothing(page, luna, own):
    sync_conversations(page)
    store(page, own)
    for thread in ImportedThread.objects.filter(suggestions__isnull=False):
        decisions.accept(thread, Thread.objects.get().conversation, actor=UserFactory())
    assert history() == "truncated"


def test_thread_is_truncated_again_without_the_archive(page, luna):
    sync_conversations(page)
    store(page, archive(*range(50)))
    decisions.take_out(ImportedThread.objects.get(), actor=UserFactory())
    thread = Thread.objects.get()
    assert (thread.history, thread.held_count) == ("truncated", 20)


def test_ledger_says_which_months_come_from_where(page, luna):
    sync_conversations(page)
    store(page, archive(*range(50)))
    page.refresh_from_db()
    coverage = take_coverage(page)
    assert coverage["archives"] == {"2024-05": [31, 0], "2024-06": [9, 20]}
    assert describe_archives(coverage) == [
        "Archives brought 40 messages that Facebook does not show",
        "From archives alone: 2024-05",
        "From archives and Facebook: 2024-06",
    ]


def test_months_are_named_as_ranges():
    assert month_ranges(["2020-12", "2021-01", "2019-03", "2021-02"]) == "2019-03, 2020-12 to 2021-02"
