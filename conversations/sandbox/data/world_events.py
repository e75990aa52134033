"""Events of the world, such as a new message. Its observers get each of them at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .history import Message
from .people import Person

if TYPE_CHECKING:
    from .facebook_page import Thread

Kind = Literal["message", "message_edit", "unsend", "reaction", "read", "delivery", "postback", "referral"]
EMOJI = {"love": "❤", "haha": "😆", "wow": "😮", "sad": "😢", "angry": "😡", "like": "👍", "dislike": "👎"}
NAMES = {emoji: name for name, emoji in EMOJI.items()} | {"❤️": "love"}


@dataclass(frozen=True)
class WorldEvent:
    """One act, by the business (`by_page`) or by the customer of the thread.

    `message` is the one that was written, changed or reacted to. `values` are what the act adds, in the words
    of webhooks.
    """

    kind: Kind
    thread: "Thread"
    customer: Person
    at: float
    by_page: bool = False
    message: Message | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> Message:
        if self.message is None:
            raise ValueError(f"a {self.kind} has no message")
        return self.message


Observer = Callable[[WorldEvent], None]


def reaction_changes(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (person's ID, name, emoji) for each reaction that differs; the name is empty if it is gone."""
    old, new = dict(_by_person(before)), dict(_by_person(after))
    for person in [*old, *(each for each in new if each not in old)]:
        if old.get(person) != new.get(person):
            shown = new.get(person, "")
            yield (
                person,
                NAMES.get(shown, shown if shown in EMOJI or not shown else "other"),
                EMOJI.get(shown, shown),
            )


def with_reaction(reactions: Any, person_id: str, reaction: str | None) -> list[dict[str, Any]]:
    """Return Graph's reactions of a message after this person has reacted; None: has taken it back."""
    left = [(id, shown) for id, shown in _by_person(reactions) if id != person_id]
    left += [(person_id, reaction)] if reaction else []
    return [{"reaction": shown, "users": [{"id": id}]} for id, shown in left]


def _by_person(reactions: Any) -> Iterable[tuple[str, str]]:
    for reaction in reactions if isinstance(reactions, list) else ():
        for user in reaction.get("users", ()):
            yield user["id"], reaction["reaction"]
