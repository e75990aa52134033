"""What happens in one round of a crash test, chosen at random before the round starts."""

from dataclasses import dataclass
from random import Random

# How often each kind of failure is chosen, relative to the others.
WEIGHTS = {
    "kill -9": 40,
    "SIGTERM": 8,
    "backend": 8,
    "connection": 6,
    "lock": 8,
    "server": 6,
    "restart": 4,
    "sandbox": 8,
    "second sync": 4,
    "none": 8,
}


@dataclass(frozen=True)
class Plan:
    """The plan of one round."""

    runner: str  # "command" or "web"
    failure: str  # a key of WEIGHTS
    full: bool
    calls: int  # the failure comes after this number of answered calls
    seconds: float  # and this long after the last of them
    changes_before: int  # changes of the inbox before the sync
    changes_during: int  # at most, during the sync
    error_rate: float  # the probability that a call to Facebook fails
    is_slow_by_size: bool  # a call that asks for much times out
    endless: str  # "inbox" or "thread": a list that never ends; or empty

    @classmethod
    def draw(cls, rng: Random, runner: str, weights: dict[str, int]) -> "Plan":
        quiet = rng.random() < 0.3
        calls = rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 7, 10, 15])
        return cls(
            runner=runner,
            failure=rng.choices(list(weights), list(weights.values()))[0],
            full=rng.random() < 0.4,
            calls=calls,
            seconds=rng.random() * rng.choice([0, 0, 0.03] if calls else [0.8]),
            changes_before=0 if rng.random() < 0.35 else rng.randrange(25),
            changes_during=0 if quiet else rng.randrange(12),
            error_rate=rng.choice([0.03, 0.1]) if not quiet and rng.random() < 0.3 else 0,
            is_slow_by_size=not quiet and rng.random() < 0.15,
            endless=rng.choice(["inbox", "thread"]) if not quiet and rng.random() < 0.35 else "",
        )

    @property
    def is_quiet(self) -> bool:
        """Nothing but the failure happens, so that the calls of two runs can be compared one by one."""
        return not (self.changes_during or self.error_rate or self.is_slow_by_size or self.endless)
