"""A scenario of a crash test: several rounds on one inbox, each with a sync, a failure and checks."""

import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import Error, connection
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, Page, SyncRun
from conversations.sandbox import SandboxServer, faults, refusals
from conversations.sandbox.call_log import Call
from conversations.sync.crawl.worker_pool import QUEUE_SIZE, THREADS
from conversations.sync.progress import SyncProgress
from conversations.sync.service import SyncAlreadyRunning, sync_conversations
from tags.models import Tag

from .changing_inbox import ChangingInbox
from .checks import Snapshot, assert_consistent, assert_settled
from .plan import Plan
from .processes import Command, Database, WebSync, wait_until
from .repeated_calls import RepeatedCalls
from .totals import Totals

Status = SyncRun.Status

# How many calls the run after a failure may repeat, beside the first call of a list. For each list that is
# read by its cursor: the batches that waited for the writer, the one being written and the one on its way.
# For single threads, on each platform: the calls in progress and the responses that waited.
BATCHES_REPEATED = QUEUE_SIZE + 2
MESSAGES_REPEATED = THREADS + QUEUE_SIZE + 1

# What any call may meet: failures that pass, and usage headers about another product or in an odd shape.
OTHERS_FULL = '{"112": [{"call_count": 100}], "900000000000001": [{"type": "pages", "call_count": 100}]}'
FAULTS = (
    *faults.STORM,
    *refusals.TRANSIENT,
    faults.graph_error(987, is_transient=True),
    faults.headers({"X-Business-Use-Case-Usage": OTHERS_FULL}),
    faults.odd_usage(7),
)


@dataclass(frozen=True)
class Setup:
    """What a scenario works on. `environment` is that of the processes it starts, `key` their API key."""

    page: Page
    inbox: ChangingInbox
    sandbox: SandboxServer
    database: Database
    environment: dict[str, str]
    key: str


class Scenario:
    """Rounds on one world, then the comparison with it at rest. `log` is called with one line per round."""

    def __init__(self, rng: Random, setup: Setup, *, log: Callable[[str], None], totals: Totals) -> None:
        self._rng, self._page, self._inbox, self._sandbox = rng, setup.page, setup.inbox, setup.sandbox
        self._database, self._environment, self._key = setup.database, setup.environment, setup.key
        self._log, self._totals = log, totals
        self._web: WebSync | None = None
        self._snapshot: Snapshot | None = None
        self._interrupted: SyncRun | None = None  # the run that was active when its process was killed
        self._previous_calls: list[Call] = []
        self._previous_was_quiet = False

    def run(self, rounds: int, weights: dict[str, int]) -> None:
        runner = "command"
        try:
            for _ in range(rounds):
                if self._rng.random() < 0.3:
                    runner = "web" if runner == "command" else "command"
                self._run_round(Plan.draw(self._rng, runner, weights))
            self._settle()
        finally:
            self._stop_web(signal.SIGKILL)

    # -- one round -----------------------------------------------------------------------------------------
    def _run_round(self, plan: Plan) -> None:
        try:
            self._prepare(plan)
            self._sandbox.call_log.clear()
            with self._inbox.changing(self._sandbox, plan.changes_during):
                sync = self._start(plan)
                try:
                    during_run = self._fail(plan, sync)
                except BaseException:
                    sync.kill(signal.SIGKILL)
                    raise
            self._check(plan, during_run=during_run)
        except BaseException as error:
            error.add_note(f"in {plan}\n{self._describe_state()}")
            raise

    def _describe_state(self) -> str:
        """Return the newest runs and jobs and the log of the web process, for the note of a failed test."""
        with suppress(Error):
            connection.close()
            runs = list(self._page.runs.order_by("-pk").values_list("pk", "status", "trigger", "error")[:5])
            jobs = list(
                ProcrastinateJob.objects.order_by("-pk").values_list("task_name", "status", "args")[:8]
            )
            return f"runs {runs}\njobs {jobs}\n{self._web.output()[-3000:] if self._web else ''}"
        return "PostgreSQL does not answer"

    def _prepare(self, plan: Plan) -> None:
        self._inbox.change(plan.changes_before)
        self._sandbox.faults.clear()
        if plan.error_rate:
            seed = self._rng.randrange(1_000_000)
            self._sandbox.faults.storm(plan.error_rate, seed=seed, faults=FAULTS)
        if plan.is_slow_by_size:
            slow = self._rng.choice([refusals.gateway_timeout(), refusals.instagram_timeout()])
            self._sandbox.faults.add(slow, times=None, above_weight=self._rng.choice([30, 80]))
        self._inbox.end_lists()
        if plan.endless:
            self._inbox.make_endless(plan.endless)
        ids = list(Conversation.objects.filter(page=self._page).values_list("pk", flat=True))
        if ids:
            tag_conversations(self._rng.sample(ids, min(3, len(ids))), Tag.objects.all(), actor=None)

    def _start(self, plan: Plan) -> Command | WebSync:
        if plan.runner == "command":
            self._stop_web(self._rng.choice([signal.SIGKILL, signal.SIGTERM]))
            return Command(self._environment, self._page.facebook_page_id, full=plan.full)
        if self._web is None:
            self._web = WebSync(self._environment, self._key)
        self._web.request_sync(self._page.facebook_page_id, full=plan.full)
        return self._web

    def _fail(self, plan: Plan, sync: Command | WebSync) -> bool:
        """Cause the failure. Return whether a run was active at that moment."""
        wait_until(
            lambda: self._answered_calls() >= plan.calls or sync.has_ended, "the sync makes no more calls"
        )
        time.sleep(plan.seconds)  # a random moment, not a condition
        during_run = self._is_run_active()
        FAILURES[plan.failure](self, sync)
        if isinstance(sync, Command):
            self._assert_reports_failure(sync)
            self._database.wait_until_unused()
        elif not sync.is_alive:
            self._web = None
            self._database.wait_until_unused()
        return during_run

    def _assert_reports_failure(self, command: Command) -> None:
        """A command that fails prints a message as its last line, and no output contains the token."""
        output = command.output()
        assert self._inbox.shop.token not in output
        assert command.process.returncode in (0, 1, -signal.SIGKILL, -signal.SIGTERM), output
        if command.process.returncode == 1:
            assert re.match(r"manage\.py: |CommandError: |\d+: ", output.rstrip().rpartition("\n")[2]), output

    def _answered_calls(self) -> int:
        return sum(call.status is not None for call in self._sandbox.call_log)

    def _is_run_active(self) -> bool:
        """Whether the run of this round is active."""
        active = SyncRun.objects.active().exclude(status=Status.QUEUED)
        return active.exclude(pk=self._interrupted.pk if self._interrupted else None).exists()

    def _stop_web(self, number: int) -> None:
        if self._web is not None:
            self._web.kill(number)
            self._web = None
            self._database.wait_until_unused()

    # -- the failures --------------------------------------------------------------------------------------
    def _kill(self, sync: Command | WebSync) -> None:
        sync.kill(signal.SIGKILL)

    def _terminate(self, sync: Command | WebSync) -> None:
        sync.kill(signal.SIGTERM)

    def _kill_backend(self, sync: Command | WebSync) -> None:
        self._database.kill_backend(self._rng)
        self._wait_for_end(sync)

    def _close_connection(self, sync: Command | WebSync) -> None:
        self._database.close_connection(self._rng)
        self._wait_for_end(sync)

    def _release_lock(self, sync: Command | WebSync) -> None:
        """Another sync starts at once, acquires the lock and closes the first run, which must stay closed."""
        closed: dict[int, datetime | None] = {}

        def save_earlier_runs(progress: SyncProgress) -> None:
            earlier = SyncRun.objects.filter(pk__lt=progress.run)
            closed.update({} if closed else dict(earlier.values_list("pk", "ended_at")))

        self._database.close_lock_connection(self._page.pk, self._rng)
        with suppress(SyncAlreadyRunning):  # the first sync has acquired the lock again
            self._sync(on_progress=save_earlier_runs)
        self._wait_for_end(sync)
        assert dict(SyncRun.objects.filter(pk__in=closed).values_list("pk", "ended_at")) == closed

    def _stop_server(self, sync: Command | WebSync) -> None:
        self._database.stop_immediately()
        time.sleep(self._rng.random() * 0.5)  # the server is down for a while
        self._database.start()
        self._wait_for_end(sync)

    def _restart_server(self, sync: Command | WebSync) -> None:
        self._database.restart()
        self._wait_for_end(sync)

    def _stop_sandbox(self, sync: Command | WebSync) -> None:
        self._sandbox.stop()
        time.sleep(self._rng.random() * 0.5)  # shorter or longer than all retries together
        self._sandbox.start()
        sync.wait()

    def _start_second_sync(self, sync: Command | WebSync) -> None:
        second = Command(self._environment, self._page.facebook_page_id, full=False)
        second.wait()
        sync.wait()
        self._assert_reports_failure(second)

    def _do_nothing(self, sync: Command | WebSync) -> None:
        sync.wait()

    def _wait_for_end(self, sync: Command | WebSync) -> None:
        """A command ends by itself. A web process recovers and continues its run."""
        if isinstance(sync, WebSync):
            sync.wait_until_ready()
        sync.wait()

    # -- the checks ----------------------------------------------------------------------------------------
    def _check(self, plan: Plan, *, during_run: bool) -> None:
        self._snapshot = assert_consistent(self._page.pk, self._inbox, self._snapshot)
        runs = [run for run in self._snapshot.runs if run.status != Status.QUEUED]
        self._compare_calls(plan, runs)
        self._assert_continued(runs)
        self._totals.add_round(f"{plan.runner}, {plan.failure}", during_run=during_run)
        newest = runs[-1] if runs else None
        self._log(
            f"{self._totals.rounds:4}  {plan.runner:8} {plan.failure:12} {'active' if during_run else '-':7}"
            f"{len(self._sandbox.call_log):4} calls  {newest or 'no run yet'}"
        )

    def _assert_continued(self, runs: list[SyncRun]) -> None:
        """Only the newest run may be open, and an interrupted run names the run that continues it."""
        assert [run for run in runs[:-1] if run.ended_at is None] == [], "open although another run followed"
        by_id = {run.pk: run for run in runs}
        if self._interrupted and runs[-1].pk != self._interrupted.pk:
            interrupted = by_id[self._interrupted.pk]
            assert interrupted.status == Status.INTERRUPTED
            following = [str(run.pk) for run in runs[runs.index(interrupted) + 1 :]]
            assert any(pk in interrupted.error for pk in following), interrupted.error
        self._interrupted = runs[-1] if runs and runs[-1].ended_at is None else None

    def _compare_calls(self, plan: Plan, runs: list[SyncRun]) -> None:
        calls, interrupted = self._sandbox.call_log.calls, self._interrupted
        if (
            interrupted
            and interrupted.checkpoint
            and runs[-1].pk != interrupted.pk
            and not plan.changes_before
        ):
            repeated = RepeatedCalls.between(self._previous_calls, calls)
            self._totals.add_repeated(repeated)
            if plan.is_quiet and self._previous_was_quiet and runs[-1].mode == interrupted.mode:
                assert repeated.batches <= BATCHES_REPEATED, repeated
                assert repeated.messages <= MESSAGES_REPEATED * len(self._inbox.platforms), repeated
        if calls:
            self._previous_calls, self._previous_was_quiet = calls, plan.is_quiet

    def _settle(self) -> None:
        self._stop_web(signal.SIGKILL)
        self._sandbox.faults.clear()
        self._inbox.end_lists()
        self._inbox.restore_names()
        assert_settled(self._sync, self._page, self._inbox)
        self._snapshot = assert_consistent(self._page.pk, self._inbox, self._snapshot)
        assert all(run.ended_at for run in self._snapshot.runs), "a run is still open"
        self._totals.statuses.update(str(run.status) for run in self._snapshot.runs)

    def _sync(self, **options):
        return sync_conversations(Page.objects.get(pk=self._page.pk), **options)


FAILURES = {
    "kill -9": Scenario._kill,
    "SIGTERM": Scenario._terminate,
    "backend": Scenario._kill_backend,
    "connection": Scenario._close_connection,
    "lock": Scenario._release_lock,
    "server": Scenario._stop_server,
    "restart": Scenario._restart_server,
    "sandbox": Scenario._stop_sandbox,
    "second sync": Scenario._start_second_sync,
    "none": Scenario._do_nothing,
}
