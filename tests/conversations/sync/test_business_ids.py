"""The business appears under IDs that the Page does not have: every thread still gets its own customer."""

import itertools
import random
import time
import uuid
from datetime import UTC, datetime

import pytest

from conversations.models import Conversation, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import Person
from tests.conversations.sync.copies import row_versions
from tests.factories import TagFactory

pytestmark = pytest.mark.django_db

ACCOUNT = "17841400000000001"
OTHER = Person("9082000000000001", "", "demoshop")
ANA, BEN, CARL = (Person(f"88000{n}", "", f"{name}.demo") for n, name in enumerate(("ana", "ben", "carl"), 1))


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", "Demo Shop", instagram_id=ACCOUNT, instagram_username="demoshop")


@pytest.fixture
def page(page):
    page.instagram_account_id = ACCOUNT
    page.save()
    return page


def shown(person: Person, **fields: str) -> dict[str, str]:
    named = {"username": person.username} if person.username else {"name": person.name or ""}
    return {"id": person.id, **{key: value for key, value in named.items() if value}, **fields}


@pytest.fixture
def add_thread(world, shop):
    """Add a thread with these participants, in which the customer and the business wrote in turns."""
    minutes = itertools.count(1)

    def add(customer: Person, *people: dict, business: Person = OTHER, messages: int = 2, **fields):
        end = world.clock.now() - 60 * next(minutes)
        thread = world.add_conversation(
            shop, customer, messages, updated_time=end, platform=fields.pop("platform", "instagram"), **fields
        )
        for message in thread.history:
            if message.sender is thread.business:
                message.raw = {"from": shown(business), "to": None}
            else:
                message.raw = {"from": shown(customer), "to": None}
        thread.raw = {"participants": {"data": list(people)}, "senders": None}
        return thread

    return add


def stored(page) -> dict[str, tuple[str, list[str]]]:
    """Return the names and the kinds of messages by sender."""
    return {
        row.sender_id: (
            row.sender_name,
            [event.kind.removeprefix("message_") for event in row.events.order_by("occurred_at")],
        )
        for row in page.conversations.all()
    }


def sync_newest(sync, threads) -> None:
    """Move these threads to the top of the list, and sync."""
    for thread in threads:
        thread.page.listing(thread.platform).remove(thread)
        thread.updated_time = time.time()
        thread.page.listing(thread.platform).place(thread)
    assert sync().status == "complete"


SENT, RECEIVED = "sent", "received"
BOTH = [RECEIVED, SENT]


# -- a first sync ------------------------------------------------------------------------------------------
def test_second_id_of_the_account_is_the_business(sync, page, add_thread):
    add_thread(ANA, shown(OTHER, user_id=ACCOUNT), shown(ANA))
    add_thread(BEN, shown(OTHER), shown(BEN))
    assert sync().status == "complete"
    assert stored(page) == {ANA.id: ("ana.demo", BOTH), BEN.id: ("ben.demo", BOTH)}
    page.refresh_from_db()
    assert page.business_aliases == {OTHER.id: {"source": "account", "applied": True}}
    assert [note for note in SyncRun.objects.get().notes if OTHER.id in note]
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


def test_user_name_of_the_account_is_the_business(sync, page, add_thread):
    Page.objects.update(instagram_username="DemoShop")
    add_thread(ANA, shown(OTHER), shown(ANA))
    sync()
    assert stored(page) == {ANA.id: ("ana.demo", BOTH)}


def test_customer_who_has_the_former_user_name_of_the_business_stays_a_customer(sync, page, add_thread, shop):
    Page.objects.update(instagram_username="ana.demo")
    account = Person(ACCOUNT, "", "demoshop")
    add_thread(ANA, shown(account), shown(ANA), business=account)
    sync()
    assert stored(page) == {ANA.id: ("ana.demo", BOTH)}


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_id_in_threads_with_several_people_is_the_business(
    sync, page, add_thread, sandbox, platform, order, batch
):
    sandbox.switches.max_limit = batch
    former = Person("800000000000001", "Old Shop")
    people = [Person(str(n), name) for n, name in ((31, "Ana"), (7, "Ben"), (900000000000009, "Carl"))]
    for person in people:
        add_thread(person, *[shown(former), shown(person)][::order], business=former, platform=platform)
    assert sync().status == "complete"
    assert stored(page) == {person.id: (person.name, BOTH) for person in people}
    assert not page.threads.exclude(people=None).exists()
    assert list(page.threads.values_list("held_count", "state").distinct()) == [(2, "stored")]
    before = row_versions()
    again = sync(full=True)
    assert (again.status, again.events_created) == ("complete", 0)
    assert row_versions() == before


def test_business_that_only_writes_under_another_id_is_found(sync, page, add_thread):
    for person in (ANA, BEN):
        add_thread(person, {"id": ACCOUNT}, shown(person), business=Person("5555"))
    sync()
    assert stored(page) == {ANA.id: ("ana.demo", BOTH), BEN.id: ("ben.demo", BOTH)}


def test_discovery_in_a_later_run_corrects_what_was_stored(sync, page, add_thread, world):
    other = Person("5555")
    add_thread(ANA, {"id": ACCOUNT}, shown(ANA), business=other)
    sync()
    assert stored(page) == {ANA.id: ("ana.demo", [RECEIVED, RECEIVED])}
    world.touch(add_thread(BEN, {"id": ACCOUNT}, shown(BEN), business=other))
    sync()
    assert stored(page) == {ANA.id: ("ana.demo", BOTH), BEN.id: ("ben.demo", BOTH)}
    assert set(page.conversations.values_list("last_message_kind", flat=True)) == {"message_sent"}


# -- what is no business -----------------------------------------------------------------------------------
def test_customer_with_several_threads_is_a_customer(sync, page, add_thread):
    for _ in range(3):
        add_thread(ANA, {"id": ACCOUNT}, shown(ANA))
    add_thread(BEN, shown(OTHER), shown(BEN))
    add_thread(BEN, shown(BEN), shown(OTHER))
    sync()
    page.refresh_from_db()
    assert page.business_aliases.keys() <= {OTHER.id}
    assert ANA.id in stored(page)


def test_member_of_several_groups_is_a_customer(sync, page, add_thread):
    add_thread(ANA, {"id": ACCOUNT}, shown(ANA), shown(BEN), business=Person(ACCOUNT))
    add_thread(ANA, {"id": ACCOUNT}, shown(CARL), shown(ANA), business=Person(ACCOUNT))
    add_thread(ANA, {"id": ACCOUNT}, shown(ANA), business=Person(ACCOUNT))
    sync()
    page.refresh_from_db()
    assert page.business_aliases == {}
    assert list(stored(page)) == [ANA.id]


def test_customer_who_met_two_ids_of_the_business_is_a_customer(sync, page, add_thread, sandbox):
    sandbox.switches.max_limit = 1
    second = Person("444", "", "demoshop")
    add_thread(ANA, shown(OTHER), shown(ANA))
    add_thread(ANA, shown(ANA), shown(second), business=second)
    add_thread(BEN, shown(OTHER), shown(BEN))
    add_thread(CARL, shown(CARL), shown(second), business=second)
    assert sync().status == "complete"
    assert stored(page).keys() == {ANA.id, BEN.id, CARL.id}
    page.refresh_from_db()
    assert page.business_aliases.keys() == {OTHER.id, second.id}


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("seed", range(4))
def test_customer_who_wrote_first_to_two_unknown_ids_is_a_customer(
    sync, page, add_thread, sandbox, batch, seed
):
    """The two IDs have different names and come before any other customer: Ana looks like the business."""
    sandbox.switches.max_limit = batch
    former = [Person("444", "Old Shop"), Person("800000000000002", "Older Shop")]
    people = [ANA, BEN, CARL]
    rest = [(person, business) for person in people[1:] for business in former]
    random.Random(seed).shuffle(rest)
    for person, business in [(ANA, former[0]), (ANA, former[1]), *rest]:
        add_thread(person, shown(business), shown(person), business=business)
    assert sync().status == "complete"
    kinds = {key: (name, sorted(each)) for key, (name, each) in stored(page).items()}
    assert kinds == {person.id: (person.username, sorted(BOTH * 2)) for person in people}
    page.refresh_from_db()
    assert page.business_aliases.keys() == {person.id for person in former}
    assert sync(full=True).status == "complete"
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("own", ["9082000000000001", "44"])
def test_id_beside_two_customers_is_the_business(sync, page, add_thread, sandbox, batch, own):
    sandbox.switches.max_limit = batch
    former = Person(own, "Old Shop")
    for person in (ANA, BEN):
        add_thread(person, shown(former), shown(person), business=former)
    assert sync().status == "complete"
    assert stored(page) == {ANA.id: ("ana.demo", BOTH), BEN.id: ("ben.demo", BOTH)}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


# -- a person whom an earlier run took for the business ----------------------------------------------------
@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("is_alone", [True, False])
def test_full_run_takes_a_wrong_decision_back(sync, page, add_thread, world, sandbox, batch, is_alone):
    """Ana's threads show her beside the business, and beside at most one other person."""
    sandbox.switches.max_limit = batch
    account = Person(ACCOUNT, "", "demoshop")
    own = add_thread(ANA, shown(account), shown(ANA), business=account)
    add_thread(BEN, shown(account), shown(BEN), business=account)
    if not is_alone:
        add_thread(CARL, shown(CARL), shown(ANA), business=ANA)
    sync()
    Page.objects.update(business_aliases={ANA.id: {"source": "threads", "applied": False}})
    world.add_message(own, "News").raw = {"from": shown(ANA), "to": None}
    assert sync().status == "complete"
    assert not InteractionEvent.objects.filter(kind="message_received", data__from__id=ANA.id).exists()
    assert sync(full=True).status == "complete"
    kinds = stored(page)
    assert kinds[ANA.id] == ("ana.demo", [*BOTH, RECEIVED])
    assert kinds[BEN.id] == ("ben.demo", BOTH)
    assert page.conversations.get(sender_id=ANA.id).last_message_kind == "message_received"
    assert page.threads.get(graph_id=own.id).state == "stored"
    assert [note for note in SyncRun.objects.latest("pk").notes if f"{ANA.id} is a person" in note]
    page.refresh_from_db()
    assert page.business_ids == {page.facebook_page_id, ACCOUNT}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


@pytest.mark.parametrize("batch", [1, 100])
def test_customer_who_was_taken_for_the_business_is_found_by_a_full_run(
    sync, page, add_thread, sandbox, batch
):
    """Ana wrote to two unknown IDs. An incremental run decides with what it sees; the others write later."""
    sandbox.switches.max_limit = batch
    account = Person(ACCOUNT, "", "demoshop")
    add_thread(
        Person("99", "", "dora.demo"), {"id": ACCOUNT}, shown(Person("99", "", "dora.demo")), business=account
    )
    sync()
    former = [Person("444", "Old Shop"), Person("800000000000002", "Older Shop")]
    touched = [add_thread(ANA, shown(each), shown(ANA), business=each) for each in former]
    for thread in touched:
        thread.page.listing(thread.platform)
    sync_newest(sync, touched)
    page.refresh_from_db()
    assert page.business_aliases.keys() == {ANA.id}
    later = [
        add_thread(person, shown(each), shown(person), business=each)
        for person in (BEN, CARL)
        for each in former
    ]
    sync_newest(sync, later)
    assert sync(full=True).status == "complete"
    assert {key: (name, sorted(each)) for key, (name, each) in stored(page).items() if key != "99"} == {
        person.id: (person.username, sorted(BOTH * 2)) for person in (ANA, BEN, CARL)
    }
    page.refresh_from_db()
    assert page.business_ids >= {each.id for each in former}
    assert ANA.id not in page.business_ids
    assert sync(full=True).status == "complete"
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


@pytest.mark.parametrize("batch", [1, 100])
def test_right_decision_stays_where_one_thread_is_left(sync, page, add_thread, world, sandbox, batch):
    sandbox.switches.max_limit = batch
    threads = [add_thread(person, shown(OTHER), shown(person)) for person in (ANA, BEN, CARL)]
    sync()
    for thread in threads[1:]:
        world.remove_conversation(thread)
    assert sync(full=True).status == "complete"
    page.refresh_from_db()
    assert OTHER.id in page.business_ids
    assert stored(page)[ANA.id] == ("ana.demo", BOTH)


# -- a database in which all customers were merged ---------------------------------------------------------
@pytest.fixture
def merge_all(page):
    """Store threads as earlier versions did: everybody in one conversation, named like the business."""

    def merge(*threads) -> Conversation:
        mixed = Conversation.objects.create(
            page=page,
            sender_id=OTHER.id,
            sender_name="demoshop",
            platform=threads[0].platform,
            graph_id=threads[0].id,
        )
        for thread in threads:
            store(mixed, thread, state="stored" if thread is threads[0] else "merged")
        Page.objects.update(last_synced_at="2026-01-01T00:00Z")
        return mixed

    def store(mixed: Conversation, thread, state: str) -> None:
        count = len(thread.history)
        Thread.objects.create(
            page=page,
            conversation=mixed,
            platform=thread.platform,
            graph_id=thread.id,
            state=state,
            history="complete",
            held_count=count,
            message_count=count,
            complete_until="2026-01-01T00:00Z",
        )
        InteractionEvent.objects.bulk_create(
            InteractionEvent(
                conversation=mixed,
                kind="message_received",
                graph_id=message.id,
                text=message.message or "",
                occurred_at=datetime.fromtimestamp(message.created_time, UTC),
                data={"from": message.raw["from"]},
            )
            for message in thread.history
        )

    return merge


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("mode", ["user_id", "threads"])
@pytest.mark.parametrize(("platform", "count"), [("instagram", 20), ("messenger", 60)])
def test_full_run_takes_the_people_apart(
    sync, page, add_thread, merge_all, sandbox, batch, mode, platform, count
):
    sandbox.switches.max_limit = batch
    proof = {"user_id": ACCOUNT} if mode == "user_id" else {}
    threads = [
        add_thread(ANA, shown(OTHER, **proof), shown(ANA), messages=count, platform=platform),
        add_thread(BEN, shown(OTHER), shown(BEN), messages=2, platform=platform),
        add_thread(CARL, shown(OTHER), shown(CARL), messages=1, platform=platform),
    ]
    merge_all(*threads)
    result = sync(full=True)
    assert result.status == "complete"
    assert stored(page).keys() == {ANA.id, BEN.id, CARL.id}
    received = InteractionEvent.objects.filter(kind="message_received").with_headers()
    assert received.count() == count // 2 + 1 + 1
    assert "demoshop" not in {event.full_data["from"].get("username") for event in received}
    names = dict(page.threads.values_list("graph_id", "conversation__sender_id"))
    assert names == {t.id: p.id for t, p in zip(threads, (ANA, BEN, CARL), strict=True)}
    assert dict(page.threads.values_list("graph_id", "held_count")) == {t.id: len(t.history) for t in threads}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before


def test_tags_go_to_the_only_person_who_had_written_and_others_are_listed(sync, page, add_thread, merge_all):
    threads = [add_thread(person, shown(OTHER), shown(person)) for person in (ANA, BEN)]
    mixed = merge_all(*threads)  # Ben wrote a minute before Ana
    first = datetime.fromtimestamp(threads[1].history[0].created_time, UTC)
    for name, moment in (("early", first), ("late", datetime.now(UTC))):
        row = mixed.tag_rows.create(tag=TagFactory(name=name), page=page, act=uuid.uuid4(), created_at=moment)
        mixed.events.create(kind="tag_added", occurred_at=moment, data={"act": str(row.act)})
    assert sync(full=True).status == "complete"
    assert stored(page).keys() == {ANA.id, BEN.id}
    ben = page.conversations.get(sender_id=BEN.id)
    assert [row.tag.name for row in ben.tag_rows.all()] == ["early"]
    assert ben.events.filter(kind="tag_added").count() == 1
    assert page.conversations.get(sender_id=ANA.id).tag_rows.count() == 0
    (note,) = [note for note in SyncRun.objects.latest("pk").notes if "tags" in note]
    assert note.endswith(": late.")
    (record,) = page.removed_conversations.all()
    assert (record.kind, len(record.details["events"])) == ("separated", 1)


def test_everything_of_a_single_person_stays_together(sync, page, add_thread, merge_all):
    mixed = merge_all(add_thread(ANA, shown(OTHER, user_id=ACCOUNT), shown(ANA)))
    mixed.tag_rows.create(tag=TagFactory(), page=page, act=uuid.uuid4())
    Conversation.objects.update(conversation_status="done")
    assert sync(full=True).status == "complete"
    row = page.conversations.get()
    assert (row.pk, row.sender_id, row.sender_name) == (mixed.pk, ANA.id, "ana.demo")
    assert (row.tag_rows.count(), row.conversation_status) == (1, "done")
    assert stored(page) == {ANA.id: ("ana.demo", BOTH)}


def test_messages_that_name_nobody_stay_where_they_are(sync, page, add_thread, merge_all):
    mixed = merge_all(*(add_thread(person, shown(OTHER), shown(person)) for person in (ANA, BEN)))
    mixed.events.create(
        kind="message_received", graph_id="m_lost", occurred_at=datetime.now(UTC), data={"from": shown(OTHER)}
    )
    assert sync(full=True).status == "complete"
    assert stored(page).keys() == {ANA.id, BEN.id, OTHER.id}
    assert mixed.events.get().graph_id == "m_lost"
    assert [note for note in SyncRun.objects.latest("pk").notes if "1 messages that name no customer" in note]


# -- any order ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_answers_and_runs_gives_the_same_rows(sync, page, add_thread, sandbox, world, seed):
    chance = random.Random(seed)
    account = Person(ACCOUNT, "", "demoshop")
    people = [Person(str(60 + 900 ** chance.randint(0, 3) + n), "", f"customer{n}") for n in range(5)]
    plan = [(person, business) for person in people for business in (account, OTHER, OTHER)]
    chance.shuffle(plan)
    for person, business in plan:
        listed = [shown(business), shown(person)]
        chance.shuffle(listed)
        world.touch(add_thread(person, *listed, business=business))
        if chance.random() < 0.3:
            sandbox.switches.max_limit = chance.choice([1, 2, 100])
            assert sync(full=chance.random() < 0.5).status == "complete"
    assert sync(full=True).status == "complete"
    assert stored(page).keys() == {person.id for person in people}
    for _, kinds in stored(page).values():
        assert sorted(kinds) == [RECEIVED] * 3 + [SENT] * 3
    page.refresh_from_db()
    assert page.business_aliases.keys() == {OTHER.id}
    assert set(page.threads.values_list("held_count", flat=True)) == {2}
    before = row_versions()
    assert sync(full=True).status == "complete"
    assert row_versions() == before
