"""Django's `migrate`, beside processes that go on to serve.

Each migration is one transaction with its record in django_migrations. It gives up when a table is locked by
others, lets them pass, and is tried again; two `migrate` at once do the work once.

The views of the schema `reporting` step aside: PostgreSQL refuses to change a column that a view reads. They
are dropped before the migrations and made again after them, in the form of this version.
"""

from argparse import ArgumentTypeError
from contextlib import ExitStack, contextmanager

from django.core.management.commands import migrate
from django.db import Error, connections, transaction

from conversations.reporting import reporting_schema
from conversations.upgrade.lock_attempts import only_migration, with_attempts
from conversations.upgrade.lock_watch import LockWatch

LEFT_OUT = "The views of the schema reporting were not made ({error}). Run `manage.py reporting` later."
DROPPED = "Dropped with the views of the schema reporting, which they read: {names}. Make them again."
# So short that nobody notices: who comes after a statement that waits for a table waits as well.
LOCK_SECONDS = 0.3
ATTEMPTS = 20  # in four minutes
BEGINS, ENDS = {"apply_start", "unapply_start"}, {"apply_success", "unapply_success"}


class Command(migrate.Command):
    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=positive,
            default=LOCK_SECONDS,
            metavar="SECONDS",
            help="How long a statement waits for a table, and others behind it (default: %(default)s).",
        )
        parser.add_argument(
            "--attempts",
            type=whole,
            default=ATTEMPTS,
            help="How often a migration is tried that does not get its locks (default: %(default)s).",
        )

    def handle(self, *args, **options):
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        self._watch, self._is_without_views, self._dropped = LockWatch(self.stderr.write), False, []
        with only_migration(self.stderr.write), self._watch, self._without_views(options["database"]):
            with_attempts(
                lambda: self._migrate(*args, **options),
                self._watch,
                self.stderr.write,
                seconds=options["lock_timeout"],
                attempts=options["attempts"],
            )

    def _migrate(self, *args, **options):
        self._watch.subject = ""
        connection = connections[options["database"]]
        if reporting_schema.is_ours(connection):
            self._dropped += reporting_schema.drop_views(connection)
            self._is_without_views = True
        with ExitStack() as self._migration:
            super().handle(*args, **options)

    @contextmanager
    def _without_views(self, database):
        """Make the views again at the end, also after an error: then in the form that fits, if it does."""
        try:
            yield
        finally:
            try:
                if self._is_without_views:
                    reporting_schema.make_views(connections[database])
            except Error as error:  # it has migrated to a version whose tables they do not fit
                self.stderr.write(LEFT_OUT.format(error=str(error).splitlines()[0]))
            if self._dropped:
                self.stderr.write(DROPPED.format(names=", ".join(self._dropped)))

    def migration_progress_callback(self, action, migration=None, fake=False):
        """Called by Django's executor: the record of a migration is written in its transaction."""
        if action in BEGINS:
            self._watch.subject = str(migration)
            if migration.atomic:
                self._migration.enter_context(transaction.atomic())
        super().migration_progress_callback(action, migration, fake)
        if action in ENDS:
            self._migration.close()


def positive(text: str) -> float:
    if not (number := float(text)) > 0:
        raise ArgumentTypeError(f"{text} must be more than 0")
    return number


def whole(text: str) -> int:
    if (number := int(text)) < 1:
        raise ArgumentTypeError(f"{text} must be at least 1")
    return number
