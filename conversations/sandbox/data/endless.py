"""Lists without an end, and lists that grow while they are read."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class Endless:
    """How a list goes on behind its last item: each answer has a `next`.

    `data`: nothing, the last items again, or new older items, which then belong to the world.
    `cursor`: the same as that of the call, or another one each time."""

    data: Literal["none", "repeated", "new"] = "repeated"
    cursor: Literal["same", "new"] = "same"
