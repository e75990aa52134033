"""Acts on many conversations: whom they are about, whether one may, and the answer that all of them give."""

import uuid
from collections.abc import Callable

from django.db import transaction
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from conversations.api.access import TAGGER, page_ids, require_role
from conversations.api.asking import selected
from conversations.choosing import Chosen, chosen_by, chosen_ids, count, pages_of
from conversations.models import Conversation
from conversations.reading.values import BIGGEST_ID


def bulk_answer(verb: str, matched: int, changed: int, act: uuid.UUID | None) -> Response:
    message = f"{verb} {changed} conversation{'s' * (changed != 1)}."
    return Response({"success": True, "message": message, "matched": matched, "changed": changed, "act": act})


def answer_to_bulk(
    user,
    body: dict,
    verb: str,
    *,
    would: Callable[[Chosen], int],
    change: Callable[[Chosen, uuid.UUID], set[int]],
) -> Response:
    """Changes what the body names or, where it is a trial, says how many that would be."""
    act = None if body["dry_run"] else uuid.uuid4()
    with transaction.atomic():
        chosen = changeable(user, body)
        matched = count(chosen)
        changed = len(change(chosen, act)) if act else would(chosen)
    return bulk_answer(verb if act else "Would change", matched, changed, act)


def changeable(user, body: dict) -> Chosen:
    """The conversations a bulk act is about; refused where one is not seen or may not be changed."""
    if "filter" in body:
        chosen = chosen_by(selected(user, body["filter"]))
        require_role(user, pages_of(chosen), TAGGER)
        return chosen
    wanted = set(body["conversationIds"])
    seen = Conversation.objects.for_pages(page_ids(user))
    pages = dict(seen.filter(pk__in=possible(wanted)).values_list("pk", "page_id"))
    if missing := wanted - pages.keys():
        raise NotFound(f"There is no conversation {min(missing)} that you may see; nothing was changed.")
    require_role(user, pages.values(), TAGGER)
    return chosen_ids(sorted(pages))


def possible(ids) -> list[int]:
    return [number for number in ids if number <= BIGGEST_ID]
