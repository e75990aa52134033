"""Finds out which of our Pages the old rows mean: by Facebook ID, by the old key, or as the caller says."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext
from msgspec import Struct, field

from conversations.imports.legacy.shaping import as_id
from conversations.imports.legacy.source import Row, SourceError
from conversations.lib.notify import notify_changes
from conversations.models import Page

MAX_PAGES = 100_000  # that are read


class UnknownTarget(Exception):
    """The caller named a Page that Inbox does not have: its Facebook ID."""


class LegacyPages(Struct):
    """What the old table of Pages says. One Page may stand in it once for each of its users."""

    facebook_ids: dict[str, str] = field(default_factory=dict)  # by the key of the row
    names: dict[str, str] = field(default_factory=dict)  # by the Facebook ID

    def add(self, row: Row) -> None:
        legacy_id, facebook_id, name = row
        if len(self.facebook_ids) >= MAX_PAGES:
            raise SourceError(f"There are more than {MAX_PAGES:,} Pages.")
        self.facebook_ids[as_id(legacy_id)] = as_id(facebook_id)
        self.names.setdefault(as_id(facebook_id), (name or "").strip()[:200])


class PageMapping:
    """`by_hand` maps a key of the old rows to the Facebook ID of one of our Pages. Raises UnknownTarget.

    With `creates`, a Page that Inbox does not have is made without a token; `dry_run` only seems to.
    """

    def __init__(self, by_hand: Mapping[str, str], *, creates: bool = False, dry_run: bool = False):
        self._by_hand = {as_id(key): value for key, value in by_hand.items()}
        self._creates, self._dry_run = creates, dry_run
        self._pages = {page.facebook_page_id: page for page in Page.objects.all()}
        for target in self._by_hand.values():
            if target not in self._pages and not creates:
                raise UnknownTarget(target)
        self.legacy = LegacyPages()

    def find(self, page_key: str) -> Page | None:
        """Return our Page for what an old row has as its Page."""
        facebook_id = self.facebook_id_of(page_key)
        if facebook_id in self._pages:
            return self._pages[facebook_id]
        if self._creates and facebook_id.isascii() and facebook_id.isdigit():
            return self._create(facebook_id)
        return None

    def facebook_id_of(self, page_key: str) -> str:
        """Return the Facebook ID, or the key where nothing is known of it."""
        facebook_id = self.legacy.facebook_ids.get(page_key, page_key)
        return self._by_hand.get(page_key) or self._by_hand.get(facebook_id) or facebook_id

    def name_of(self, page_key: str) -> str:
        return self.legacy.names.get(self.facebook_id_of(page_key), "")

    def _create(self, facebook_id: str) -> Page:
        """Add a Page that nobody has connected: its conversations can be read, tagged and searched."""
        page = Page(facebook_page_id=facebook_id, name=self.legacy.names.get(facebook_id, ""))
        page.state = Page.State.RECONNECT
        page.state_reason = gettext("It was imported and is not connected yet.")
        if self._dry_run:
            page.pk = -1 - len(self._pages)
        else:
            page.save()
            notify_changes([page.pk])
        self._pages[facebook_id] = page
        return page


def parse_mappings(pairs: Iterable[str]) -> dict[str, str]:
    """Return what `KEY=FACEBOOK_PAGE_ID` says. Raises ValueError with the pair that says nothing."""
    mappings = {}
    for pair in pairs:
        key, _, facebook_id = (part.strip() for part in pair.partition("="))
        if not key or not (facebook_id.isascii() and facebook_id.isdigit()):
            raise ValueError(pair)
        mappings[key] = facebook_id
    return mappings
