"""Puts messages of users into the outbox. Everything that forbids sending is said before the first try."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from msgspec import Struct

from conversations.lib.locks import lock_outbox
from conversations.lib.notify import notify_conversations
from conversations.lib.request_scope import TooManyRequests
from conversations.models import Conversation, OutgoingMessage, Page, Platform
from conversations.models.audit import Action, record
from conversations.models.outbox import wake_senders
from conversations.sending.outgoing_files import OutgoingFile, store_file
from conversations.sending.reply_window import reply_window

State = OutgoingMessage.State
UNDO_SECONDS = 5  # in which a message can be cancelled, before it leaves
MAX_CHARACTERS, MAX_INSTAGRAM_BYTES = 2000, 1000
MAX_PER_MINUTE = 30  # messages of one user
MAX_WAITING = 100  # messages of one conversation that are not sent yet
PERMISSIONS = {Platform.MESSENGER: "pages_messaging", Platform.INSTAGRAM: "instagram_manage_messages"}


class MessageRefused(Exception):
    """The message is not accepted. The text says why, `http_status` which answer that is.

    `closed_at`: when the window for answers was closed, if that is the reason.
    """

    def __init__(self, message: str, http_status: int = 409, closed_at: datetime | None = None):
        super().__init__(message)
        self.http_status, self.closed_at = http_status, closed_at


class TextRefused(ValueError):
    """Facebook would refuse the text. The text of the exception says why, for people."""


class Content(Struct, frozen=True):
    """What is to be sent: a text or a file, and the Facebook ID of the message that it quotes."""

    text: str = ""
    file: OutgoingFile | None = None
    reply_to: str = ""

    @property
    def digest(self) -> str:
        """Tells whether two contents are the same, without telling what they are."""
        content = hashlib.sha256(self.file.content).hexdigest() if self.file else ""
        value = json.dumps([self.text, content, self.file and self.file.name, self.reply_to])
        return salted_hmac("inbox: outgoing message", value, algorithm="sha256").hexdigest()


def check_text(text: str, platform: str) -> str:
    """Return the text as it is sent. Raises TextRefused."""
    text = text.strip()
    if not text:
        raise TextRefused(gettext("The text is empty."))
    if platform == Platform.INSTAGRAM:
        if (size := len(text.encode())) > MAX_INSTAGRAM_BYTES:
            raise TextRefused(
                gettext("The text is too long for Instagram: %(size)s bytes, at most %(most)s.")
                % {"size": size, "most": MAX_INSTAGRAM_BYTES}
            )
    elif len(text) > MAX_CHARACTERS:
        raise TextRefused(
            gettext("The text is too long: %(size)s characters, at most %(most)s.")
            % {"size": len(text), "most": MAX_CHARACTERS}
        )
    return text


# -- what forbids it ---------------------------------------------------------------------------------------
def require_sending(conversation: Conversation) -> None:
    """Raise MessageRefused if nothing can be sent in this conversation now."""
    require_switched_on()
    page = Page.objects.get(pk=conversation.page_id)
    state, reason = page.connection
    if state == Page.State.RECONNECT:
        raise MessageRefused((gettext("Reconnect needed. %(reason)s") % {"reason": reason}).strip())
    if missing := missing_permission(page, conversation.platform):
        raise MessageRefused(missing)
    window = reply_window(conversation)
    if window.is_closed:
        raise MessageRefused(
            gettext("Facebook allows no answer any more: the customer must write first."),
            closed_at=window.until,
        )


def require_switched_on() -> None:
    if not settings.SENDING:
        raise MessageRefused(gettext("Sending is switched off on this server (SENDING=0)."), 503)


def missing_permission(page: Page, platform: str) -> str:
    """Return what to do if the token is known to lack the permission to send; empty if it is not."""
    permission = PERMISSIONS[Platform(platform)]
    if page.permissions is None or permission in page.permissions:
        return ""
    return gettext(
        "The Page was connected without the permission %(permission)s, which sending needs. Connect the Page "
        "again and allow it."
    ) % {"permission": permission}


def require_rate(author) -> None:
    """Raise TooManyRequests if the user has sent very many messages within the last minute."""
    since = timezone.now() - timedelta(minutes=1)
    if OutgoingMessage.objects.filter(author=author, created_at__gt=since).count() >= MAX_PER_MINUTE:
        raise TooManyRequests(
            gettext("You have sent %(number)s messages within a minute. Wait a little.")
            % {"number": MAX_PER_MINUTE}
        )


# -- the row -----------------------------------------------------------------------------------------------
def known_message(author, client_id: uuid.UUID, conversation: Conversation, content: Content):
    """Return the message that the user has sent with this ID; None if there is none.

    Raises MessageRefused if it is another one.
    """
    known = OutgoingMessage.objects.filter(author=author, client_id=client_id).first()
    if known and (known.conversation_id, known.digest) != (conversation.pk, content.digest):
        raise MessageRefused(gettext("This clientId belongs to another message."))
    return known


def queue_message(
    conversation: Conversation, content: Content, *, author, client_id: uuid.UUID, now: bool = False
) -> tuple[OutgoingMessage, bool]:
    """Return the message in the outbox, and whether it is new.

    It leaves after UNDO_SECONDS, or `now`. The same client ID again gives the same message. Raises
    MessageRefused and TooManyRequests.
    """
    if known := known_message(author, client_id, conversation, content):
        return known, False
    require_sending(conversation)
    require_rate(author)
    try:
        return _create(conversation, content, author, client_id, now=now), True
    except IntegrityError:  # at the same moment, by the same client
        if known := known_message(author, client_id, conversation, content):
            return known, False
        raise


@transaction.atomic
def _create(
    conversation: Conversation, content: Content, author, client_id: uuid.UUID, *, now: bool
) -> OutgoingMessage:
    lock_outbox(conversation.pk)  # the IDs, which are their order, are given one after the other
    waiting = conversation.outgoing.exclude(state__in=[State.SENT, State.CANCELLED])
    if waiting.count() >= MAX_WAITING:
        raise MessageRefused(
            gettext("%(number)s messages of this conversation are not sent yet. Retry or discard them first.")
            % {"number": MAX_WAITING}
        )
    message = OutgoingMessage(
        conversation=conversation,
        author=author,
        client_id=client_id,
        digest=content.digest,
        text=content.text,
        reply_to=content.reply_to,
        due_at=due_time(now=now),
    )
    if file := content.file:
        message.file_kind, message.file_name, message.file_type = file.kind, file.name, file.media_type
        message.file_size = len(file.content)
    message.save(force_insert=True)
    if content.file:
        store_file(message, content.file)
    record(Action.MESSAGE_WRITTEN, actor=author, target=conversation, message=message.pk)
    announce(message)
    return message


def due_time(*, now: bool) -> datetime:
    return timezone.now() + timedelta(seconds=0 if now else UNDO_SECONDS)


def announce(message: OutgoingMessage) -> None:
    """Wake the senders, and tell the screens that the conversation looks different."""
    wake_senders()
    notify_conversations(message.conversation.page_id, [message.conversation_id])
