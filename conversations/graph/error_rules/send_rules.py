"""The rows of the table of errors about sending: what Facebook says of one message, not of the Page.

A code of permissions (10, 200) with one of these subcodes is about the window or the customer: the Page can
still be read, and is not disconnected.
"""

from conversations.graph.error_rules.rule import ErrorRule
from conversations.graph.errors import GraphError, SendRefusedError

WINDOW_CLOSED = (
    "Too much time has passed since this customer last wrote: Facebook allows answers for 24 hours (in some "
    "cases for 7 days). You can answer when they write again."
)
NOT_REACHED = "This customer cannot be reached: they have blocked the Page, or closed their account."
TESTERS_ONLY = (
    "The app may only write to its own testers so far: it needs Advanced Access to pages_messaging."
)
OTHER_APP = "Another application answers in this conversation now. Take control of it, then send again."
FILE_REFUSED = (
    "Facebook does not take this file: it is too large, or of a type that it does not know. "
    "Choose another one."
)
SEND_RULES = (
    ErrorRule(
        (), SendRefusedError, "sending: the window is closed", WINDOW_CLOSED,
        subcodes=(2018065, 2018278, 2534022),
    ),
    ErrorRule(
        (10, 100, 200), SendRefusedError, "sending: the window is closed", WINDOW_CLOSED,
        phrases=("outside of allowed window", "outside the allowed window", "outside of the allowed window"),
    ),
    ErrorRule(
        (), SendRefusedError, "sending: the Page is restricted",
        "Facebook has restricted the Page, which may not send messages: look for Facebook's message in the "
        "Page's support inbox.",
        subcodes=(1893063, 2534029),
    ),
    ErrorRule(
        (), SendRefusedError, "sending: the customer cannot be reached",
        NOT_REACHED,
        subcodes=(1545041, 2018001, 2534014),
    ),
    ErrorRule(
        (551,), SendRefusedError, "sending: the customer cannot be reached", NOT_REACHED,
    ),
    ErrorRule(
        (2018108,), SendRefusedError, "sending: no Advanced Access",
        TESTERS_ONLY,
    ),
    ErrorRule(
        (), SendRefusedError, "sending: no Advanced Access",
        TESTERS_ONLY,
        subcodes=(2018028, 2018108),
    ),
    ErrorRule(
        (2018171, 2018300, 2018321), SendRefusedError, "sending: another application owns the thread",
        OTHER_APP,
    ),
    ErrorRule(
        (), SendRefusedError, "sending: another application owns the thread",
        OTHER_APP,
        subcodes=(2018171, 2018300, 2018321, 2534037),
    ),
    ErrorRule(
        (9004, range(36000, 36010)), SendRefusedError, "sending: the file is refused", FILE_REFUSED,
    ),
    ErrorRule(
        (100,), SendRefusedError, "sending: the file is refused", FILE_REFUSED,
        subcodes=(2018008, 2018047, 2018074, 2018109, 2018294),
    ),
    ErrorRule(
        (100,), SendRefusedError, "sending: a tag that Facebook no longer knows",
        "Facebook no longer accepts the way in which Inbox marks late answers (HUMAN_AGENT), or the app is "
        "not approved for it: unset FACEBOOK_HUMAN_AGENT.",
        pattern=r"human.agent|messag(e|ing).tag",
    ),
    ErrorRule((506,), GraphError, "sending: the same message again, so that it may have been sent"),
)  # fmt: skip
