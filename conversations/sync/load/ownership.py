"""Decides whose the listed threads are: a stored thread keeps its person.

Facebook may list the people of a thread in another order, or show the person under another ID. The thread
stays in its conversation then, and the new ID becomes a ConversationAlias. If that ID has a conversation of
its own, both are of one person and are joined.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

from collections.abc import Collection, Sequence

from msgspec import Struct, field

from conversations.lib.folding import fold
from conversations.models import Conversation, ConversationAlias, Page, RemovedConversation, Thread
from conversations.sync.load.customer import WRITER
from conversations.sync.load.transform import ThreadRows

PersonPair = frozenset[str]  # two sender IDs


class Owners(Struct):
    """The stored conversations of a batch's threads and senders."""

    by_id: dict[str, Conversation] = field(default_factory=dict)  # by sender ID or alias
    by_thread: dict[str, Conversation] = field(default_factory=dict)  # by the thread's ID


class Assignment(Struct):
    """What follows from the owners: new aliases, and pairs of conversations that are one person's."""

    aliases: dict[str, Conversation] = field(default_factory=dict)  # by the new ID
    joins: list[tuple[Conversation, Conversation]] = field(default_factory=list)


def assign(page: Page, batch: Sequence[ThreadRows], owners: Owners, threads: dict[str, Thread]) -> Assignment:
    """Set the sender ID of each row to that of its conversation, and return what must be written.

    `threads` are the stored ones by their ID. While there are joins, nothing else has been decided: make
    them, read the rows again, and call this again.
    """
    named = [row for row in batch if row.conversation]
    names = {page.name, page.instagram_username} - {""}
    changed = [row for row in named if _shows_new_id(row, owners, threads, names)]
    apart = _kept_apart(page, {row.listed_id for row in changed})
    result = Assignment()
    for row in changed:
        stored, listed = owners.by_thread[row.thread.graph_id], owners.by_id.get(row.listed_id)
        if frozenset((stored.sender_id, row.listed_id)) in apart:
            continue
        if listed is None:
            result.aliases[row.listed_id] = owners.by_id[row.listed_id] = stored
        elif listed.pk != stored.pk and _may_be_one(stored, listed):
            result.joins.append((stored, listed))
    for row in named:
        _set_sender(row, _stored_owner(row, owners) or owners.by_id.get(row.listed_id))
    return result


def _set_sender(row: ThreadRows, owner: Conversation | None) -> None:
    if row.conversation:
        row.conversation.sender_id = owner.sender_id if owner else row.listed_id


def owners_of_ids(page: Page, sender_ids: Collection[str]) -> dict[str, Conversation]:
    """Return the conversations of these people, by the given IDs."""
    rows = page.conversations.filter(sender_id__in=sender_ids).order_by("-pk")
    owners = {row.sender_id: row for row in rows}
    if others := set(sender_ids) - owners.keys():
        aliases = page.aliases.filter(sender_id__in=others).select_related("conversation")
        owners |= {alias.sender_id: alias.conversation for alias in aliases}
    return owners


def save_aliases(page: Page, aliases: dict[str, Conversation]) -> None:
    ConversationAlias.objects.bulk_create(
        ConversationAlias(page_id=page.pk, conversation_id=owner.pk, sender_id=sender_id)
        for sender_id, owner in aliases.items()
    )


def _stored_owner(row: ThreadRows, owners: Owners) -> Conversation | None:
    """Return the conversation to which the thread belongs, unless it is one of the business itself."""
    owner = owners.by_thread.get(row.thread.graph_id)
    return owner if owner and owner.sender_id not in row.people.business_ids else None


def _shows_new_id(
    row: ThreadRows, owners: Owners, threads: dict[str, Thread], business_names: Collection[str]
) -> bool:
    """Whether the thread certainly shows its person under an ID that its conversation does not have."""
    stored, listed = _stored_owner(row, owners), owners.by_id.get(row.listed_id)
    if stored is None or not row.people.is_certain:
        return False
    has_others = any(role != WRITER for role, _ in (threads[row.thread.graph_id].people or {}).values())
    is_new = listed is None or listed.pk != stored.pk
    name = row.conversation.sender_name if row.conversation else ""
    return is_new and not has_others and name not in business_names


def _may_be_one(first: Conversation, second: Conversation) -> bool:
    """Whether the names allow that both are one person: one ID may be shown wrongly in threads of several."""
    names = {fold(row.sender_name) for row in (first, second) if row.sender_name}
    return len(names) < 2


def _kept_apart(page: Page, ids: Collection[str]) -> Collection[PersonPair]:
    """Return the pairs of IDs that an operator has separated."""
    if not ids:
        return ()
    undone = RemovedConversation.objects.filter(page=page.pk, undone_at__isnull=False)
    pairs = undone.filter(sender_id__in=ids) | undone.filter(details__kept__in=ids)
    return {frozenset((row.sender_id, row.details["kept"])) for row in pairs}
