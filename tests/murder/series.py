"""A series of murders on one inbox: a sync is begun, somebody is killed, and the tables are checked."""

import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from django.db import Error, connection
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.models import Conversation, Page, SyncRun
from conversations.sandbox import SandboxServer
from conversations.sandbox.ledger import Call
from conversations.sync.fetch import ANSWERS, THREADS
from conversations.sync.progress import SyncProgress
from conversations.sync.service import SyncAlreadyRunning, sync_conversations
from conversations.tagging import tag_conversations
from tags.models import Tag

from .calls import Repeated
from .checks import Copy, assert_settled, assert_sound
from .victims import Command, Database, WebSync, wait_until
from .world import MovingInbox

Status = SyncRun.Status

# What the run after a kill may ask again, beside the head of the list: of each list that is walked by its
# cursor, what waited for the writer, was in its hands or on its way; of single threads, of each platform,
# what was asked or waited just then.
BATCHES_REPEATED = ANSWERS + 2
MESSAGES_REPEATED = THREADS + ANSWERS + 1


HOW_OFTEN = {
    "kill -9": 40,
    "SIGTERM": 8,
    "backend": 8,
    "connection": 6,
    "lock": 8,
    "server": 6,
    "restart": 4,
    "sandbox": 8,
    "rival": 4,
    "nobody": 8,
}


@dataclass(frozen=True)
class Plan:
    """One round, drawn before it begins."""

    who: str  # command or web
    victim: str
    full: bool
    calls: int  # answered calls until the murder,
    seconds: float  # and this long after
    moves: int  # of the world before,
    meanwhile: int  # and while the sync runs
    storm: float  # how probable it is that a call fails

    @classmethod
    def draw(cls, draw: Random, who: str, how_often: dict[str, int]) -> "Plan":
        quiet = draw.random() < 0.3
        calls = draw.choice([0, 1, 1, 2, 2, 3, 4, 5, 7, 10, 15])
        return cls(
            who=who,
            victim=draw.choices(list(how_often), list(how_often.values()))[0],
            full=draw.random() < 0.4,
            calls=calls,
            seconds=draw.random() * draw.choice([0, 0, 0.03] if calls else [0.8]),
            moves=0 if draw.random() < 0.35 else draw.randrange(25),
            meanwhile=0 if quiet else draw.randrange(12),
            storm=draw.choice([0.03, 0.1]) if not quiet and draw.random() < 0.3 else 0,
        )

    @property
    def is_quiet(self) -> bool:
        """Nothing but the murder happens: then the calls of two runs can be compared one by one."""
        return not (self.meanwhile or self.storm)


@dataclass
class Toll:
    """What all series together did."""

    kills: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)  # while a run was in work
    ends: Counter[str] = field(default_factory=Counter)  # of the runs
    most: Counter[str] = field(default_factory=Counter)  # repeated at once
    rounds: int = 0

    def note(self, name: str, *, hit: bool) -> None:
        self.rounds += 1
        self.kills[name] += 1
        self.hits[name] += hit

    def repeated(self, found: Repeated) -> None:
        for name, number in vars(found).items():
            self.most[name] = max(self.most[name], number)

    def __str__(self) -> str:
        lines = [f"{self.rounds} syncs, murdered in mid-run: {sum(self.hits.values())}"]
        lines += [
            f"  {name:20} {self.kills[name]:4}, mid-run {self.hits[name]:4}" for name in sorted(self.kills)
        ]
        lines += [
            "runs ended " + ", ".join(f"{name}: {number}" for name, number in sorted(self.ends.items()))
        ]
        lines += ["repeated at most " + ", ".join(f"{number} {name}" for name, number in self.most.items())]
        return "\n".join(lines)


class Series:
    """Rounds on one world, then rest and the comparison. What `tell` gets is one line per round."""

    def __init__(
        self,
        draw: Random,
        *,
        page: Page,
        inbox: MovingInbox,
        sandbox: SandboxServer,
        database: Database,
        environment: dict[str, str],
        key: str,
        tell: Callable[[str], None],
        toll: Toll,
    ) -> None:
        self._draw, self._page, self._inbox, self._sandbox = draw, page, inbox, sandbox
        self._database, self._environment, self._key = database, environment, key
        self._tell, self._toll = tell, toll
        self._web: WebSync | None = None
        self._copy: Copy | None = None
        self._dead: SyncRun | None = None  # in work when its process was killed
        self._dead_calls: list[Call] = []
        self._was_quiet = False

    def play(self, rounds: int, how_often: dict[str, int]) -> None:
        who = "command"
        try:
            for _ in range(rounds):
                if self._draw.random() < 0.3:
                    who = "web" if who == "command" else "command"
                self._round(Plan.draw(self._draw, who, how_often))
            self._settle()
        finally:
            self._end_web(signal.SIGKILL)

    # -- one round -----------------------------------------------------------------------------------------
    def _round(self, plan: Plan) -> None:
        try:
            self._prepare(plan)
            self._sandbox.ledger.clear()
            with self._inbox.moving(self._sandbox, plan.meanwhile):
                sync = self._begin(plan)
                try:
                    hit = self._murder(plan, sync)
                except BaseException:
                    sync.kill(signal.SIGKILL)
                    raise
            self._look(plan, hit)
        except BaseException as error:
            error.add_note(f"in {plan}\n{self._state()}")
            raise

    def _state(self) -> str:
        """For whoever looks for the reason."""
        with suppress(Error):
            connection.close()
            runs = list(self._page.runs.order_by("-pk").values_list("pk", "status", "trigger", "error")[:5])
            jobs = list(
                ProcrastinateJob.objects.order_by("-pk").values_list("task_name", "status", "args")[:8]
            )
            return f"runs {runs}\njobs {jobs}\n{self._web.output()[-3000:] if self._web else ''}"
        return "PostgreSQL does not answer"

    def _prepare(self, plan: Plan) -> None:
        self._inbox.move(plan.moves)
        self._sandbox.faults.clear()
        if plan.storm:
            self._sandbox.faults.storm(plan.storm, seed=self._draw.randrange(1_000_000))
        ids = list(Conversation.objects.filter(page=self._page).values_list("pk", flat=True))
        if ids:
            tag_conversations(self._draw.sample(ids, min(3, len(ids))), Tag.objects.all(), actor=None)

    def _begin(self, plan: Plan) -> Command | WebSync:
        if plan.who == "command":
            self._end_web(self._draw.choice([signal.SIGKILL, signal.SIGTERM]))
            return Command(self._environment, self._page.facebook_page_id, full=plan.full)
        if self._web is None:
            self._web = WebSync(self._environment, self._key)
        self._web.ask(self._page.facebook_page_id, full=plan.full)
        return self._web

    def _murder(self, plan: Plan, sync: Command | WebSync) -> bool:
        """Whether a run was in work at that moment."""
        wait_until(lambda: self._answered() >= plan.calls or sync.has_ended, "the sync does not go on")
        time.sleep(plan.seconds)  # the moment is random, not awaited
        hit = self._is_in_work()
        MURDERS[plan.victim](self, sync)
        if isinstance(sync, Command):
            self._assert_said_why(sync)
            self._database.wait_until_alone()
        elif not sync.is_alive:
            self._web = None
            self._database.wait_until_alone()
        return hit

    def _assert_said_why(self, command: Command) -> None:
        """What did not end well says so in a last line of words, and nothing says the token."""
        output = command.output()
        assert self._inbox.shop.token not in output
        assert command.process.returncode in (0, 1, -signal.SIGKILL, -signal.SIGTERM), output
        if command.process.returncode == 1:
            assert re.match(r"manage\.py: |CommandError: |\d+: ", output.rstrip().rpartition("\n")[2]), output

    def _answered(self) -> int:
        return sum(call.status is not None for call in self._sandbox.ledger)

    def _is_in_work(self) -> bool:
        """Whether this round's run is."""
        working = SyncRun.objects.active().exclude(status=Status.QUEUED)
        return working.exclude(pk=self._dead.pk if self._dead else None).exists()

    def _end_web(self, number: int) -> None:
        if self._web is not None:
            self._web.kill(number)
            self._web = None
            self._database.wait_until_alone()

    # -- the murders ---------------------------------------------------------------------------------------
    def _kill(self, sync: Command | WebSync) -> None:
        sync.kill(signal.SIGKILL)

    def _sigterm(self, sync: Command | WebSync) -> None:
        sync.kill(signal.SIGTERM)

    def _backend(self, sync: Command | WebSync) -> None:
        self._database.kill_backend(self._draw)
        self._let_end(sync)

    def _connection(self, sync: Command | WebSync) -> None:
        self._database.end_connection(self._draw)
        self._let_end(sync)

    def _lock(self, sync: Command | WebSync) -> None:
        """And at once somebody else begins, who finds the lock free and closes the first's run for good."""
        closed: dict[int, datetime | None] = {}

        def look(progress: SyncProgress) -> None:
            others = SyncRun.objects.filter(pk__lt=progress.run)
            closed.update({} if closed else dict(others.values_list("pk", "ended_at")))

        self._database.end_lock(self._page.pk, self._draw)
        with suppress(SyncAlreadyRunning):  # the first has taken the lock again
            self._sync(on_progress=look)
        self._let_end(sync)
        assert dict(SyncRun.objects.filter(pk__in=closed).values_list("pk", "ended_at")) == closed

    def _server(self, sync: Command | WebSync) -> None:
        self._database.stop_at_once()
        time.sleep(self._draw.random() * 0.5)  # it is away for a while
        self._database.start()
        self._let_end(sync)

    def _restart(self, sync: Command | WebSync) -> None:
        self._database.restart()
        self._let_end(sync)

    def _sandbox_goes(self, sync: Command | WebSync) -> None:
        self._sandbox.stop()
        time.sleep(self._draw.random() * 0.5)  # longer than all tries together, or not
        self._sandbox.start()
        sync.wait()

    def _rival(self, sync: Command | WebSync) -> None:
        rival = Command(self._environment, self._page.facebook_page_id, full=False)
        rival.wait()
        sync.wait()
        self._assert_said_why(rival)

    def _nobody(self, sync: Command | WebSync) -> None:
        sync.wait()

    def _let_end(self, sync: Command | WebSync) -> None:
        """A command ends by itself; a web process comes back to life, and takes its run over."""
        if isinstance(sync, WebSync):
            sync.wait_until_back()
        sync.wait()

    # -- what is left --------------------------------------------------------------------------------------
    def _look(self, plan: Plan, hit: bool) -> None:
        self._copy = assert_sound(self._page.pk, self._inbox, self._copy)
        runs = [run for run in self._copy.runs if run.status != Status.QUEUED]
        self._compare_calls(plan, runs)
        self._assert_taken_over(runs)
        self._toll.note(f"{plan.who}, {plan.victim}", hit=hit)
        newest = runs[-1] if runs else None
        self._tell(
            f"{self._toll.rounds:4}  {plan.who:8} {plan.victim:11} {'mid-run' if hit else '-':8}"
            f"{len(self._sandbox.ledger):4} calls  {newest or 'no run yet'}"
        )

    def _assert_taken_over(self, runs: list[SyncRun]) -> None:
        """Only the newest may be open; the one that died says who goes on."""
        assert [run for run in runs[:-1] if run.ended_at is None] == [], "left open although another followed"
        by_id = {run.pk: run for run in runs}
        if self._dead and runs[-1].pk != self._dead.pk:
            dead = by_id[self._dead.pk]
            assert dead.status == Status.INTERRUPTED
            following = [str(run.pk) for run in runs[runs.index(dead) + 1 :]]
            assert any(pk in dead.error for pk in following), dead.error
        self._dead = runs[-1] if runs and runs[-1].ended_at is None else None

    def _compare_calls(self, plan: Plan, runs: list[SyncRun]) -> None:
        calls = self._sandbox.ledger.calls
        if self._dead and self._dead.resume and runs[-1].pk != self._dead.pk and not plan.moves:
            found = Repeated.of(self._dead_calls, calls)
            self._toll.repeated(found)
            if plan.is_quiet and self._was_quiet and runs[-1].mode == self._dead.mode:
                assert found.batches <= BATCHES_REPEATED, found
                assert found.messages <= MESSAGES_REPEATED * len(self._inbox.platforms), found
        if calls:
            self._dead_calls, self._was_quiet = calls, plan.is_quiet

    def _settle(self) -> None:
        self._end_web(signal.SIGKILL)
        self._sandbox.faults.clear()
        self._inbox.rest()
        assert_settled(self._sync, self._page, self._inbox)
        self._copy = assert_sound(self._page.pk, self._inbox, self._copy)
        assert all(run.ended_at for run in self._copy.runs), "a run was left open"
        self._toll.ends.update(str(run.status) for run in self._copy.runs)

    def _sync(self, **options):
        return sync_conversations(Page.objects.get(pk=self._page.pk), **options)


MURDERS = {
    "kill -9": Series._kill,
    "SIGTERM": Series._sigterm,
    "backend": Series._backend,
    "connection": Series._connection,
    "lock": Series._lock,
    "server": Series._server,
    "restart": Series._restart,
    "sandbox": Series._sandbox_goes,
    "rival": Series._rival,
    "nobody": Series._nobody,
}
