"""The content of a complete and exact copy of a Page, computed from the world."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .history import Message
from .world import Page, Thread, World


@dataclass(frozen=True)
class TrueMessage:
    id: str
    created_time: datetime  # whole seconds, as Graph shows them
    from_id: str | None
    from_page: bool
    message: str | None
    fields: dict[str, Any]


@dataclass(frozen=True)
class TrueThread:
    id: str
    page_id: str
    platform: str
    updated_time: datetime
    customer_id: str | None
    customer_name: str | None  # Instagram: the user name
    unread_count: int
    can_reply: bool
    messages: tuple[TrueMessage, ...]  # oldest first, including those that Instagram no longer shows


def truth(world: World, page: Page | None = None) -> Iterator[TrueThread]:
    """Every visible thread, newest first per platform and folder."""
    for shown in [page] if page else list(world.pages.values()):
        for listing in list(shown.listings.values()):
            for _, _, thread in reversed(listing.entries[:]):
                if not thread.hidden:
                    yield _thread(thread)


def _thread(thread: Thread) -> TrueThread:
    customer = thread.customer
    messages = [thread.history[index] for index in range(len(thread.history))]
    return TrueThread(
        thread.id,
        thread.page.id,
        thread.platform,
        _seconds(thread.updated_time),
        customer.id if customer else None,
        (customer.name if thread.platform == "messenger" else customer.username) if customer else None,
        thread.unread_count,
        thread.can_reply,
        tuple(_message(message, thread) for message in messages),
    )


def _message(message: Message, thread: Thread) -> TrueMessage:
    sender = message.sender
    return TrueMessage(
        message.id,
        _seconds(message.created_time),
        sender.id if sender else None,
        thread.is_business(sender),
        message.message,
        message.fields,
    )


def _seconds(epoch: float) -> datetime:
    return datetime.fromtimestamp(int(epoch), UTC)
