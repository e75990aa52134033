"""How the Send API behaves where it varies or is undocumented, selectable while the sandbox runs."""

from dataclasses import dataclass, field
from typing import Literal

MEBIBYTE = 1024 * 1024
DAY = 86400.0


def _sizes() -> dict[str, int]:
    return {"image": 8 * MEBIBYTE, "audio": 25 * MEBIBYTE, "video": 25 * MEBIBYTE, "file": 25 * MEBIBYTE}


@dataclass
class SendSwitches:
    # Windows, by the world's clock
    window_hours: float = 24  # after the customer's newest message or tap on a button
    also_opened_by: set[str] = field(default_factory=lambda: {"reaction", "referral"})
    window_subcode: Literal[2018278, 2018065] = 2018278  # of Messenger; that of Instagram is 2534022
    human_agent: bool = False  # the app is approved for the tag HUMAN_AGENT
    human_agent_days: float = 7
    human_agent_refusal: Literal["permission", "parameter", "window"] = "permission"  # without approval
    actions_need_window: bool = False  # typing_on, mark_seen and the like
    needs_messaging_type: bool = False

    # The webhooks of a sent message
    # "before" and "after" the answer of the call, "late" by echo_seconds; "any": whichever is faster.
    echo: Literal["after", "before", "any", "late", "never"] = "after"
    echo_seconds: float = 30  # by the world's clock
    echo_metadata: set[str] = field(default_factory=lambda: {"messenger"})  # platforms whose echoes have it
    echo_app_id: bool = True
    delivered_after: float | None = None  # seconds until the webhook `delivery`; None: it does not come
    seen_after: float | None = None  # the same of `read`

    # Answers
    message_id_form: Literal["m_", "bare"] = "m_"  # of Messenger; "bare": without that, unlike in lists
    answer_marks_read: bool = True  # a sent message makes the unread count 0
    mark_seen_marks_read: bool = True  # so does mark_seen

    # Contents
    max_text: int = 2000
    max_instagram_bytes: int | None = 1000  # of text
    max_metadata: int = 1000
    text_with_file: Literal["two messages", "refused"] = "two messages"
    unknown_reply_to: Literal["refused", "ignored"] = "refused"

    # Files
    max_bytes: dict[str, int] = field(default_factory=_sizes)  # by type; beyond: 100/2018109
    max_uploaded_image: int = 25 * MEBIBYTE  # in the body of the call instead of by URL; Messenger only
    fetch_seconds: float = 10  # until a URL has failed
    video_fetch_seconds: float = 75
    fetches: int = 1  # requests for a URL: Facebook does not promise that it is only one
    attachment_days: float = 90  # until an attachment_id has ended
    instagram_file_codes: Literal["shared", "36000"] = "shared"  # those of Messenger, or codes of its own

    # Threads of other apps, and people without a role while the app lacks Advanced Access
    owner_code: Literal[10, 2018300] = 10  # 10/2018300, or 2018300 alone; Instagram has 100/2534037
    take_control: Literal["allowed", "refused"] = "allowed"
    tester_refusal: Literal["testers only", "cannot receive"] = "testers only"  # 200/2018028 or 10/2018108

    @property
    def window_seconds(self) -> float:
        return self.window_hours * 3600

    @property
    def human_agent_seconds(self) -> float:
        return self.human_agent_days * DAY
