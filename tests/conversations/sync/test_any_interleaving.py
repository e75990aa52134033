"""Any interleaving of answers, runs and kills gives the same rows in the same order.

Each example is a tiny inbox: its messages arrive between runs of any kind and size, some runs are killed, and
Facebook shows everything in other forms. The copy must be what Facebook shows, whatever came first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

from conversations import models
from conversations.models import Conversation, InteractionEvent
from conversations.sandbox import Person, SandboxServer, World
from conversations.sandbox.data.facebook_page import Page, Thread
from conversations.sandbox.responses.variations import TIME_FORMATS, written_time
from conversations.sync.crawl.folders import FOLDERS
from conversations.sync.service import SyncResult, sync_conversations
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.test_interruptions import StopAt
from tests.seeds import MORE, SEED

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_795_000_000
ACCOUNT = "17841400000000001"
PLATFORMS = ("messenger", "instagram")
MOST_MESSAGES = {"messenger": 36, "instagram": 18}  # Instagram shows no more than 20
UNUSABLE: list[Any] = ["soon", None, 0, "", "0001-01-01T00:00:00+0000"]
FORMS = [form for form in TIME_FORMATS if form != "missing"]


def examples(count: int):
    """Draw that many examples, by a seed that is printed if one fails."""

    def decorate(test):
        limits = settings(
            max_examples=count * MORE,
            database=None,
            report_multiple_bugs=False,
            deadline=None,
            phases=[Phase.generate],  # shrinking takes minutes
            suppress_health_check=list(HealthCheck),
        )
        return seed(SEED)(limits(given(st.data())(test)))

    return decorate


@dataclass
class Inbox:
    """A Page at Facebook and the same one at ours, with the choices of one example."""

    world: World
    shop: Page
    sandbox: SandboxServer
    page: models.Page
    draw: Any
    second: int = START
    threads: list[Thread] = field(default_factory=list)
    people: dict[str, list[str]] = field(default_factory=dict)  # the IDs of each customer, by name
    times: dict[str, int] = field(default_factory=dict)  # what is right, by message

    def add_thread(self, name: str, platform: str, **fields: Any) -> Thread:
        username = name.lower().replace(" ", ".")
        person = Person(self.people[name][-1], name, username)
        thread = self.world.add_conversation(
            self.shop, person, [], platform=platform, updated_time=self.second, **fields
        )
        self.threads.append(thread)
        self.add_messages(thread)
        return thread

    def add_messages(self, thread: Thread) -> None:
        """Messages of this and the next seconds; some of them have a time that is of no use."""
        space = MOST_MESSAGES[thread.platform] - len(thread.history)
        for _ in range(self.draw(st.integers(1, max(1, space // 3))) if space > 0 else 0):
            self.second += self.draw(st.sampled_from([0, 0, 1]))
            message = self.world.add_message(
                thread, f"{len(self.times)}", from_page=self.draw(st.booleans()), created_time=self.second
            )
            older = thread.history[len(thread.history) - 2] if len(thread.history) > 1 else None
            is_usable = older is None or self.draw(st.integers(0, 5)) > 0
            self.times[message.id] = self.second if is_usable or older is None else self.times[older.id]
            form = self.draw(st.sampled_from(FORMS))
            time = written_time(self.second, form, message.id)
            message.raw = {"created_time": time if is_usable else self.draw(st.sampled_from(UNUSABLE))}

    def change_forms(self) -> None:
        """How much an answer has, how the lists go on, and in which order people stand."""
        switches = self.sandbox.switches
        switches.max_limit = self.draw(st.sampled_from([1, 2, 3, None]))
        switches.max_nested_limit = self.draw(st.sampled_from([1, 3, 8, None]))
        switches.participants_order = self.draw(
            st.sampled_from(["customer first", "business first", "varies"])
        )
        switches.message_paging = self.draw(st.sampled_from(["cursors", "time"]))
        switches.cursors_follow = self.draw(st.sampled_from(["position", "item"]))
        switches.short_pages = self.draw(st.sampled_from([0, 2]))
        switches.empty_pages = self.draw(st.sampled_from([0, 3]))
        switches.updated_ms = self.draw(st.sampled_from(["honoured", "ignored", "refused"]))

    def sync(self, **options: Any) -> SyncResult:
        return sync_conversations(models.Page.objects.get(pk=self.page.pk), **options)

    def sync_in_any_way(self) -> None:
        """One run, which may be killed after any of its commits."""
        options: dict[str, Any] = {"full": self.draw(st.booleans())}
        if self.draw(st.booleans()):
            options["on_progress"] = StopAt(self.draw(st.integers(1, 12)))
        status = self.sync(**options).status
        event(f"a run is {status}")
        assert status in ("complete", "interrupted")

    def play(self, act: Any = lambda: None) -> None:
        """Let messages arrive and `act` change something, and sync, a few times; then sync everything."""
        for _ in range(self.draw(st.integers(1, 3))):
            for thread in self.threads:
                if self.draw(st.booleans()):
                    self.add_messages(thread)
            act()
            self.change_forms()
            self.sync_in_any_way()
        self.change_forms()
        assert self.sync(full=True).status == "complete"
        before = row_versions()
        assert self.sync(full=True).status == "complete"
        assert row_versions() == before

    def check(self) -> None:
        """Assert that each person has one conversation, with all messages in Facebook's order."""
        rows = {row.sender_name.replace(".", " ").title(): row for row in Conversation.objects.all()}
        assert len(rows) == Conversation.objects.count()
        assert rows.keys() == self.people.keys()
        for name, row in rows.items():
            ids = {row.sender_id, *row.aliases.values_list("sender_id", flat=True)}
            assert ids <= set(self.people[name])
            own = [each for each in self.threads if each.customer and each.customer.id in self.people[name]]
            self._check_messages(row, own)

    def _check_messages(self, row: Conversation, threads: list[Thread]) -> None:
        stored = list(row.events.filter(kind__startswith="message").newest_first())
        assert len(stored) == sum(len(thread.history) for thread in threads)
        kinds = {one.graph_id: one.kind for one in stored}
        times = {one.graph_id: one.occurred_at.timestamp() for one in stored}
        for thread in threads:
            history = thread.history.newest(0, len(thread.history))
            names = [message.id for message in history]
            shown = [message.message for message in history]
            assert [one.text for one in stored if one.graph_id in names] == shown
            assert {name: times[name] for name in names} == {name: self.times[name] for name in names}
            assert kinds == kinds | {
                message.id: "message_sent" if thread.is_business(message.sender) else "message_received"
                for message in history
            }
        counts = {thread.graph_id: thread.held_count for thread in row.threads.all()}
        assert counts == {thread.id: len(thread.history) for thread in threads}


@contextmanager
def inbox(settings: Any, data: Any, **names: str) -> Iterator[Inbox]:
    world = World()
    shop = world.add_page(
        "900000000000001", "Demo Shop", instagram_id=ACCOUNT, instagram_username="demoshop", **names
    )
    with SandboxServer(world) as sandbox:
        settings.GRAPH_API_URL = sandbox.url
        settings.GRAPH_CALLS_PER_SECOND, settings.GRAPH_RETRY_SECONDS = 0, 0.001
        page = models.Page.objects.create(
            facebook_page_id=shop.id,
            name=shop.name,
            access_token=shop.token,
            instagram_account_id=ACCOUNT,
            capabilities={name: {"folders": dict.fromkeys(FOLDERS, "refused")} for name in PLATFORMS},
        )
        try:
            yield Inbox(world, shop, sandbox, page, data.draw)
        finally:
            models.Page.objects.all().delete()


@pytest.fixture(autouse=True)
def printed_seed():
    print(f"SEED={SEED}")  # noqa: T201 - shown if the test fails


# -- the order of messages, and their times ----------------------------------------------------------------
@examples(10)
def test_messages_stand_in_facebooks_order_and_have_their_times(settings, data):
    with inbox(settings, data) as one:
        for number in range(data.draw(st.integers(1, 3))):
            name = f"Customer {'ABC'[number]}"
            one.people[name] = [f"700000000000000{number}"]
            one.add_thread(name, data.draw(st.sampled_from(PLATFORMS)))
        one.play()
        one.check()


# -- whose the threads are ---------------------------------------------------------------------------------
@examples(6)
def test_each_person_has_one_conversation_under_any_ids(settings, data):
    """People have several threads and get other IDs, in old messages too or in new ones alone."""
    with inbox(settings, data) as one:
        platform = data.draw(st.sampled_from(PLATFORMS))
        for number in range(data.draw(st.integers(1, 3))):
            name = f"Customer {'ABC'[number]}"
            one.people[name] = [f"70000000000000{number}0"]
            for _ in range(data.draw(st.integers(1, 2))):
                one.add_thread(name, platform)
        first = {name: ids[0] for name, ids in one.people.items()}

        def give_another_id() -> None:
            """To a person whose first ID was synced: only then can it be told that it is the same person."""
            known = set(InteractionEvent.objects.values_list("conversation__sender_id", flat=True).distinct())
            # Draw first: what is stored after a kill differs from time to time.
            is_due, in_messages = data.draw(st.booleans()), data.draw(st.booleans())
            name = data.draw(st.sampled_from(list(one.people)))
            own = [each for each in one.threads if each.customer and each.customer.name == name]
            if is_due and first[name] in known:
                one.people[name].append(f"{int(first[name]) + len(one.people[name])}")
                for thread in own:
                    one.world.change_person_id(thread, one.people[name][-1], in_messages=in_messages)
            for thread in own:
                one.add_messages(thread)

        one.play(give_another_id)
        one.check()


@examples(5)
def test_business_under_an_unknown_id_is_never_a_customer(settings, data):
    """Three people or more, some of whose threads show the business under another ID."""
    with inbox(settings, data) as one:
        platform = data.draw(st.sampled_from(PLATFORMS))
        own = {"messenger": one.shop.id, "instagram": ACCOUNT}[platform]
        former = Person(
            data.draw(st.sampled_from(["800000000000001", "31", "9082000000000001"])), "Old Shop", "oldshop"
        )
        one.shop.former_identities.append(former)
        for number in range(data.draw(st.integers(3, 5))):
            name = f"Customer {'ABCDE'[number]}"
            one.people[name] = [
                data.draw(st.sampled_from(["70", "7000000000000", "99999999999999999"])) + f"{number}"
            ]
            is_former = number < 3 or data.draw(st.booleans())
            one.add_thread(name, platform, **{"identity": former} if is_former else {})
        one.play()
        one.check()
        one.page.refresh_from_db()
        assert one.page.business_aliases.keys() == {former.id}
        assert own not in one.page.business_aliases
        assert {thread.history for thread in models.Thread.objects.all()} == {models.Thread.History.COMPLETE}
