"""Works on the deliveries of one Page: applies their items, and says of each delivery what became of it.

Everything of a batch is one transaction with the states of its deliveries, so that whatever ends a process,
no delivery is lost and none has its effect twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from conversations.lib.days import is_kept
from conversations.lib.log_ids import log_ids
from conversations.lib.notify import notify_conversations
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Page, WebhookDelivery, constraints, outbox
from conversations.sync.load.live.change_writer import Received, Saved, save_changes
from conversations.sync.load.live.changes import Change, Message
from conversations.sync.load.live.silence import note_delivery
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.transaction import is_value_error
from conversations.webhooks import blanking, entries
from conversations.webhooks.app_names import note_apps
from conversations.webhooks.items import UnknownItem, change_of

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
State = WebhookDelivery.State
MAX_ERRORS = 3  # that are told of one delivery
# What an item can raise whose form nobody has foreseen.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


@dataclass
class Outcome:
    """What became of a delivery. `items` that could not be applied are in `errors`."""

    delivery: WebhookDelivery
    items: int = 0
    people: list[str] = field(default_factory=list)  # whom it names
    changes: list[Change] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    names_deleted_person: bool = False

    @property
    def has_own_echo(self) -> bool:
        """Whether Facebook tells of a message that we have sent."""
        echoes = (change for change in self.changes if isinstance(change, Message))
        return any(str(echo.data.get("metadata", "")).startswith(outbox.METADATA) for echo in echoes)

    @property
    def state(self) -> str:
        if not self.errors:
            return State.DONE
        return State.PARTIAL if self.items else State.FAILED

    @property
    def columns(self) -> list:
        """The columns of the delivery that the statement `finish` writes."""
        errors = " ".join(dict.fromkeys(self.errors[:MAX_ERRORS]))
        return [self.delivery.pk, self.state, self.items, len(self.errors), errors, self.people]


def work_on(page: Page, deliveries: Sequence[WebhookDelivery]) -> None:
    """Apply these deliveries of the Page, in one transaction if possible.

    Raises OperationalError or InterfaceError if the database is away: they stay pending.
    """
    with log_ids(delivery=",".join(str(delivery.pk) for delivery in deliveries)):
        try:
            _apply_all(page, deliveries)
        except Exception as error:
            if is_passing(error):
                raise
            if len(deliveries) > 1:
                for delivery in deliveries:
                    work_on(page, [delivery])
            else:
                _work_on_one(page, deliveries[0])


def _work_on_one(page: Page, delivery: WebhookDelivery) -> None:
    """Apply what can be applied. Whatever is in it, the delivery ends: those behind it wait for that."""
    try:
        _apply_one_by_one(page, delivery)
    except Exception as error:
        if is_passing(error):
            raise
        give_up(delivery, error)


def give_up(delivery: WebhookDelivery, error: Exception) -> None:
    """Save that nothing of the delivery could be read. The error's message may quote it: it is not kept."""
    name = type(error).__name__
    logger.warning("webhook %s: %s", delivery.pk, name)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.FAILED, error=f"It could not be read ({name}).", attempts=F("attempts") + 1
    )


def is_passing(error: Exception) -> bool:
    """Whether the same can succeed later: the database is away. Anything else would fail forever."""
    return isinstance(error, OperationalError | InterfaceError) and not is_value_error(error)


@transaction.atomic
def _apply_all(page: Page, deliveries: Sequence[WebhookDelivery]) -> None:
    is_keyed = not constraints.missing_keys()  # before the lock, for which staff may wait
    suppressed = SuppressionList(page)
    suppressed.lock_and_load()
    page.refresh_from_db()  # the IDs of the business may be others now
    outcomes = [read_delivery(page, delivery, suppressed) for delivery in deliveries]
    received = [
        Received(change, outcome.delivery.received_at) for outcome in outcomes for change in outcome.changes
    ]
    _finish(page, outcomes, save_changes(page, received, is_keyed=is_keyed))


@transaction.atomic
def _apply_one_by_one(page: Page, delivery: WebhookDelivery) -> None:
    """Apply each item for itself: one that fails, at PostgreSQL or by a fault of ours, costs only itself."""
    suppressed = SuppressionList(page)
    suppressed.lock_and_load()
    outcome, all_saved = read_delivery(page, delivery, suppressed), Saved(set(), set())
    for change in outcome.changes:
        try:
            with transaction.atomic():
                saved = save_changes(page, [Received(change, delivery.received_at)])
        except Exception as error:
            if is_passing(error):
                raise
            # Without its message, which may quote the item.
            logger.warning("[page %s] an item of webhook %s: %s", page.pk, delivery.pk, type(error).__name__)
            outcome.errors.append(f"It could not be stored ({type(error).__name__}).")
        else:
            all_saved.unsent.update(saved.unsent)
            all_saved.conversations.update(saved.conversations)
    _finish(page, [outcome], all_saved)


def read_delivery(page: Page, delivery: WebhookDelivery, suppressed: SuppressionList) -> Outcome:
    outcome = Outcome(delivery)
    business_ids = page.business_ids
    found = entries.entries_of(bytes(delivery.body))
    outcome.people = entries.people_in(found)
    for entry in found:
        for item in entry.items:
            outcome.items += 1
            try:
                change = change_of(item, platform=platform_of(entry, page), business_ids=business_ids)
            except UnknownItem as error:
                outcome.errors.append(str(error))
            except UNREADABLE as error:
                # The message of the error may quote the item: it is not kept.
                outcome.errors.append(f"It could not be read ({type(error).__name__}).")
            else:
                if is_kept(change.time) and not suppressed.suppresses_sender(change.person):
                    outcome.changes.append(change)
    outcome.names_deleted_person = any(map(suppressed.suppresses_sender, outcome.people))
    return outcome


def platform_of(entry: entries.Entry, page: Page) -> str:
    """Return the platform: the account's ID decides, because the object differs for Instagram."""
    if entry.account_id == page.facebook_page_id:
        return entry.platform or "messenger"
    return "instagram" if entry.account_id == page.instagram_account_id else entry.platform or "messenger"


def _finish(page: Page, outcomes: Sequence[Outcome], saved: Saved) -> None:
    """Save the states of the deliveries. The texts of messages that were taken back must go."""
    newest = max(outcome.delivery.received_at for outcome in outcomes)
    with connection.cursor() as cursor:
        columns = as_json([outcome.columns for outcome in outcomes])
        cursor.execute(STATEMENTS["finish"], {"deliveries": columns, "page": page.pk, "newest": newest})
    if blank := [outcome.delivery.pk for outcome in outcomes if outcome.names_deleted_person]:
        blanking.blank_rows(WebhookDelivery.objects.filter(pk__in=blank))
    if saved.unsent:
        people = {change.person for outcome in outcomes for change in outcome.changes}
        blanking.blank_unsent(page, people, saved.unsent)
    note_apps(page, (change for outcome in outcomes for change in outcome.changes))
    if any(outcome.has_own_echo for outcome in outcomes):
        outbox.wake_senders()  # one of them may not know yet what became of its message
    if page.live_state == Page.LiveState.SILENT:
        note_delivery(page, newest)
    notify_conversations(page.pk, saved.conversations)
