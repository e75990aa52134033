"""The bits of Conversation.facets, by which filters select."""

from enum import IntFlag


class Facet(IntFlag):
    """The facets of a conversation. The column adds their values, so that one index serves all filters."""

    DONE = 1
    INSTAGRAM = 2
    UNREAD = 4
    UNANSWERED = 8  # active, and the customer wrote last


def facet_values() -> list[int]:
    """Return the values that the column can have: a conversation that is done is never unanswered."""
    impossible = Facet.DONE | Facet.UNANSWERED
    return [value for value in range(sum(Facet) + 1) if value & impossible != impossible]
