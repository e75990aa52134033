"""Sends one message, uploads its file, or takes its conversation over. Nothing is repeated here: the caller
knows what may be.

Each request has a connection of its own. One that was kept open may be closed by the other side just now, and
then nobody could tell whether the message has left.
"""

import hashlib
import hmac
import json
from typing import Any, NamedTuple
from urllib.parse import quote

from conversations.graph import error_table
from conversations.graph.coercion import as_dict, as_id
from conversations.graph.error_rules.envelopes import find_error
from conversations.graph.errors import GraphError, RateLimitError, TransientError
from conversations.graph.http import HttpResponse, HttpSession
from conversations.graph.options import GraphOptions
from conversations.graph.usage import Usage, UsageScope

MAX_METADATA = 1000  # characters
HUMAN_AGENT = "HUMAN_AGENT"


class Draft(NamedTuple):
    """A message to a customer: a text, or an uploaded file of this kind (image, video, audio, file)."""

    recipient: str
    metadata: str
    text: str = ""
    kind: str = ""
    attachment_id: str = ""
    reply_to: str = ""  # the Facebook ID of the quoted message
    is_late: bool = False  # after the first 24 hours, by a person


class File(NamedTuple):
    kind: str
    name: str
    media_type: str
    content: bytes


class MessageSender:
    """Sends for one Page with one token. Raises the errors of graph/errors.py, and no others."""

    def __init__(self, token: str, options: GraphOptions):
        self._token, self._options = token, options

    def send(self, page_id: str, draft: Draft) -> str:
        """Return the Facebook ID of the sent message."""
        response = self._post(f"{page_id}/messages", json=body_of(draft) | self._proof)
        message_id = as_id(as_dict(response.body).get("message_id"))
        if not message_id:
            raise TransientError("Facebook's answer does not name the message.")
        return message_id

    def upload(self, page_id: str, file: File) -> str:
        """Upload a file for a message. Return its Facebook ID."""
        message = {"attachment": {"type": file.kind, "payload": {"is_reusable": True}}}
        form = {"platform": self._options.platform, "message": json.dumps(message)}
        response = self._post(
            f"{page_id}/message_attachments",
            data=form | self._proof,
            files={"filedata": (file.name, file.content, file.media_type)},
        )
        attachment_id = as_id(as_dict(response.body).get("attachment_id"))
        if not attachment_id:
            raise TransientError("Facebook's answer does not name the file.")
        return attachment_id

    def take_control(self, page_id: str, recipient: str) -> None:
        """Let this application answer the person, whichever other one does now."""
        response = self._post(
            f"{page_id}/take_thread_control", json={"recipient": {"id": recipient}} | self._proof
        )
        if as_dict(response.body).get("success") is not True:
            raise TransientError("Facebook did not confirm the control of the thread.")

    def _post(self, path: str, **parameters: Any) -> HttpResponse:
        url = f"{self._options.url}/{self._options.version}/{quote(path, errors='replace')}"
        session = HttpSession(self._token, self._options.limits)
        try:
            response = session.request("POST", url, **parameters)
        finally:
            session.close()
        if error := self._error(response):
            raise error
        return response

    def _error(self, response: HttpResponse) -> GraphError | None:
        """Return the error in the response, whatever its status says."""
        if found := find_error(response.body):
            error = error_table.from_error(
                found, status=response.status, token=self._token, platform=self._options.platform
            )
        elif response.status != 200 or not isinstance(response.body, dict):
            error = error_table.from_status(response.status)
        else:
            return None
        if isinstance(error, RateLimitError):
            scope = UsageScope(frozenset({self._options.platform}), frozenset(self._options.account_ids))
            usage = Usage.from_headers(response.headers, scope.with_code(error.code))
            error.wait_seconds = max(error.wait_seconds, usage.regain_seconds)
        return error

    @property
    def _proof(self) -> dict[str, str]:
        secret = self._options.app_secret
        if not secret:
            return {}
        digest = hmac.new(secret.encode(), self._token.encode(), hashlib.sha256)
        return {"appsecret_proof": digest.hexdigest()}


def body_of(draft: Draft) -> dict[str, Any]:
    """Return the body of the request."""
    message: dict[str, Any] = {"metadata": draft.metadata[:MAX_METADATA]}
    if draft.attachment_id:
        payload = {"attachment_id": draft.attachment_id}
        message["attachment"] = {"type": draft.kind, "payload": payload}
    else:
        message["text"] = draft.text
    kind = {"messaging_type": "MESSAGE_TAG", "tag": HUMAN_AGENT} if draft.is_late else {}
    quoted = {"reply_to": {"mid": draft.reply_to}} if draft.reply_to else {}
    recipient = {"id": draft.recipient}
    return {"recipient": recipient, "messaging_type": "RESPONSE", **kind, **quoted, "message": message}
