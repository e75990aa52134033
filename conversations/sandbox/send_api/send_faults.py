"""What can go wrong with a message that is sent, as faults: for the next calls, by `sandbox.faults.add`.

sandbox.faults.add(send_faults.answer_lost(), path="/messages")
sandbox.faults.add(send_faults.not_sent(faults.html(502)), path="/messages")

Other faults do what they say here, too: after `graph_error` the message was not sent, after a `reset`, or a
`slow` answer, it was.
"""

from dataclasses import replace

from conversations.sandbox.faults import Fault, cut_off, graph_error, html, reset, text
from conversations.sandbox.responses.error_responses import GraphFailure

from .send_refusals import refusal


def of(failure: GraphFailure) -> Fault:
    return Fault("error", f"code {failure.code}", failure)


def refused(name: str) -> Fault:
    """A refusal of the Send API by its name in REFUSALS."""
    return of(refusal(name))


def answer_lost(how: Fault | None = None) -> Fault:
    """The message is sent, and the connection breaks: by a reset, or as `how` says (hang, cut_off, drip)."""
    return sent_nevertheless(how or reset())


def error_although_sent(code: int = 1, subcode: int | None = 1357046, status: int = 500) -> Fault:
    """The message is sent, and the answer is an error; by default the one that Facebook documents."""
    message = f"(#{code}) Received invalid JSON reply."
    return sent_nevertheless(graph_error(code, subcode, status=status, message=message))


def sent_nevertheless(fault: Fault) -> Fault:
    """Any fault, such as a gateway's error or an answer that is not JSON, of a message that is sent."""
    return replace(fault, name=f"{fault.name}, sent", acts=True)


def not_sent(fault: Fault | None = None) -> Fault:
    """Any fault, by default a reset of the connection, of a message that is not sent."""
    fault = fault or reset()
    return replace(fault, name=f"{fault.name}, not sent", acts=False)


def sent_late(seconds: float, fault: Fault | None = None) -> Fault:
    """The call is answered, and the message is in the thread after this time of the world's clock."""
    return replace(fault or Fault("headers", "sent late"), acts=True, late_seconds=seconds)


def sent_twice(fault: Fault | None = None) -> Fault:
    """One call makes two messages, as when something in between repeats it. The answer names the second."""
    return replace(fault or Fault("headers", "sent twice"), acts=True, copies=2)


def without_message_id() -> Fault:
    """The message is sent, but the answer has only the recipient."""
    return Fault("headers", "without message_id", omit=("message_id",))


# For faults.storm(0.3, faults=send_faults.STORM, path="/messages"): of half of them the message is sent.
STORM = (
    answer_lost(),
    answer_lost(cut_off()),
    error_although_sent(),
    sent_nevertheless(html(504)),
    sent_nevertheless(text()),
    without_message_id(),
    not_sent(),
    not_sent(html(502)),
    graph_error(1, status=500, message="An unknown error has occurred."),
    refused("blocked by 2"),
    refused("rate"),
    refused("temporary"),
)
