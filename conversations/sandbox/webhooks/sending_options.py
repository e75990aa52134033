"""How Facebook sends webhooks, where that varies. All can be changed while it sends."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class SendingOptions:
    batch: int = 1  # items of one request, at most
    duplicate_items: int = 0  # every n-th item comes twice in its request
    duplicate_posts: int = 0  # every n-th request is sent twice
    shuffle: bool = False  # items that are due together come in any order
    delay_seconds: float = 0.0  # by the world's clock, from what happens to its webhook
    drop: bool = False  # a gap: what happens is never sent
    drop_every: int = 0  # every n-th item is never sent
    secret: str = "sandbox-secret"  # noqa: S105 - of the sandbox; of the app that signs
    wrong_signature: int = 0  # every n-th request is signed with another secret
    retry_pauses: tuple[float, ...] = (0, 0, 0, 60, 300, 900)  # after a failure; the last one repeats
    unsubscribe_minutes: float = 60  # of failures, after which a Page is subscribed no longer
    timeout_seconds: float = 5.0

    # Forms
    escape_unicode: bool = True  # all but ASCII as \uXXXX, as Facebook signs it
    as_array: bool = False  # the object in a list, as in Facebook's examples
    numeric_ids: bool = False  # IDs of people and Pages as numbers
    time_unit: Literal["ms", "seconds", "text"] = "ms"  # "text": seconds in a string
    mid_form: Literal["m_", "bare", "mixed"] = "m_"  # of Messenger; "bare": without that
