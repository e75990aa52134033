"""Until when the business may write to a customer, by the world's clock."""

from conversations.sandbox.data.world import Thread

from .send_parameters import HUMAN_AGENT
from .send_refusals import refusal
from .send_switches import SendSwitches


def last_opened(thread: Thread, switches: SendSwitches) -> float | None:
    """Return when the customer last did what opens the window; None: never."""
    times = [at for kind, at in thread.customer_acts.items() if kind in switches.also_opened_by]
    for position in range(len(thread.history)):
        [message] = thread.history.newest(position, position + 1)
        if message.sender is not None and message.sender is thread.customer:
            times.append(message.created_time)
            break
    return max(times, default=None)


def check_window(thread: Thread, tag: str | None, switches: SendSwitches, now: float) -> None:
    """Raise Facebook's refusal if it is too late for a message with this tag, or without one."""
    opened = last_opened(thread, switches)
    if tag == HUMAN_AGENT and not switches.human_agent:
        raise refusal(_without_approval(thread, switches))
    seconds = switches.human_agent_seconds if tag == HUMAN_AGENT else switches.window_seconds
    if opened is None or now - opened >= seconds:
        raise refusal(_closed(thread, switches))


def _closed(thread: Thread, switches: SendSwitches) -> str:
    if thread.platform == "instagram":
        return "instagram window"
    return "window" if switches.window_subcode == 2018278 else "window of news"


def _without_approval(thread: Thread, switches: SendSwitches) -> str:
    if switches.human_agent_refusal == "window":
        return _closed(thread, switches)
    return "no human agent" if switches.human_agent_refusal == "permission" else "invalid parameter"
