"""Exports that take long: a worker writes their files in the background, into tables that all processes read.

The conversations are chosen when the work starts, so that none is lost or doubled that moves in the list
meanwhile; each part has them as they are when it is written. Each part is one transaction: an export whose
process ended goes on where it was.
"""

import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import Error, InterfaceError, OperationalError, transaction
from django.db.models import F, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversations.exports.file_formats import AT_ONCE, conversations_of_part, end_of, head_of, part_of
from conversations.lib.locks import lock_creation_of_exports
from conversations.lib.log_ids import log_ids
from conversations.lib.request_scope import ServerBusy, TooManyRequests
from conversations.lib.sql_files import read_statements
from conversations.lib.timeouts import TooSlow, statement_timeout
from conversations.models import Export, ExportPart, ExportPiece, Page
from conversations.models.audit import Action, record
from conversations.models.exports import ABANDONED, KEPT
from conversations.permissions import page_ids
from conversations.search import rows
from conversations.search.criteria import SearchCriteria
from conversations.search.filters import parse_filter
from conversations.search.index.message_index import index_pending
from conversations.search.list_sql import all_ids_query, ids_query
from conversations.search.planner import needs_cardinalities, read_cardinalities
from conversations.search.sql import Sql, fetch_all, run

logger = logging.getLogger(__name__)

MAX_IDS_AT_ONCE = 50  # conversations that an address of the list names
MAX_OF_USER = 5  # exports, with files that have not expired
MAX_BYTES = 1 << 30  # of one file in the database
MAX_BYTES_IN_ALL = 4 << 30
# What is sent within a few seconds: conversations, and messages of them.
SMALL = {"conversations": (10_000, 1 << 62), "messages": (1_000, 50_000)}
SIZE_SECONDS = 2.0
STATEMENTS = read_statements(__file__)
INDEX_SECONDS = 2.0  # before an export of what a search in messages finds

LOST_ACCESS = _("You do not see all Pages of this export any more.")
TOO_LARGE = _(
    "The file is too large to be kept. Narrow the filter, or download it with GET /api/conversations/export."
)
State = Export.State


class FileGone(Exception):
    """The file was deleted while it was sent: the connection is closed before its end."""


# -- start -------------------------------------------------------------------------------------------------
def prepare_unless_small(
    user, *, what: str, kind: str, criteria: SearchCriteria, selection: dict
) -> Export | None:
    """Start to write a file. Return None if it is so small that stream_address() sends it at once.

    `selection` has `filter`, valid parameters of the list, or `conversationIds`; `criteria` are made of it.
    Raises TooManyRequests and ServerBusy.
    """
    if len(criteria.ids or ()) <= MAX_IDS_AT_ONCE and is_small(what, criteria):
        return None
    return start_export(user, what=what, kind=kind, selection=selection, pages=list(criteria.page_ids))


def stream_address(what: str, kind: str, selection: dict) -> str:
    """Return where a small file is created while it is sent."""
    query = QueryDict(mutable=True)
    query.update({"what": what, "format": kind, **selection.get("filter", {})})
    if "conversationIds" in selection:
        query["ids"] = ",".join(map(str, selection["conversationIds"]))
    return f"{reverse('conversation-export')}?{query.urlencode(safe=',')}"


def is_small(what: str, criteria: SearchCriteria) -> bool:
    """Whether the file can be sent within a few seconds. One whose size takes longer to find out cannot."""
    if criteria.is_empty:
        return True
    most, most_messages = SMALL[what]
    try:
        with statement_timeout(SIZE_SECONDS):
            cardinalities = read_cardinalities(criteria) if needs_cardinalities(criteria) else None
            ids = ids_query(criteria, cardinalities, count=most + 1)
            [(conversations, messages)] = fetch_all(Sql.compose(STATEMENTS["size"], ids=ids))
    except TooSlow:
        return False
    return conversations <= most and messages <= most_messages


@transaction.atomic
def start_export(user, *, what: str, kind: str, selection: dict, pages: list[int]) -> Export:
    """Start to write a file; a worker does the rest (export_tasks). Raises TooManyRequests and ServerBusy."""
    lock_creation_of_exports()
    Export.objects.delete_expired()
    if user.exports.count() >= MAX_OF_USER:
        raise TooManyRequests(
            gettext("You have %(max_of_user)s exports already. Delete one first.")
            % {"max_of_user": MAX_OF_USER}
        )
    if (Export.objects.aggregate(sum=Sum("stored_size"))["sum"] or 0) >= MAX_BYTES_IN_ALL:
        raise ServerBusy(gettext("The server keeps as many exported files as it may. Try again later."))
    export = Export.objects.create(
        actor=user,
        what=what,
        format=kind,
        selection=selection,
        page_ids=pages,
        expires_at=timezone.now() + ABANDONED,
    )
    record(Action.EXPORTED, actor=user, target=export, what=what, format=kind, **selection)
    return export


# -- work --------------------------------------------------------------------------------------------------
def work(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Write parts, of each export in turn, until all are finished or the process must end."""
    while not is_stopped() and work_on_next():
        pass


def work_on_next() -> bool:
    """Write one part of the export that waits longest. Return whether there was one."""
    export_id = None
    try:
        with transaction.atomic():
            active = Export.objects.active().select_for_update(skip_locked=True)
            export = active.order_by(F("worked_at").asc(nulls_first=True), "pk").first()
            if export is None:
                return False
            export_id = export.pk
            _work_on(export, timezone.now())
    except (OperationalError, InterfaceError):  # the database is away: the next job continues
        raise
    except (Error, TooSlow) as error:
        with log_ids(export=export_id or 0):
            logger.exception("The export %s failed", export_id)
        _fail(export_id, f"It could not be read ({type(error).__name__}); the log of the worker says more.")
    return True


def _work_on(export: Export, now: datetime) -> None:
    export.worked_at = now
    if not sees_pages(get_user_model().objects.get(pk=export.actor_id), export):
        return _end(export, State.FAILED, str(LOST_ACCESS))
    if export.state == State.QUEUED:
        return _choose(export)
    part = export.parts.filter(is_written=False).order_by("pk").first()
    if part is None:
        footers = export.parts.order_by("pk").values_list("footer", flat=True)
        known = [bytes(footer) for footer in footers if footer is not None]
        _add(export, [end_of(export.what, export.format, known)])
        return _end(export, State.COMPLETE)
    if export.stored_size > MAX_BYTES:
        return _end(export, State.FAILED, str(TOO_LARGE))
    return _write(export, part)


def sees_pages(user, export: Export) -> bool:
    """Whether the user still sees all Pages that may be in the file."""
    return user.is_active and set(export.page_ids) <= set(page_ids(user))


def _choose(export: Export) -> None:
    """Store the conversations of an export in parts, in the order of the list, and begin the file."""
    criteria = criteria_of(export)
    if criteria.in_messages:
        index_pending(seconds=INDEX_SECONDS)
    ids = all_ids_query(criteria)
    size = conversations_of_part(export.what, export.format)
    run(Sql.compose(STATEMENTS["choose"], export=export.pk, ids=ids, size=size))
    [(export.total,)] = fetch_all(Sql.compose(STATEMENTS["count"], export=export.pk))
    export.state = State.RUNNING
    _add(export, [head_of(export.what, export.format)])
    export.save()


def criteria_of(export: Export) -> SearchCriteria:
    criteria = parse_filter(export.selection.get("filter", {})).criteria(
        export.page_ids, user_id=export.actor_id
    )
    ids = export.selection.get("conversationIds")
    return criteria if ids is None else replace(criteria, ids=tuple(ids))


def _write(export: Export, part: ExportPart) -> None:
    names = dict(Page.objects.filter(pk__in=export.page_ids).values_list("facebook_page_id", "name"))
    ids = Sql.compose(STATEMENTS["in_order"], ids=part.conversation_ids)
    chunks = rows.row_chunks(ids)
    conversations = [row for chunk in chunks for row in rows.add_tags(chunk)]
    writer, size = part_of(export.what, export.format, position=export.size), AT_ONCE[export.what]
    for start in range(0, len(conversations), size):
        _add(export, writer.pieces(conversations[start : start + size], names))
    _add(export, [writer.rest()])
    part.footer, part.is_written = writer.footer() or None, True
    part.save(update_fields=["footer", "is_written"])
    export.processed += len(part.conversation_ids)
    export.save()


def _add(export: Export, pieces) -> None:
    for piece in filter(None, pieces):
        body = zlib.compress(piece, 1)
        ExportPiece.objects.create(export=export, body=body)
        export.size += len(piece)
        export.stored_size += len(body)


def _end(export: Export, state: str, error: str = "") -> None:
    now = timezone.now()
    export.state, export.error, export.ended_at, export.expires_at = state, error, now, now + KEPT
    if state == State.FAILED:
        export.pieces.all().delete()
        export.parts.all().delete()
        export.size = export.stored_size = 0
    export.save()


@transaction.atomic
def _fail(export_id: int | None, error: str) -> None:
    export = Export.objects.active().select_for_update().filter(pk=export_id).first()
    if export:
        _end(export, State.FAILED, error)


# -- the file ----------------------------------------------------------------------------------------------
def stored_file(export: Export) -> Iterator[bytes]:
    """Yield the file, piece by piece. Raises FileGone if it is deleted meanwhile."""
    sent, last = 0, 0
    while sent < export.size:
        piece = export.pieces.filter(pk__gt=last).order_by("pk").first()
        if piece is None:
            raise FileGone
        body = zlib.decompress(piece.body)
        sent, last = sent + len(body), piece.pk
        yield body


# -- words -------------------------------------------------------------------------------------------------
def describe(export: Export) -> str:
    """Say in a sentence how far an export is, or how it ended."""
    if export.state == State.QUEUED:
        return gettext("Waiting for a worker.")
    if export.state == State.FAILED:
        return gettext("Failed. %(error)s") % {"error": export.error}
    total = ngettext("%(number)s conversation", "%(number)s conversations", export.total)
    total %= {"number": f"{export.total:,}"}
    if export.state == State.RUNNING:
        return gettext("%(processed)s of %(total)s written.") % {
            "processed": f"{export.processed:,}",
            "total": total,
        }
    what = (
        gettext("the messages of %(total)s") % {"total": total}
        if export.what == Export.What.MESSAGES
        else total
    )
    return gettext("Ready: %(what)s.") % {"what": what}
