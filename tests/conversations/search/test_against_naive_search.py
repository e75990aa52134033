"""Every combination of filters returns what a naive search of the same rows returns."""

import random
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from conversations.actions.tagging import tag_conversations
from conversations.lib.folding import fold, search_text
from conversations.models import Conversation, InteractionEvent, Page
from conversations.search import conditions, list_sql, planner
from conversations.search.index.message_index import index_pending
from tests.factories import NOON, PageFactory, PageMemberFactory, TagFactory, UserFactory, api, superuser

LIST = "/api/conversations"
NAMES = [
    "José García",
    "Anna-Lena Groß",
    "Иван Петров",
    "山田 太郎",
    "O’Neil  Jo",
    "Li",
    "joan",
    "สมชาย ใจดี",
]
TEXTS = [
    "Is it still for sale?",
    "Größe 42 bitte",
    "привет, сколько стоит",
    "50% off_today",
    "👍👍👍 ok",
    "価格はいくらですか",
    "สินค้ามีไหม\nOK",
    "",
]
TERMS = [
    "jo",
    "g",
    "gar",
    "GRO",
    "и",
    "пет",
    "ПРИВЕТ",
    "山田",
    "太",
    "る",
    "still for",
    "👍👍👍",
    "50%",
    "off_",
    "いくら",
    "くら",
    "価格",
    "田 太",
    "มี",
    "ชา",
    "ใ",
    "ไหม ok",
    "zzz",
    "o'n",
    "ne",
]
MOMENTS = [None, *(NOON - timedelta(days=days) for days in (0, 0, 1, 2, 3, 5, 8))]
JUST_NOW = datetime.now(UTC) - timedelta(hours=1)
KINDS = ["message_received", "message_received", "message_sent", ""]


@dataclass
class Row:
    """A conversation for the naive search."""

    pk: int
    page: Page
    fields: dict
    tags: set[str]
    messages: list[str] = field(default_factory=list)
    types: tuple[str, ...] = ()  # of attachments
    mentions: list | None = None  # whom its note mentions; None: it has none


@pytest.fixture(params=["wide", "narrow"])
def plans(request, monkeypatch):
    """Short scans, so that the text index is used; one branch for each Page and value, or for all."""
    monkeypatch.setattr(list_sql, "SCAN_ROWS", 4)
    monkeypatch.setattr(planner, "FEW_PAGES", 1 if request.param == "wide" else 9)
    monkeypatch.setattr(conditions, "MAX_BRANCHES", 1 if request.param == "wide" else 99)
    monkeypatch.setattr(planner, "COUNTED", 3 if request.param == "wide" else 10_000)
    for module in (conditions, planner):
        monkeypatch.setattr(module, "FEW_TAGS", 1 if request.param == "wide" else 9)


@pytest.fixture
def dice():
    seed = time.time_ns() % 10**6
    print(f"seed {seed}")  # noqa: T201 - shown if the test fails
    return random.Random(seed)


@pytest.fixture
def rows(db, dice) -> list[Row]:
    pages = [PageFactory(), PageFactory(), PageFactory()]
    people = [UserFactory(username="ben"), UserFactory(username="cleo")]
    tags = [TagFactory(name=name) for name in ("vip", "late", "rare")]
    created = [create_row(dice, dice.choices(pages, [8, 3, 1])[0], number, people) for number in range(90)]
    for row in created:
        shares = zip(tags, (0.5, 0.3, 0.03), strict=True)
        row.tags = {str(tag.slug) for tag, share in shares if dice.random() < share}
        tag_conversations([row.pk], [tag for tag in tags if tag.slug in row.tags], actor=None)
        row.messages = dice.choices(TEXTS, k=dice.randint(0, 4))
        InteractionEvent.objects.bulk_create(
            InteractionEvent(conversation_id=row.pk, kind="message_received", occurred_at=NOON, text=text)
            for text in row.messages
        )
        row.mentions = dice.choice([None, None, [], people[:1], people])
        if row.mentions is not None:
            mentions = [{"id": user.pk, "name": user.username} for user in row.mentions]
            InteractionEvent.objects.create(
                conversation_id=row.pk, kind="note_added", occurred_at=NOON, data={"mentions": mentions}
            )
        row.types = dice.choice([(), (), ("image",), ("video",), ("image", "file")])
        attachments = [{"type": kind, "payload": {"url": "https://cdn.test/1"}} for kind in row.types]
        InteractionEvent.objects.create(
            conversation_id=row.pk, kind="message_sent", occurred_at=NOON, attachments=attachments
        )
    index_pending(seconds=60)
    return created


def create_row(dice, page, number, people) -> Row:
    fields = {
        "sender_name": dice.choice(NAMES),
        "last_message": dice.choice(TEXTS),
        "last_message_time": dice.choice([*MOMENTS, JUST_NOW]),
        "last_message_kind": dice.choice(KINDS),
        "unread_count": dice.choice([0, 0, 3]),
        "conversation_status": dice.choice(["active", "active", "done"]),
        "platform": dice.choice(["messenger", "messenger", "instagram"]),
        "ad_id": dice.choice([None, None, "238", "999"]),
        "assignee": dice.choice([None, None, *people]),
        "snoozed_until": dice.choice([None, None, NOON]),
    }
    search = search_text(fields["sender_name"], fields["last_message"])
    row = Conversation.objects.create(page=page, sender_id=str(number), search=search, **fields)
    return Row(row.pk, page, fields, set())


def random_parameters(dice, pages, ids, people) -> dict[str, str]:
    """Return random parameters of the list."""
    possible = {
        "facebookPageId": lambda: dice.choice(pages).facebook_page_id,
        "include_tags": lambda: ",".join(dice.sample(["vip", "late", "rare", "nobody"], dice.randint(1, 3))),
        "include_mode": lambda: dice.choice(["any", "all"]),
        "exclude_tags": lambda: ",".join(dice.sample(["vip", "late", "rare", "nobody"], dice.randint(1, 2))),
        "untagged": lambda: dice.choice(["true", "false"]),
        "unread": lambda: dice.choice(["true", "false"]),
        "waiting": lambda: dice.choice(["true", "false"]),
        "status": lambda: dice.choice(["active", "done"]),
        "platform": lambda: dice.choice(["messenger", "instagram"]),
        "ad_id": lambda: dice.choice(["238", "999", "1"]),
        "has_attachment": lambda: dice.choice(["true", "false", "image", "file", "audio"]),
        "assignee": lambda: dice.choice(["none", "999999", *(str(user.pk) for user in people)]),
        "mentioned": lambda: dice.choice(["999999", *(str(user.pk) for user in people)]),
        "snoozed": lambda: dice.choice(["true", "false"]),
        "has_note": lambda: dice.choice(["true", "false"]),
        "ids": lambda: ",".join(map(str, dice.sample(ids, dice.randint(1, 40)))),
        "search": lambda: dice.choice(TERMS),
        "startDate": lambda: str((NOON - timedelta(days=dice.randint(0, 6))).date()),
        "endDate": lambda: str((NOON - timedelta(days=dice.randint(0, 6))).date()),
    }
    chosen = dice.sample(sorted(possible), dice.choice([0, 1, 1, 2, 2, 3, 4, 6]))
    found = {name: possible[name]() for name in chosen}
    if "search" in found and dice.random() < 0.6:
        found["search_in"] = dice.choice(["messages", "names", "all"])
        if is_short(found["search"]) and found["search_in"] == "messages":
            del found["search_in"]
    return found


def matches(row: Row, query: dict[str, str]) -> bool:
    include = set(query.get("include_tags", "").split(",")) - {""}
    exclude = set(query.get("exclude_tags", "").split(",")) - {""}
    has_all = query.get("include_mode") == "all"
    day = row.fields["last_message_time"] and str(row.fields["last_message_time"].date())
    return all(
        [
            query.get("facebookPageId", row.page.facebook_page_id) == row.page.facebook_page_id,
            not include or (include <= row.tags if has_all else bool(include & row.tags)),
            not exclude & row.tags,
            "untagged" not in query or (query["untagged"] == "true") == (not row.tags),
            "unread" not in query or (query["unread"] == "true") == (row.fields["unread_count"] > 0),
            "waiting" not in query or (query["waiting"] == "true") == waits(row),
            query.get("status", row.fields["conversation_status"]) == row.fields["conversation_status"],
            query.get("platform", row.fields["platform"]) == row.fields["platform"],
            query.get("ad_id", row.fields["ad_id"]) == row.fields["ad_id"],
            "has_attachment" not in query or has_attachment(row, query["has_attachment"]),
            "assignee" not in query or query["assignee"] == assignee_of(row),
            "mentioned" not in query or query["mentioned"] in {str(user.pk) for user in row.mentions or ()},
            "snoozed" not in query or (query["snoozed"] == "true") == bool(row.fields["snoozed_until"]),
            "has_note" not in query or (query["has_note"] == "true") == (row.mentions is not None),
            "ids" not in query or str(row.pk) in query["ids"].split(","),
            "startDate" not in query or (day is not None and day >= query["startDate"]),
            "endDate" not in query or (day is not None and day <= query["endDate"]),
            "search" not in query or contains(row, fold(query["search"]), query.get("search_in", "")),
        ]
    )


def has_attachment(row: Row, value: str) -> bool:
    return bool(row.types) == (value == "true") if value in ("true", "false") else value in row.types


def assignee_of(row: Row) -> str:
    return str(row.fields["assignee"].pk) if row.fields["assignee"] else "none"


def waits(row: Row) -> bool:
    time = row.fields["last_message_time"]
    is_late = time is not None and time < datetime.now(UTC) - timedelta(hours=24)
    is_theirs = row.fields["last_message_kind"] == "message_received"
    return is_late and is_theirs and row.fields["conversation_status"] == "active"


def is_short(term: str) -> bool:
    return len(fold(term)) < (2 if re.search("[ぁ-ヿ一-鿿ก-๛]", term) else 3)


def contains(row: Row, term: str, place: str) -> bool:
    in_messages = not is_short(term) and any(term in fold(text) for text in row.messages)
    if place == "messages" or (place == "all" and in_messages):
        return in_messages
    name = fold(row.fields["sender_name"])
    if is_short(term):
        for sign in "-'":
            name = name.replace(sign, " ")
        return any(word.startswith(term) for word in name.split())
    return term in (name if place == "names" else f"{name}\n{fold(row.fields['last_message'])}")


def in_order(rows: list[Row]) -> list[int]:
    long_ago = NOON - timedelta(days=9999)
    return [
        r.pk
        for r in sorted(rows, key=lambda r: (r.fields["last_message_time"] or long_ago, r.pk), reverse=True)
    ]


def by_cursor(client, parameters, limit) -> list[int]:
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(LIST, {**parameters, "limit": limit, "cursor": cursor, "total": "none"}).json()
        found += [row["id"] for row in answer["conversations"]]
        cursor = answer["pagination"]["nextCursor"]
    return found


def by_page(client, parameters, limit) -> tuple[list[int], int]:
    found, page, has_next = [], 0, True
    while has_next:
        page += 1
        answer = client.get(LIST, {**parameters, "limit": limit, "page": page}).json()
        found += [row["id"] for row in answer["conversations"]]
        has_next = answer["pagination"]["hasNext"]
    return found, answer["pagination"]["total"]


def test_any_combination_of_filters_matches_a_naive_search(rows, plans, dice):
    pages = sorted({row.page for row in rows}, key=lambda page: page.pk)
    member = UserFactory()
    for page in pages[:2]:
        PageMemberFactory(page=page, user=member)
    people = User.objects.filter(username__in=["ben", "cleo"])
    for user, seen in ((superuser(), pages), (member, pages[:2])):
        client = api(user)
        for _ in range(30):
            parameters = random_parameters(dice, seen, [row.pk for row in rows], people)
            expected = in_order([row for row in rows if row.page in seen and matches(row, parameters)])
            assert by_cursor(client, parameters, dice.choice([1, 7, 100])) == expected, parameters
            assert by_page(client, parameters, dice.choice([9, 100])) == (expected, len(expected)), parameters
            answer = client.get(LIST, {**parameters, "total": "estimate", "limit": 1}).json()
            assert answer["pagination"]["total"] == len(expected), parameters
