"""Django's `migrate`, for which the views of the schema `reporting` step aside.

PostgreSQL refuses to change a column that a view reads. They are dropped before the migrations and made again
after them, in the form of this version.
"""

from django.core.management.commands import migrate
from django.db import ProgrammingError, connections

from conversations.reporting import reporting_schema

LEFT_OUT = "The views of the schema reporting were not made ({error}). Run `manage.py reporting` later."
DROPPED = "Dropped with the views of the schema reporting, which they read: {names}. Make them again."


class Command(migrate.Command):
    def handle(self, *args, **options):
        connection = connections[options["database"]]
        if options["plan"] or options["check_unapplied"] or not reporting_schema.is_ours(connection):
            return super().handle(*args, **options)
        dropped = reporting_schema.drop_views(connection)
        super().handle(*args, **options)
        try:
            reporting_schema.make_views(connection)
        except ProgrammingError as error:  # it has migrated to a version whose tables they do not fit
            self.stderr.write(LEFT_OUT.format(error=str(error).splitlines()[0]))
        if dropped:
            self.stderr.write(DROPPED.format(names=", ".join(dropped)))
        return None
