"""Takes the control of a thread in which another application answers. Only a person asks for that."""

from django.utils.translation import gettext

from conversations.connections.interactive import LIMITS
from conversations.graph.error_rules.send_rules import OTHER_APP
from conversations.graph.errors import ActionRequiredError, GraphError, PlatformError
from conversations.graph.send.message_sender import MessageSender
from conversations.models import Conversation, OutgoingMessage
from conversations.sending import send_budget
from conversations.sending.delivery import options_for
from conversations.sending.outbox import MessageRefused


def may_take_over(message: OutgoingMessage) -> bool:
    """Whether the message was refused because another application answers there."""
    return message.state == OutgoingMessage.State.FAILED and message.reason == OTHER_APP


def take_over(conversation: Conversation) -> None:
    """Ask Facebook, which may take long, to let this application answer. Raises MessageRefused."""
    page = conversation.page
    api = MessageSender(page.access_token, options_for(page, conversation.platform, LIMITS))
    send_budget.count_call(page, conversation.platform)
    try:
        with send_budget.counting_failures(page, conversation.platform):
            api.take_control(page.facebook_page_id, conversation.sender_id)
    except GraphError as error:
        if isinstance(error, ActionRequiredError | PlatformError):
            page.schedule_probe()
        reason = error.advice or error.text
        raise MessageRefused(
            gettext("Facebook did not give Inbox the control of this thread. %(reason)s")
            % {"reason": gettext(reason)}
        ) from None
