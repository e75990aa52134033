"""Who is in the world: persons, and the tokens by which an app speaks for them."""

from dataclasses import dataclass, field
from typing import Any

from .absent import ABSENT

SCOPES = (
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "instagram_basic",
    "instagram_manage_messages",
)


@dataclass(slots=True)
class Person:
    id: str
    name: str | None = None
    username: str | None = None  # Instagram's name
    hidden_as: Any = ABSENT  # what Facebook shows instead of the name: placeholders.py
    has_role: bool = False  # on the app or its business
    is_page: bool = False  # a Page that writes to another one: it has no profile
    user_id: str | None = None  # another id of the same account, which Instagram shows for professional ones

    @property
    def shown_name(self) -> Any:
        return self.name if self.hidden_as is ABSENT else self.hidden_as

    def show(self, platform: str) -> dict[str, Any]:
        """The person as Graph shows them: with a placeholder email, or on Instagram with the username."""
        if platform == "instagram":
            shown = {"username": self.username, "user_id": self.user_id, "id": self.id}
            return {name: value for name, value in shown.items() if value}
        named = {"name": self.shown_name} if self.shown_name is not None else {}
        return {**named, "email": f"{self.id}@facebook.com", "id": self.id}


@dataclass
class Token:
    value: str
    holder_id: str  # the ID of the Page or user that it belongs to
    type: str  # PAGE or USER
    broken: int | None = None  # subcode of code 190: 460 password, 463 expired, 492 role lost; 0: none
    expires_at: float = 0  # by the world's clock; 0: never
    data_access_expires_at: float = 0
    issued_at: float = 0
    granted: set[str] = field(default_factory=lambda: set(SCOPES))
    declined: set[str] = field(default_factory=set)
    only_for: dict[str, set[str]] = field(default_factory=dict)  # by permission: the Pages

    def problem(self, now: float) -> int | None:
        """The subcode with which Graph refuses it at this time; None: it is valid."""
        if self.broken is None and self.expires_at and now >= self.expires_at:
            return 463
        return self.broken


@dataclass
class User:
    id: str
    name: str
    token: str
    page_ids: list[str] = field(default_factory=list)
