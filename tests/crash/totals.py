"""The totals of all scenarios of a crash test."""

from collections import Counter
from dataclasses import dataclass, field

from .repeated_calls import RepeatedCalls


@dataclass
class Totals:
    failures: Counter[str] = field(default_factory=Counter)
    during_run: Counter[str] = field(default_factory=Counter)  # failures while a run was active
    statuses: Counter[str] = field(default_factory=Counter)  # final statuses of the runs
    most_repeated: Counter[str] = field(default_factory=Counter)  # calls, in any one run
    rounds: int = 0

    def add_round(self, name: str, *, during_run: bool) -> None:
        self.rounds += 1
        self.failures[name] += 1
        self.during_run[name] += during_run

    def add_repeated(self, repeated: RepeatedCalls) -> None:
        for name, number in vars(repeated).items():
            self.most_repeated[name] = max(self.most_repeated[name], number)

    def __str__(self) -> str:
        lines = [f"{self.rounds} syncs, {sum(self.during_run.values())} failures during a run"]
        lines += [
            f"  {name:20} {self.failures[name]:4}, during a run {self.during_run[name]:4}"
            for name in sorted(self.failures)
        ]
        statuses = ", ".join(f"{name}: {number}" for name, number in sorted(self.statuses.items()))
        repeated = ", ".join(f"{number} {name}" for name, number in self.most_repeated.items())
        return "\n".join([*lines, f"statuses of the runs: {statuses}", f"repeated at most: {repeated}"])
