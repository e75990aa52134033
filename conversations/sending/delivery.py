"""Takes one message of the outbox to Facebook, and stores what became of it."""

import logging
from collections.abc import Callable
from time import sleep

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from msgspec.structs import replace

from conversations.connections.client import graph_options
from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    InvalidRequestError,
    MissingPermissionError,
    PlatformError,
    RateLimitError,
    Recovery,
)
from conversations.graph.options import GraphOptions, HttpLimits
from conversations.graph.send.message_sender import Draft, File, MessageSender
from conversations.graph.send.outcomes import Outcome, outcome_of, outcome_of_upload
from conversations.lib.log_ids import log_ids
from conversations.models import OutgoingMessage, Page
from conversations.sending import attempts, send_budget
from conversations.sending.outgoing_files import stored_content
from conversations.sending.reply_window import reply_window
from conversations.sending.sent_events import record_sent

logger = logging.getLogger(__name__)

LIMITS = HttpLimits(connect_seconds=10, read_seconds=60, response_seconds=90, max_bytes=2**20)
RESTRICTED = (1893063, 2534029)  # subcodes of Facebook's that are about the Page, not about one message
AGAIN_SECONDS = 1.0  # until the result is stored again, while the database is away
SLOW_DOWN = gettext_noop("Facebook asks us to slow down. The message is sent a little later.")
NOT_REACHED = gettext_noop("Facebook cannot be reached. It is tried again.")
UNKNOWN = gettext_noop("Facebook did not say whether it sent the message. Inbox looks for it.")
REFUSED = gettext_noop("Facebook refused the message (code %(code)s).")
CLOSED = gettext_noop("The window for answers was closed before the message could be sent.")
NOT_APPROVED = gettext_noop(
    "Facebook refused a late answer: after 24 hours it needs the approval of the app for Human Agent."
)
FAULT = gettext_noop("Inbox failed while it sent the message. It may have been sent.")


def deliver(message: OutgoingMessage, sender: int) -> None:
    """Send a message that this process has taken. Whatever happens, its row says what is known."""
    with log_ids(message=message.pk):
        try:
            _deliver(message, sender)
        except Exception:
            logger.exception("message %s of the outbox", message.pk)
            if message.state == OutgoingMessage.State.QUEUED:
                _store(lambda: attempts.put_back(message, sender))
            else:
                _store(lambda: attempts.leave_uncertain(message, sender, FAULT))


def _deliver(message: OutgoingMessage, sender: int) -> None:
    conversation, page = message.conversation, message.conversation.page
    window = reply_window(conversation)
    expired = attempts.is_too_old(message) and attempts.GIVEN_UP
    if reason := expired or _obstacle(page) or (window.is_closed and CLOSED):
        attempts.fail(message, sender, reason)
        return
    seconds = send_budget.seconds_closed(page, conversation.platform)
    api = MessageSender(page.access_token, options_for(page, conversation.platform))
    if not seconds and message.file_kind and not _upload(api, message, sender):
        return
    if seconds := seconds or send_budget.wait_for_turn(page, conversation.platform):
        attempts.put_back(message, sender, seconds, SLOW_DOWN)
    elif attempts.begin(message, sender):
        _send(api, message, sender, is_late=window.is_late)


def _obstacle(page: Page) -> str:
    state, reason = page.connection
    if state != Page.State.RECONNECT:
        return ""
    return (gettext("Reconnect needed. %(reason)s") % {"reason": reason}).strip()


def options_for(page: Page, platform: str, limits: HttpLimits = LIMITS) -> GraphOptions:
    ids = tuple(filter(None, [page.facebook_page_id, page.instagram_account_id]))
    return replace(graph_options(platform, limits), account_ids=ids)


def _upload(api: MessageSender, message: OutgoingMessage, sender: int) -> bool:
    """Upload the file, unless it is uploaded. Return whether it is. Nobody sees it: it may be tried again."""
    if message.attachment_id:
        return True
    file = File(message.file_kind, message.file_name, message.file_type, stored_content(message))
    page, platform = message.conversation.page, message.conversation.platform
    send_budget.count_call(page, platform)
    connection.close()  # while Facebook is waited for
    try:
        with send_budget.counting_failures(page, platform):
            message.attachment_id = api.upload(page.facebook_page_id, file)
    except GraphError as error:
        _store_error(message, sender, error, outcome_of_upload(error))
        return False
    OutgoingMessage.objects.filter(pk=message.pk).update(attachment_id=message.attachment_id)
    return True


def _send(api: MessageSender, message: OutgoingMessage, sender: int, *, is_late: bool) -> None:
    conversation = message.conversation
    draft = Draft(
        conversation.sender_id,
        message.metadata,
        message.text,
        message.file_kind,
        message.attachment_id,
        message.reply_to,
        is_late,
    )
    connection.close()  # while Facebook is waited for
    try:
        with send_budget.counting_failures(conversation.page, conversation.platform):
            graph_id = api.send(conversation.page.facebook_page_id, draft)
    except GraphError as error:
        outcome, found = outcome_of(error), error
        if is_late and isinstance(error, MissingPermissionError | InvalidRequestError | PlatformError):
            found.advice = NOT_APPROVED
        _store(lambda: _store_error(message, sender, found, outcome))
    else:
        _store(lambda: record_sent(message, graph_id))


def _store_error(message: OutgoingMessage, sender: int, error: GraphError, outcome: Outcome) -> None:
    """Store what follows. It never disconnects a Page: a probe asks whether it can still be read."""
    page = message.conversation.page
    logger.info("[page %s] message %s: %s", page.pk, message.pk, error)
    if isinstance(error, ActionRequiredError | PlatformError):
        page.schedule_probe()
    if error.recovery is Recovery.WAIT_HOURS or error.subcode in RESTRICTED:
        Page.objects.filter(pk=page.pk).update(sending_blocked_at=timezone.now())  # an alert says it
    if outcome is Outcome.UNCERTAIN:
        attempts.leave_uncertain(message, sender, UNKNOWN)
    elif outcome is Outcome.FAILED:
        attempts.fail(message, sender, error.advice or REFUSED % {"code": error.code})
    elif isinstance(error, RateLimitError):
        seconds = send_budget.close(page, message.conversation.platform, error.wait_seconds, error.text)
        attempts.put_back(message, sender, seconds, SLOW_DOWN)
    else:
        attempts.put_back(message, sender, reason=NOT_REACHED)


def _store(work: Callable[[], None]) -> None:
    """Store a result, also if the database is away at this moment: Facebook tells it only once."""
    while True:
        try:
            work()
            return
        except (OperationalError, InterfaceError):
            connection.close()
            sleep(AGAIN_SECONDS)
