"""The fields of each type of node, and the values of those of threads and messages."""

from collections.abc import Callable, Iterable
from typing import Any

from conversations.sandbox.clock import graph_time
from conversations.sandbox.data.history import ABSENT, Message
from conversations.sandbox.data.people import Person
from conversations.sandbox.data.world import Page, Thread

from .error_responses import unknown_field
from .fields import Field

Schema = dict[str, str | None]


def _scalar_fields(names: str) -> Schema:
    return dict.fromkeys(names.split())


# The value of a field is the type of its children; None: it has none. "Any" is not checked.
SCHEMA: dict[str, Schema] = {
    # Most are public fields that clients ask for by default; a Page of the sandbox has no data for them.
    "Page": _scalar_fields(
        "id name about category link access_token tasks has_transitioned_to_new_page_experience "
        "category_list cover description description_html display_subtext emails engagement fan_count "
        "followers_count global_brand_page_name global_brand_root_id location phone picture "
        "rating_count single_line_address start_info talking_about_count username verification_status "
        "website were_here_count whatsapp_number is_published is_unclaimed new_like_count overall_star_rating"
    )
    | dict.fromkeys(("instagram_business_account", "connected_instagram_account"), "IGUser")
    | {"conversations": "UnifiedThread"},
    "User": _scalar_fields("id name") | {"accounts": "Page"},
    "Profile": _scalar_fields(
        "id name first_name last_name profile_pic username follower_count is_user_follow_business "
        "is_business_follow_user is_verified_user picture"
    ),
    "IGUser": _scalar_fields(
        "id username name ig_id biography followers_count follows_count has_profile_pic is_published "
        "legacy_instagram_user_id media_count profile_picture_url website"
    ),
    "UnifiedThread": _scalar_fields(
        "id link updated_time message_count unread_count snippet can_reply is_subscribed is_owner "
        "scoped_thread_key name wallpaper folder linked_group"
    )
    | dict.fromkeys(("participants", "senders", "former_participants"), "Participant")
    | {"messages": "Message", "tags": "Tag"},
    "Message": _scalar_fields("id created_time message sticker is_unsupported thread_id subject updated_time")
    | {
        "from": "Participant",
        "to": "Participant",
        "attachments": "Attachment",
        "shares": "Share",
        "tags": "Tag",
    }
    | dict.fromkeys(("story", "reactions", "reply_to"), "Any"),
    "Participant": _scalar_fields("id name email username user_id"),
    "Attachment": _scalar_fields("id mime_type name size file_url type")
    | dict.fromkeys(("image_data", "video_data", "generic_template"), "Any"),
    "Share": _scalar_fields("id link name description picture") | {"template": "Any"},
    "Tag": _scalar_fields("name"),
    "Leaf": {},
}

DEFAULT_FIELDS = {
    "Page": "name,id",
    "User": "name,id",
    "Profile": "first_name,last_name,profile_pic,id",
    "UnifiedThread": "id,updated_time",
    "Message": "id,created_time",
}


def check_fields(fields: Iterable[Field], node_type: str, refused: set[str], *, named: bool = True) -> None:
    """One unknown field refuses the whole request."""
    for field in fields:
        schema = SCHEMA.get(node_type)
        if schema is None:
            return
        if field.name not in schema or {field.name, f"{node_type}.{field.name}"} & refused:
            raise unknown_field(field.name, node_type, named=named)
        if field.fields:
            check_fields(field.fields, schema[field.name] or "Leaf", refused, named=named)


def select(value: Any, fields: tuple[Field, ...]) -> Any:
    """The named fields of an object, or of each object in a list. Graph always adds the ID."""
    if isinstance(value, list):
        return [select(item, fields) for item in value]
    if not isinstance(value, dict):
        return value
    if "data" in value:
        return {**value, "data": select(value["data"], fields)}
    chosen = {field.name: select(value[field.name], field.fields) if field.fields else value[field.name]
              for field in fields if field.name in value}  # fmt: skip
    return {**chosen, "id": value["id"]} if "id" in value else chosen


def merge_raw(shown: dict[str, Any], raw: Any, node_type: str) -> Any:
    """Raw values take precedence: those of requested fields, and all that are unknown to Graph."""
    if not isinstance(raw, dict):
        return shown if raw is ABSENT else raw
    for name, value in raw.items():
        if value is ABSENT:
            shown.pop(name, None)
        elif name in shown or name not in SCHEMA[node_type]:
            shown[name] = value
    return shown


# Threads


def _people(thread: Thread, people: Iterable[Person | None]) -> dict[str, Any]:
    return {"data": [person.show(thread.platform) for person in people if person]}


def _link(thread: Thread) -> str | None:
    if thread.platform != "messenger":
        return None
    return f"/{thread.page.name.replace(' ', '-')}-{thread.page.id}/inbox/{thread.number}/"


def _snippet(thread: Thread) -> str | None:
    if not thread.history:
        return None
    last = thread.history[len(thread.history) - 1]
    if last.message:
        return last.message[:100]
    name = (last.sender and (last.sender.shown_name or last.sender.username)) or "Someone"
    return f"{name} sent {_described(last)}."


def _described(message: Message) -> str:
    if "sticker" in message.fields:
        return "a sticker"
    first = next(iter(message.fields.get("attachments") or [{}]))
    kind = str(first.get("mime_type", "")).partition("/")[0] if isinstance(first, dict) else ""
    return {"image": "a photo", "video": "a video", "audio": "a voice message"}.get(kind, "an attachment")


def _tags(thread: Thread) -> dict[str, Any]:
    return {"data": [{"name": name} for name in (thread.folder, "seen" if thread.unread_count else "read")]}


THREAD_VALUES: dict[str, Callable[[Thread], Any]] = {
    "id": lambda thread: thread.id,
    "link": _link,
    "updated_time": lambda thread: graph_time(thread.updated_time),
    "message_count": lambda thread: (
        len(thread.history) if thread.message_count is None else thread.message_count
    ),
    "unread_count": lambda thread: thread.unread_count or None,
    "participants": lambda thread: _people(thread, (thread.customer, thread.business)),
    "senders": lambda thread: _people(thread, (thread.customer, thread.business)),
    "snippet": _snippet,
    "can_reply": lambda thread: thread.can_reply,
    "is_subscribed": lambda thread: True,
    "scoped_thread_key": lambda thread: thread.id,
    "tags": _tags,
}


# Messages


def _to(message: Message, thread: Thread) -> dict[str, Any] | None:
    receiver = thread.customer if thread.is_business(message.sender) else thread.business
    return {"data": [receiver.show(thread.platform)]} if receiver else None


def _message_tags(message: Message, thread: Thread) -> dict[str, Any]:
    sent = thread.is_business(message.sender)
    return {"data": [{"name": name} for name in ("inbox", "sent" if sent else "read", "source:chat")]}


MESSAGE_VALUES: dict[str, Callable[[Message, Thread], Any]] = {
    "id": lambda message, thread: message.id,
    "created_time": lambda message, thread: graph_time(message.created_time),
    "from": lambda message, thread: message.sender.show(thread.platform) if message.sender else None,
    "to": _to,
    "message": lambda message, thread: message.message,
    "tags": _message_tags,
    "thread_id": lambda message, thread: thread.id,
}


def message_value(message: Message, thread: Thread, field: Field) -> Any:
    value_of = MESSAGE_VALUES.get(field.name)
    value = value_of(message, thread) if value_of else _given(message, field.name)
    if value is None:
        return None
    if field.name == "shares" and not field.fields:
        return select(value, (Field("id", {}),))  # without sub-fields, only the ID
    return select(value, field.fields) if field.fields else value


def _given(message: Message, name: str) -> Any:
    """Another field of a message; edges are wrapped as Graph does."""
    value = message.fields.get(name)
    if name in PART_EDGES and isinstance(value, list):
        return {"data": value}
    return value


PART_EDGES = ("attachments", "shares", "reactions")


def parts_of(message: Message, name: str) -> list[Any]:
    """The attachments, shares or reactions of a message; none if they have an odd shape."""
    value = message.fields.get(name)
    return value if isinstance(value, list) else []


# Pages


def page_value(page: Page, name: str, *, with_token: bool) -> Any:
    values: dict[str, Callable[[], Any]] = {
        "id": lambda: page.id,
        "name": lambda: page.name,
        "about": lambda: page.about,
        "category": lambda: page.category,
        "has_transitioned_to_new_page_experience": lambda: page.has_new_experience,
        "link": lambda: f"https://www.facebook.com/{page.id}",
        "access_token": lambda: page.token if with_token else None,
        "tasks": lambda: list(page.tasks) if with_token else None,
        "instagram_business_account": lambda: _instagram(page),
        "connected_instagram_account": lambda: _instagram(page),
    }
    return values[name]() if name in values else None


def _instagram(page: Page) -> dict[str, Any] | None:
    shown = {"username": page.instagram_username, "id": page.instagram_id}
    return {name: value for name, value in shown.items() if value} if page.instagram_id else None
