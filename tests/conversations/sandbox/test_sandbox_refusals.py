"""Refusals with the texts of Facebook, as faults and as states of the world."""

import pytest
import requests

from conversations.sandbox import GraphFailure, Person, faults, refusals
from tests.conversations.engine_cases import FOLDER, EngineCase

THREADS = "/v26.0/me/conversations"


def without_trace(error: dict) -> dict:
    return {name: value for name, value in error.items() if name not in ("fbtrace_id", "is_transient")}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("04-minus2-2534084", refusals.instagram_timeout()),
        ("15-one-190-in-an-outage", refusals.doubtful_token_error()),
        ("17-checkpoint-490", refusals.checkpoint()),
        ("18-code-104-no-token", refusals.no_token()),
        ("19-page-migrated", refusals.page_migrated("900000000000001", "900000000000999")),
        ("21-one-thread-refused", refusals.thread_refused()),
    ],
)
def test_fault_is_what_the_case_file_says(graph, sandbox, name, fault):
    case = EngineCase(name, sandbox)
    sandbox.faults.add(fault)
    response = graph.get("/me")
    assert response.status_code == case["status"]
    assert without_trace(response.json()["error"]) == without_trace(case["answer"]["error"])


def test_every_case_file_has_a_play():
    assert len(list(FOLDER.glob("*.json"))) == 19


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (refusals.checkpoint(459), (400, 190, 459)),
        (refusals.two_factor(), (400, 190, None)),
        (refusals.gateway_timeout(is_json=True), (504, -2, None)),
        (refusals.page_gone("900000000000001"), (400, 100, 33)),
        (refusals.new_pages_experience(), (400, 190, 2069032)),
        (refusals.thread_not_visible("t_1"), (400, 100, 33)),
    ],
)
def test_refusal_has_its_code(graph, sandbox, fault, expected):
    sandbox.faults.add(fault)
    assert graph.error("/me") == expected


def test_gateway_timeout_is_html(graph, sandbox):
    sandbox.faults.add(refusals.gateway_timeout())
    response = graph.get("/me")
    assert (response.status_code, response.text[:9]) == (504, "<!DOCTYPE")


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (
            refusals.legacy_envelope(190, "Bad"),
            {"error_code": 190, "error_msg": "Bad", "request_args": []},
        ),
        (
            refusals.login_envelope("Bad"),
            {"error_type": "OAuthException", "code": 400, "error_message": "Bad"},
        ),
    ],
)
def test_error_can_come_in_another_envelope(graph, sandbox, fault, body):
    sandbox.faults.add(fault)
    assert graph("/me") == body


@pytest.mark.parametrize(
    "fault", [refusals.instagram_timeout(), refusals.gateway_timeout(), faults.reduce_data(), faults.reset()]
)
def test_fault_can_depend_on_the_number_of_items(graph, sandbox, fault):
    sandbox.faults.add(fault, times=None, path="/conversations", above=1)

    def is_answered(limit: int | None) -> bool:
        try:
            return graph.get(THREADS, limit=limit).status_code == 200
        except requests.ConnectionError:
            return False

    assert [is_answered(limit) for limit in (None, 100, 2, 1)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("params", "weight"),
    [
        ({"limit": 4, "fields": "id,messages.limit(10){id}"}, 40),
        ({"limit": 4, "fields": "messages.limit(10).after(x){id},id"}, 40),
        ({"limit": 4, "fields": "id,messages{id}"}, 100),
        ({"limit": 4, "fields": "message_count"}, 4),
        ({}, 25),
    ],
)
def test_fault_can_depend_on_conversations_and_messages_together(graph, sandbox, params, weight):
    sandbox.faults.add(refusals.gateway_timeout(), times=None, above_weight=weight - 1)
    assert graph.get(THREADS, **params).status_code == 504
    sandbox.faults.clear()
    sandbox.faults.add(refusals.gateway_timeout(), times=None, above_weight=weight)
    assert graph.get(THREADS, **params).status_code == 200


def test_fault_can_end_by_the_clock(graph, sandbox, world):
    sandbox.faults.add(refusals.doubtful_token_error(), times=None, until=world.clock.now() + 600)
    assert [graph.error("/me")[1] for _ in range(3)] == [190] * 3
    world.clock.advance(600)
    assert graph.get("/me").status_code == 200


@pytest.mark.parametrize("state", ["off", "blocked", "inactive", "development"])
def test_app_can_be_off_until_it_is_live_again(graph, sandbox, state):
    sandbox.switches.app = state
    assert graph.error("/me") == (400, 200, None)
    assert graph.error(THREADS) == (400, 200, None)
    sandbox.switches.app = "live"
    assert graph.get("/me").status_code == 200


def test_texts_of_an_app_that_is_off_are_those_of_the_case_file(graph, sandbox):
    texts = []
    for sandbox.switches.app in ("off", "blocked", "inactive"):
        texts.append(graph("/me")["error"]["message"])
    answers = EngineCase("16-app-is-off", sandbox)["answers"]
    expected = [answer["error"]["message"].removesuffix(" ...") for answer in answers]
    assert [text[: len(start)] for text, start in zip(texts, expected, strict=True)] == expected


def test_thread_can_be_refused_for_a_while(graph, world, page):
    thread, other = world.add_conversation(page), world.add_conversation(page)
    world.poison(thread, refusals.thread_not_visible(thread.id).failure, until=world.clock.now() + 60)
    assert graph.error(f"/{thread.id}/messages") == (400, 100, 33)
    assert len(graph(THREADS)["data"]) == 2
    assert graph.get(f"/{other.id}/messages").status_code == 200
    world.clock.advance(60)
    assert len(graph(f"/{thread.id}/messages")["data"]) == 1


def test_permission_can_be_missing_for_one_thread(graph, world, page):
    thread = world.add_conversation(page)
    world.poison(thread, GraphFailure(10, "(#10) Application does not have permission for this action"))
    assert graph.error(f"/{thread.id}/messages") == (400, 10, None)
    assert graph.get(THREADS).status_code == 200


def test_page_that_is_gone_is_not_visible(graph, world, page):
    user = world.add_user(pages=[page])
    page.is_gone = True
    assert graph.error("/me") == (400, 100, 33)
    assert graph.error(f"/{page.id}/conversations") == (400, 100, 33)
    assert graph.error(f"/{page.id}", token=user.token) == (400, 100, 33)
    assert graph("/me/accounts", token=user.token)["data"] == []


def test_merged_page_names_its_new_id(graph, world, page):
    user = world.add_user(pages=[page])
    thread = world.add_conversation(page, "Ana Test", ["Hi", {"message": "Hello", "from_page": True}])
    new = world.migrate_page(page, "900000000000999")
    for token in (page.token, user.token):
        assert graph.error(f"/{page.id}/conversations", token=token) == (400, 21, None)
    message = graph(THREADS)["error"]["message"]
    assert message.startswith("(#21) Page ID 900000000000001 was migrated to page ID 900000000000999.")
    assert [item["id"] for item in graph("/me/accounts", token=user.token)["data"]] == [new.id]

    fields = "participants{id},messages{from}"
    [shown] = graph(THREADS, token=new.token, fields=fields)["data"]
    assert shown["participants"]["data"][1] == {"id": page.id}
    assert shown["messages"]["data"][0]["from"]["id"] == page.id
    assert thread.is_business(thread.history[1].sender)

    world.add_conversation(new, "Ben Test")
    [newest, _] = graph(THREADS, token=new.token, fields=fields)["data"]
    assert newest["participants"]["data"][1] == {"id": new.id}


def test_page_says_that_it_has_the_new_pages_experience(graph, world, page):
    fields = "about,has_transitioned_to_new_page_experience"
    assert graph("/me", fields=fields) == {"has_transitioned_to_new_page_experience": False, "id": page.id}
    page.about, page.has_new_experience = "Stoneware from Köln", True
    assert graph("/me", fields=fields) == {
        "about": "Stoneware from Köln",
        "has_transitioned_to_new_page_experience": True,
        "id": page.id,
    }
    user = world.add_user(pages=[page])
    assert graph.error(f"/{page.id}/conversations", token=user.token) == (400, 190, 2069032)


def test_instagram_account_can_have_another_id_in_its_threads(graph, world):
    page = world.add_page(
        "900000000000002", "Demo", instagram_id="17841", instagram_username="demo", instagram_thread_id="9082"
    )
    with_user_id = world.add_conversation(page, "Ana", [{"from_page": True}], platform="instagram")
    without = world.add_conversation(page, "Ben", [{"from_page": True}], platform="instagram")
    without.identity = Person("9082", username="demo")
    account = graph("/me", token=page.token, fields="instagram_business_account")
    assert account["instagram_business_account"] == {"username": "demo", "id": "17841"}
    shown = graph(THREADS, token=page.token, platform="instagram", fields="participants,messages{from}")
    faces = {thread["id"]: thread["participants"]["data"][1] for thread in shown["data"]}
    assert faces[with_user_id.id] == {"username": "demo", "user_id": "17841", "id": "9082"}
    assert faces[without.id] == {"username": "demo", "id": "9082"}
    assert {thread["messages"]["data"][0]["from"]["id"] for thread in shown["data"]} == {"9082"}


def test_message_can_come_from_somebody_else(graph, world, page):
    thread, former = world.add_conversation(page, "Ana", []), Person("800", "Demo Shop")
    page.former_identities.append(former)
    world.add_message(thread, "Hello", sender=former)
    [message] = graph(f"/{thread.id}/messages", fields="from{id},to{id}")["data"]
    assert (message["from"]["id"], message["to"]["data"]) == ("800", [{"id": thread.customer.id}])


def test_another_process_can_order_refusals(graph, sandbox):
    order = {"fault": "instagram_timeout", "times": None, "above": 1, "path": "/conversations"}
    requests.post(f"{sandbox.url}/_sandbox/fault", json=order, timeout=60).raise_for_status()
    assert graph.error(THREADS, limit=2) == (400, -2, 2534084)
    assert graph.get(THREADS, limit=1).status_code == 200
