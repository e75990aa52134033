"""Other inputs of the same kinds as the cases in graph_samples/engine/: another platform, order or form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation, ConversationAlias, InteractionEvent, Page
from conversations.sandbox import ScriptedAnswer, faults
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.engine_cases import (
    ANA,
    INSTAGRAM_LISTS,
    LISTS,
    NEWEST,
    SHOP,
    edge,
    graph_time,
    listed,
    messages,
    thread,
)
from tests.conversations.sync.copies import row_versions

pytestmark = pytest.mark.django_db

ACCOUNT = "17841400000000001"
OWN = {"id": ACCOUNT, "username": "demoshop"}
ANA_DEMO, BEN_DEMO = ({"id": f"88000{n}", "username": f"{name}.demo"} for n, name in ((1, "ana"), (2, "ben")))
BOTH = ["message_received", "message_sent"]
Json = dict[str, Any]


@pytest.fixture
def instagram(page, sandbox) -> None:
    Page.objects.update(instagram_account_id=ACCOUNT, instagram_username="demoshop")
    sandbox.script.add(LISTS, {"data": []})


def talk(thread_id: str, person: Json, business: Json, count: int = 2, hours: int = 0) -> Json:
    """A thread in which both wrote in turns, a minute apart, the person last."""
    newest = NEWEST - timedelta(hours=hours)
    items = [
        {
            "id": f"{thread_id}_{n}",
            "created_time": graph_time(newest - timedelta(minutes=n)),
            "message": f"{n}",
            "from": (person, business)[n % 2],
        }
        for n in range(count)
    ]
    people = {"data": [business, person]}
    return {
        "id": thread_id,
        "updated_time": graph_time(newest),
        "participants": people,
        "messages": {"data": items},
    }


def customer(number: int) -> Json:
    return {"id": f"700000000000000{number}", "name": f"Customer {number}"}


def stored() -> dict[str, list[str]]:
    rows = Conversation.objects.prefetch_related("events")
    return {row.sender_id: sorted(event.kind for event in row.events.all()) for row in rows}


def order() -> list[str]:
    events = InteractionEvent.objects.filter(kind__startswith="message").newest_first()
    return [event.text for event in events]


def assert_settled(sync) -> None:
    before = row_versions()
    for full in (False, True):
        assert sync(full=full).status == "complete"
    assert row_versions() == before


# -- 02: the business under another ID ---------------------------------------------------------------------
def test_migrated_page_with_numbers_as_ids(sync, page, sandbox):
    old = {"id": 800000000000001, "name": "Demo Shop"}
    people = [{"id": 7000000000000001, "name": "Ana"}, {"id": 7000000000000002, "name": "Ben"}]
    threads = [talk(f"t_{n}", person, old, hours=n) for n, person in enumerate(people)]
    sandbox.script.add(LISTS, {"data": threads})
    assert sync().status == "complete"
    assert stored() == {str(person["id"]): BOTH for person in people}


def test_people_who_are_listed_as_senders_alone(sync, page, sandbox):
    old = {"id": "31", "name": "Old name"}
    threads = [talk(f"t_{n}", customer(n), old, hours=n) for n in range(4)]
    for each in threads:
        each["senders"] = each.pop("participants")
    sandbox.script.add(LISTS, {"data": threads})
    assert sync().status == "complete"
    assert stored() == {customer(n)["id"]: BOTH for n in range(4)}


def test_another_id_in_messages_alone(sync, page, sandbox, instagram):
    each = talk("aWdf1", ANA_DEMO, {"id": "9082000000000001", "username": "DemoShop"})
    each["participants"]["data"] = [OWN, ANA_DEMO]
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [each]})
    sync()
    assert stored() == {ANA_DEMO["id"]: BOTH}


# -- 12: the person under another ID -----------------------------------------------------------------------
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", ["ana.demo", "Instagram User", None])
def test_person_of_instagram_with_another_id(sync, page, sandbox, instagram, full, name):
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [talk("aWdf1", ANA_DEMO, OWN, 10)]})
    sync()
    later = talk("aWdf1", {"id": "990009", **({"username": name} if name else {})}, OWN, 11, hours=-1)
    for number, message in enumerate(later["messages"]["data"]):
        message["id"] = f"aWdf1_{number - 1}" if number else "aWdf1_new"
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [later]})
    assert sync(full=full).status == "complete"
    row = Conversation.objects.get()
    assert (row.sender_id, row.sender_name) == (ANA_DEMO["id"], "ana.demo")
    assert row.events.filter(kind__startswith="message").count() == 11
    assert ConversationAlias.objects.get().sender_id == "990009"


# -- 07, 08: lists without next, times in other forms ------------------------------------------------------
@pytest.mark.parametrize("paging", [None, {"cursors": {}}, {"previous": "https://graph.facebook.com/x"}])
def test_nested_messages_without_next(sync, page, sandbox, paging):
    items = messages(80)
    nested = {"data": items[:25]} | ({"paging": paging} if paging else {})
    sandbox.script.add(LISTS, {"data": [thread(nested, message_count="80")]})
    sandbox.script.add("/t_1/messages", edge(items))
    for _ in range(2):
        assert sync(full=True).status == "complete"
        assert InteractionEvent.objects.count() == 80
        assert len(sandbox.call_log.matching("/t_1/messages")) == 1, "once for this count"


def test_times_of_instagram_in_all_forms(sync, page, sandbox, instagram):
    each = talk("aWdf1", ANA_DEMO, OWN, 20)
    for number, message in enumerate(each["messages"]["data"]):
        second = 1795862400 - number
        forms = [second, f"{second}", second * 1000, f"{second}000", "<UNIX_TIMESTAMP>"]
        message["created_time"] = forms[number % len(forms)]
    each["updated_time"] = "<UNIX_TIMESTAMP>"
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [each]})
    assert sync().status == "complete"
    assert order() == [str(n) for n in range(20)]
    assert Conversation.objects.get().last_message_time == datetime.fromtimestamp(1795862400, UTC)
    assert_settled(sync)


def test_nothing_has_a_time(sync, page, sandbox):
    each = thread({"data": messages(3)}, message_count=3)
    del each["updated_time"]
    for message in each["messages"]["data"]:
        del message["created_time"]
    sandbox.script.add(LISTS, {"data": [each]})
    assert sync().status == "complete"
    assert order() == ["Message 3", "Message 2", "Message 1"]
    assert_settled(sync)


# -- 10: newer states --------------------------------------------------------------------------------------
def test_newer_states_of_instagram_in_a_full_run(sync, page, sandbox, instagram):
    before, after = talk("aWdf1", ANA_DEMO, OWN, 4), talk("aWdf1", ANA_DEMO, OWN, 4)
    before["messages"]["data"][1] |= {"is_unsupported": True, "message": ""}
    love = {"reaction": "love", "users": [{"id": "1"}]}
    before["messages"]["data"][2]["reactions"] = {"data": [love]}
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [before]})
    sync()
    image = {"id": "5", "mime_type": "image/png", "image_data": {"url": "https://x.example/1.png"}}
    after["messages"]["data"][0]["message"] = "Edited"
    after["messages"]["data"][1] |= {"attachments": {"data": [image]}, "message": ""}
    after["messages"]["data"][3]["shares"] = {"data": [{"link": "https://example.org/post"}]}
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [after]})
    sync(full=True)
    newest, readable, no_reaction, shared = InteractionEvent.objects.filter(
        kind__startswith="message"
    ).newest_first()
    assert (newest.text, readable.attachments) == ("Edited", [image])
    assert "is_unsupported" not in readable.data
    assert "reactions" not in no_reaction.data
    assert shared.data["shares"]
    assert InteractionEvent.objects.filter(kind="content_updated").count() == 4
    row = Conversation.objects.get()
    assert (row.last_message, "edited" in row.search) == ("Edited", True)
    assert_settled(sync)


# -- 06, 20, 21, 22: refusals, usage of others, links without cursors --------------------------------------
@pytest.mark.parametrize(("code", "subcode"), [(803, None), (100, 33)])
def test_thread_that_does_not_exist_for_a_while(sync, page, sandbox, code, subcode):
    items = messages(60)
    sandbox.script.add(LISTS, listed(items, message_count=60))
    error = {"message": "Some of the aliases you requested do not exist: t_1", "code": code}
    error |= {"error_subcode": subcode} if subcode else {}
    sandbox.script.add("/t_1/messages", ScriptedAnswer({"error": error}, 404))
    sync()
    sandbox.script.add("/t_1/messages", edge(items))
    assert sync(full=True).status == "complete"
    assert InteractionEvent.objects.count() == 60


@pytest.mark.parametrize("code", [3, 10, 230, 299])
def test_thread_of_instagram_that_is_refused(sync, page, sandbox, instagram, code):
    refused, other = talk("aWdf1", ANA_DEMO, OWN), talk("aWdf2", BEN_DEMO, OWN, hours=1)
    refused["messages"]["paging"] = {
        "cursors": {"after": "x"},
        "next": "https://graph.facebook.com/x?after=x",
    }
    sandbox.script.add(INSTAGRAM_LISTS, {"data": [refused, other]})
    error = {"message": f"(#{code}) Permissions error", "type": "OAuthException", "code": code}
    sandbox.script.add("/aWdf1/messages", ScriptedAnswer({"error": error}, 403))
    result = sync()
    page.refresh_from_db()
    assert (page.state, result.owed, result.status) == ("connected", 1, "complete_with_errors")
    assert stored() == {ANA_DEMO["id"]: BOTH, BEN_DEMO["id"]: BOTH}


@pytest.mark.parametrize(
    "usage",
    [
        '{"900000000000001": [{"type": "messenger", "call_count": 3},'
        ' {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 60}]}',
        '{"900000000000001": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 60}]}',
        '{"900000000000001": {"type": "ads_management", "call_count": 100}}',
        '{"900000000000001": [null, 5, {"type": 3}]}',
    ],
)
def test_full_counters_of_other_uses(sync, page, sandbox, usage):
    sandbox.script.add(LISTS, listed(messages(3)))
    sandbox.faults.add(faults.headers({"X-Business-Use-Case-Usage": usage}), times=None)
    assert sync().status == "complete"


@pytest.mark.parametrize("link", ["until=1476721922&__paging_token=enc_A", "offset=2&limit=2"])
def test_list_whose_link_has_no_cursor(sync, page, sandbox, link):
    capabilities = {"windows": False, "folders": dict.fromkeys(FOLDERS, "refused")}
    Page.objects.update(capabilities={"messenger": capabilities})
    threads = [talk(f"t_{n}", customer(n), SHOP, hours=n) for n in range(4)]
    paging = {"next": f"https://graph.facebook.com/v26.0/x/conversations?{link}"}
    key = link.partition("=")[0]
    sandbox.script.add(f"{LISTS}&!{key}", {"data": threads[:2], "paging": paging})
    sandbox.script.add(f"/*/conversations?{key}=*", {"data": threads[2:], "paging": {}})
    assert sync().status == "complete"
    assert Conversation.objects.count() == 4


def test_former_name_of_the_page(sync, page, sandbox):
    """One thread does not tell who is the business, but the Page's name does."""
    sandbox.script.add(LISTS, {"data": [talk("t_1", ANA, {"id": "31", "name": SHOP["name"]})]})
    sync()
    assert list(stored()) == [ANA["id"]]
