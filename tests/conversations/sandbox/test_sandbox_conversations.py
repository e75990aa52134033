import json
from urllib.parse import parse_qs, urlsplit

import pytest

from conversations.sandbox import ABSENT, Person

THREADS = "/v26.0/me/conversations"


def test_default_fields_are_returned_only_when_none_are_requested(graph, world, page):
    thread = world.add_conversation(page)
    assert graph(THREADS)["data"] == [{"id": thread.id, "updated_time": "2026-11-20T18:00:00+0000"}]
    assert graph(THREADS, fields="snippet")["data"] == [{"snippet": "Message 1", "id": thread.id}]
    assert set(graph(f"/{thread.id}/messages")["data"][0]) == {"id", "created_time"}


def test_conversation_matches_the_reference(graph, world, page):
    thread = world.add_conversation(page, Person("7001", "Ana Test"), ["Hi!"], unread_count=1)
    fields = "id,link,updated_time,message_count,unread_count,snippet,can_reply,is_subscribed,participants"
    assert graph(THREADS, fields=fields)["data"] == [
        {
            "id": thread.id,
            "link": f"/Demo-Shop-900000000000001/inbox/{thread.number}/",
            "updated_time": "2026-11-20T18:00:00+0000",
            "message_count": 1,
            "unread_count": 1,
            "snippet": "Hi!",
            "can_reply": True,
            "is_subscribed": True,
            "participants": {
                "data": [
                    {"name": "Ana Test", "email": "7001@facebook.com", "id": "7001"},
                    {"name": "Demo Shop", "email": "900000000000001@facebook.com", "id": "900000000000001"},
                ]
            },
        }
    ]


def test_absent_data_is_omitted(graph, world, page):
    world.add_conversation(page, Person("7001"), [{"message": "?", "nameless": True}])
    shown = graph(THREADS, fields="unread_count,is_owner,participants,messages{from,sticker,message}")[
        "data"
    ][0]
    assert "unread_count" not in shown
    assert "is_owner" not in shown
    assert shown["participants"]["data"][0] == {"email": "7001@facebook.com", "id": "7001"}
    assert set(shown["messages"]["data"][0]) == {"message", "id"}


def test_deleted_person_is_not_a_participant(graph, world, page):
    world.add_conversation(page, None, ["gone"])
    shown = graph(THREADS, fields="participants{id},messages{from}")["data"][0]
    assert shown["participants"]["data"] == [{"id": page.id}]
    assert "from" not in shown["messages"]["data"][0]


@pytest.mark.parametrize(
    "fields",
    [
        "id,nonsense",
        "messages{nonsense}",
        "participants{nonsense}",
        "id{x}",
        "messages.limit(2){from{nonsense}}",
    ],
)
def test_one_unknown_field_fails_the_whole_call(graph, world, page, fields):
    world.add_conversation(page)
    assert graph.error(THREADS, fields=fields) == (400, 100, None)


@pytest.mark.parametrize("fields", ["id,", "messages{id", "messages.limit(2{id}", "id}", ","])
def test_invalid_syntax_is_code_2500(graph, fields):
    assert graph.error(THREADS, fields=fields) == (400, 2500, None)


def test_more_fields_and_folders_can_be_refused(graph, sandbox, world, page):
    world.add_conversation(page)
    sandbox.switches.refused_fields = {"Message.reactions", "snippet"}
    assert graph.error(THREADS, fields="snippet")[1] == 100
    assert graph.error(THREADS, fields="messages{reactions}")[1] == 100
    assert graph.get(THREADS, fields="id,messages{id}").status_code == 200
    sandbox.switches.folders = set()
    assert graph.error(THREADS, folder="spam")[1] == 100


def test_nested_messages_accept_modifiers_and_link_to_their_own_edge(graph, world, page):
    thread = world.add_conversation(page, messages=5)
    edge = graph(THREADS, fields="messages.limit(2){id,message,from{name}}")["data"][0]["messages"]
    assert [message["message"] for message in edge["data"]] == ["Message 5", "Message 4"]
    assert edge["data"][0]["from"]["name"].startswith("Customer")
    next_url = urlsplit(edge["paging"]["next"])
    assert next_url.path == f"/v26.0/{thread.id}/messages"
    assert parse_qs(next_url.query)["fields"] == ["id,message,from{name}"]
    assert [m["message"] for m in graph(edge["paging"]["next"])["data"]] == ["Message 3", "Message 2"]
    chained = f"messages.limit(2).after({edge['paging']['cursors']['after']}){{message}}"
    assert [m["message"] for m in graph(f"/{thread.id}", fields=chained)["messages"]["data"]] == [
        "Message 3",
        "Message 2",
    ]


def test_nested_edge_without_limit_returns_25(graph, world, page):
    world.add_conversation(page, messages=30)
    edge = graph(THREADS, fields="messages{id}")["data"][0]["messages"]
    assert len(edge["data"]) == 25
    assert "next" in edge["paging"]


def test_short_history_has_cursors_and_no_next(graph, world, page):
    world.add_conversation(page, messages=2)
    paging = graph(THREADS, fields="messages{id}")["data"][0]["messages"]["paging"]
    assert set(paging) == {"cursors"}


def test_message_can_be_read_by_its_id(graph, world, page):
    thread = world.add_conversation(page, messages=2)
    message = world.add_message(
        thread, "", sticker="https://example.com/s.png", shares=[{"id": "1", "link": "x"}]
    )
    assert graph(f"/{message.id}") == {"id": message.id, "created_time": "2026-11-20T18:00:00+0000"}
    assert graph(f"/{message.id}", fields="message,sticker,shares,to{id}") == {
        "message": "",
        "sticker": "https://example.com/s.png",
        "shares": {"data": [{"id": "1"}]},
        "to": {"data": [{"id": page.id}]},
        "id": message.id,
    }
    assert graph(f"/{message.id}", fields="shares{link}")["shares"]["data"] == [{"link": "x", "id": "1"}]


@pytest.mark.parametrize(
    ("fields", "snippet"),
    [
        ({"sticker": "https://example.com/s.png"}, "Ana sent a sticker."),
        ({"attachments": [{"mime_type": "image/jpeg"}]}, "Ana sent a photo."),
        ({"attachments": [{"mime_type": "audio/mpeg"}]}, "Ana sent a voice message."),
        ({"attachments": ["odd"]}, "Ana sent an attachment."),
    ],
)
def test_snippet_of_a_message_without_text_is_a_sentence(graph, world, page, fields, snippet):
    world.add_conversation(page, "Ana", [{"message": "", **fields}])
    assert graph(THREADS, fields="snippet")["data"][0]["snippet"] == snippet


def test_user_id_returns_at_most_one_thread(graph, world, page):
    ana = Person("7001", "Ana")
    world.add_conversation(page, ana, updated_time="2026-01-01")
    newest = world.add_conversation(page, ana, updated_time="2026-02-01")
    world.add_conversation(page)
    assert [item["id"] for item in graph(THREADS, user_id="7001")["data"]] == [newest.id]
    assert graph(THREADS, user_id="1") == {"data": []}


def test_each_folder_is_a_separate_list(graph, world, page):
    spam = world.add_conversation(page, folder="spam")
    listed = world.add_conversation(page)
    assert graph.read_all_ids(THREADS) == [[listed.id]]
    assert graph.read_all_ids(THREADS, folder="spam") == [[spam.id]]
    assert graph.error(THREADS, folder="attic")[1] == 100


def test_each_platform_is_a_separate_list(graph, world, page):
    thread = world.add_conversation(page, "Ana Demo", ["hey"], platform="instagram")
    world.add_conversation(page)
    answer = graph(THREADS, platform="INSTAGRAM", fields="id,link,participants,messages{id,from}")["data"]
    assert [item["id"] for item in answer] == [thread.id]
    assert thread.id.startswith("aWdf")
    assert answer[0]["messages"]["data"][0]["id"].startswith("aWdf")
    assert answer[0]["participants"]["data"][0] == {"username": "ana.demo", "id": thread.customer.id}
    assert "link" not in answer[0]
    assert graph.error(THREADS, platform="telegram") == (400, 10, None)


def test_page_without_instagram_rejects_the_platform(graph, world):
    plain = world.add_page("900000000000002", "Plain")
    assert graph.error("/me/conversations", token=plain.token, platform="instagram") == (400, 100, 2534013)


def test_raw_values_override_the_requested_fields(graph, world, page):
    raw = {"id": 12, "participants": None, "snippet": ABSENT, "from_the_future": [1], "link": "not requested"}
    thread = world.add_conversation(
        page, messages=[{"raw": {"created_time": "yesterday", "message": ["?"]}}], raw=raw
    )
    shown = graph(THREADS, fields="id,participants,snippet,messages{created_time,message}")["data"][0]
    assert (shown["id"], shown["participants"], shown["from_the_future"]) == (12, None, [1])
    assert "snippet" not in shown
    assert "link" not in shown
    assert shown["messages"]["data"][0]["created_time"] == "yesterday"
    assert shown["messages"]["data"][0]["message"] == ["?"]
    assert graph.get(f"/{thread.id}").status_code == 200


def test_raw_value_can_replace_a_whole_item(graph, world, page):
    world.add_conversation(page, raw=None)
    world.add_conversation(page, raw="not an object")
    assert graph(THREADS)["data"] == ["not an object", None]


def test_slashes_and_unicode_are_escaped_unless_disabled(graph, sandbox, world, page):
    world.add_conversation(page, "Żaneta", ["a/b 🙂"])
    escaped = graph.get(THREADS, fields="snippet").text
    assert "a\\/b \\ud83d\\ude42" in escaped
    sandbox.switches.escape_slashes = sandbox.switches.escape_unicode = False
    plain = graph.get(THREADS, fields="snippet")
    assert "a/b 🙂" in plain.content.decode()
    assert json.loads(escaped) == plain.json()


def test_nul_and_lone_surrogates_are_returned_unchanged(graph, world, page):
    world.add_conversation(page, messages=["a\x00b\ud83d"])
    assert graph(THREADS, fields="snippet")["data"][0]["snippet"] == "a\x00b\ud83d"


def test_thread_with_too_much_data_fails_calls_that_read_its_messages(graph, world, page):
    thread = world.add_conversation(page)
    world.poison(thread)
    response = graph.get(THREADS, fields="messages.limit(1){id}", limit=1)
    assert (response.status_code, response.json()["error"]["code"]) == (500, 1)
    assert "reduce the amount of data" in response.json()["error"]["message"]
    assert graph.error(f"/{thread.id}/messages")[:2] == (500, 1)
    assert graph.get(THREADS).status_code == 200


def test_unreadable_thread_fails_every_call_that_includes_it(graph, world, page):
    thread = world.add_conversation(page, updated_time="2026-01-01")
    world.add_conversation(page)
    world.poison(thread, 803, "gone", when="listed", status=404)
    assert graph.error(THREADS) == (404, 803, None)
    assert graph.error(f"/{thread.id}") == (404, 803, None)
    assert graph.get(THREADS, limit=1).status_code == 200


@pytest.fixture
def instagram(world, page):
    return world.add_conversation(page, messages=30, platform="instagram")


@pytest.mark.parametrize(("mode", "count"), [("bare id", 30), ("omitted", 20)])
def test_instagram_returns_the_newest_twenty_messages(graph, sandbox, instagram, mode, count):
    sandbox.switches.instagram_old_messages = mode
    answer = graph(THREADS, platform="instagram", fields="messages.limit(50){id,message}")
    messages = answer["data"][0]["messages"]["data"]
    assert len(messages) == count
    assert all("message" in message for message in messages[:20])
    assert not any("message" in message for message in messages[20:])


def test_instagram_call_can_fail_as_a_whole(graph, sandbox, instagram):
    sandbox.switches.instagram_old_messages = "call fails"
    assert graph.error(f"/{instagram.id}/messages", fields="message", limit=50) == (400, 9000001, None)
    assert graph.get(f"/{instagram.id}/messages", fields="message", limit=20).status_code == 200


def test_instagram_lists_all_ids_and_refuses_old_messages(graph, instagram):
    listed = graph(f"/{instagram.id}/messages", fields="id,created_time", limit=50)["data"]
    assert len(listed) == 30
    assert graph.get(f"/{listed[19]['id']}", fields="message").status_code == 200
    assert graph.error(f"/{listed[20]['id']}", fields="message") == (400, 9000001, None)


def test_error_can_omit_the_name_of_the_field(graph, sandbox):
    sandbox.switches.refused_fields, sandbox.switches.name_refused_fields = {"snippet"}, False
    error = graph(THREADS, fields="id,snippet")["error"]
    assert error["code"] == 100
    assert "snippet" not in error["message"]


def test_ignored_folder_lists_the_inbox(graph, sandbox, world, page):
    world.add_conversation(page)
    world.add_conversation(page, folder="spam")
    assert graph.read_all_ids(THREADS, folder="spam") != graph.read_all_ids(THREADS)
    sandbox.switches.ignored_folders = {"spam"}
    assert graph.read_all_ids(THREADS, folder="spam") == graph.read_all_ids(THREADS)
