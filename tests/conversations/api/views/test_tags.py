import pytest

from conversations.actions import bulk_operations
from conversations.actions.tagging import tag_conversations
from conversations.models import ConversationTag, InteractionEvent
from tags import models
from tags.models import Tag
from tests.factories import ConversationFactory, TagFactory, api, member, superuser

TAGS = "/api/tags"


@pytest.fixture
def tagger(page):
    return api(member(page, "tagger"))


@pytest.fixture
def root(db):
    return api(superuser())


def send(client, method, address, body=None):
    answer = getattr(client, method)(address, body, format="json")
    return answer.status_code, answer.json() if answer.content else None


def test_tag_is_created_and_listed_by_name(tagger):
    code, answer = send(tagger, "post", TAGS, {"name": "  VIP guests ", "color": "#a1B2c3"})
    assert code == 201
    made = Tag.objects.get()
    expected = {
        "id": made.pk,
        "name": "VIP guests",
        "slug": "vip-guests",
        "color": "#a1B2c3",
        "conversations": 0,
    }
    assert answer == {"tag": expected}
    TagFactory(name="Angry")
    TagFactory(name="ähnlich")
    assert [tag["name"] for tag in tagger.get(TAGS).json()["tags"]] == ["ähnlich", "Angry", "VIP guests"]


def test_color_is_optional(tagger):
    assert send(tagger, "post", TAGS, {"name": "VIP"})[1]["tag"]["color"] == "#64748b"


@pytest.mark.parametrize(
    ("taken", "name"), [("VIP", "vip"), ("İade", "iade"), ("Straße", "STRASSE"), ("Привет", "ПРИВЕТ")]
)
def test_taken_name_is_a_409_in_any_case(tagger, root, taken, name):
    TagFactory(name=taken)
    other = TagFactory(name="Other")
    code, answer = send(tagger, "post", TAGS, {"name": name})
    assert code == 409
    assert taken in answer["error"]
    assert send(root, "put", f"{TAGS}/{other.pk}", {"name": name})[0] == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": None}, "name"),
        ({"name": ["VIP"]}, "name"),
        ({"name": True}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "VIP", "color": "red"}, "color"),
        ({"name": "VIP", "color": "#12345"}, "color"),
        ({"name": "VIP", "color": ""}, "color"),
        ({"name": "VIP", "color": None}, "color"),
        ({"name": "VIP", "slug": "vip"}, "slug"),
    ],
)
def test_invalid_field_is_named_in_the_error(root, body, field):
    tag = TagFactory(name="Kept", color="#000000")
    for method, address in (("post", TAGS), ("put", f"{TAGS}/{tag.pk}")):
        code, answer = send(root, method, address, body)
        assert code == 400
        assert answer["field"] == field
    assert [(tag.name, tag.color) for tag in Tag.objects.all()] == [("Kept", "#000000")]


def test_rename_keeps_slug_and_color(root):
    tag = TagFactory(name="VIP", color="#112233")
    code, answer = send(root, "put", f"{TAGS}/{tag.pk}", {"name": "Best guests"})
    assert code == 200
    assert (answer["tag"]["name"], answer["tag"]["slug"], answer["tag"]["color"]) == (
        "Best guests",
        "vip",
        "#112233",
    )
    assert send(root, "put", f"{TAGS}/{tag.pk}", {"name": "BEST guests", "color": "#000000"})[0] == 200
    assert send(root, "put", f"{TAGS}/{tag.pk + 1}", {"name": "Ghost"})[0] == 404


def test_slug_is_never_a_number_and_always_unique(tagger):
    slugs = [
        send(tagger, "post", TAGS, {"name": name})[1]["tag"]["slug"]
        for name in ("2024", "VIP!", "VIP?", "!!!", "???", "٢٠٢٤")
    ]
    assert len(set(slugs)) == 6
    assert not any(slug.isdigit() for slug in slugs)


def test_conversations_are_counted_on_visible_pages_only(page, tagger, root):
    tag = TagFactory()
    ids = [ConversationFactory(page=page).pk, ConversationFactory(page=page).pk, ConversationFactory().pk]
    tag_conversations(ids, [tag], actor=None)
    assert [row["conversations"] for row in tagger.get(TAGS).json()["tags"]] == [2]
    assert [row["conversations"] for row in root.get(TAGS).json()["tags"]] == [3]
    assert send(root, "put", f"{TAGS}/{tag.pk}", {"name": "New"})[1]["tag"]["conversations"] == 3


def test_list_takes_a_constant_number_of_queries(tagger, django_assert_num_queries):
    TagFactory.create_batch(10)
    with django_assert_num_queries(3):  # the token, the counts, the tags
        tagger.get(TAGS)


def test_unused_tag_is_deleted(root):
    assert send(root, "delete", f"{TAGS}/{TagFactory().pk}") == (204, None)
    assert not Tag.objects.exists()


@pytest.mark.parametrize("query", ["", "?force=0", "?force=false", "?force="])
def test_tag_in_use_is_not_deleted_without_force(page, root, query):
    tag = TagFactory(name="VIP")
    tag_conversations([ConversationFactory(page=page).pk], [tag], actor=None)
    code, answer = send(root, "delete", f"{TAGS}/{tag.pk}{query}")
    assert code == 409
    assert answer == {"error": "The tag is on 1 conversation.", "conversations": 1}
    assert Tag.objects.get() == tag
    assert ConversationTag.objects.count() == 1


@pytest.mark.parametrize("force", ["1", "true"])
def test_forced_deletion_creates_events(page, force):
    user, tag = superuser(), TagFactory(name="VIP")
    conversation, other = ConversationFactory(page=page), ConversationFactory()
    tag_conversations([conversation.pk, other.pk], [tag], actor=None)
    assert send(api(user), "delete", f"{TAGS}/{tag.pk}?force={force}") == (204, None)
    assert not Tag.objects.exists()
    events = InteractionEvent.objects.filter(kind="tag_removed")
    assert {event.conversation_id for event in events} == {conversation.pk, other.pk}
    assert {(event.actor, event.data["name"]) for event in events} == {(user, "VIP")}


def test_a_tag_on_many_conversations_is_deleted_in_the_background(page, root, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 1)
    tag = TagFactory(name="VIP")
    tag_conversations([ConversationFactory(page=page).pk for _ in range(2)], [tag], actor=None)
    answer = root.delete(f"{TAGS}/{tag.pk}?force=1")
    assert (answer.status_code, answer["Location"]) == (202, f"/api/acts/{answer.json()['act']}")
    assert Tag.objects.exists()
    bulk_operations.work()
    assert root.get(answer["Location"]).json()["message"] == "Deleted the tag VIP. Untagged 2 conversations."
    assert not Tag.objects.exists()


@pytest.mark.parametrize("query", ["?force=yes", "?force=2", "?force=1&force=1", "?cascade=1"])
def test_invalid_parameter_deletes_nothing(root, query):
    tag = TagFactory()
    assert send(root, "delete", f"{TAGS}/{tag.pk}{query}")[0] == 400
    assert Tag.objects.exists()


def test_tag_beyond_the_limit_is_refused(tagger, monkeypatch):
    monkeypatch.setattr(models, "MAX_TAGS", 0)
    code, answer = send(tagger, "post", TAGS, {"name": "VIP"})
    assert (code, answer["field"]) == (400, "name")
