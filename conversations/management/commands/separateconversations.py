"""Lists and undoes joined conversations: `manage.py separateconversations`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from conversations.lib.locks import lock_rows
from conversations.models import RemovedConversation
from conversations.sync.load.joining import restore


class Command(BaseCommand):
    help = (
        "Lists the conversations that a sync has joined because they proved to be one person's. With a number"
        " of the list, undoes that: both conversations get their own messages, tags and status again, and no"
        " sync joins the two again."
    )

    def add_arguments(self, parser):
        parser.add_argument("number", nargs="*", type=int, help="a number of the list, to undo it")

    def handle(self, *, number: list[int], **options: Any) -> None:
        for each in number:
            self.separate(each)
        if not number:
            self.list()

    def list(self) -> None:
        joined = RemovedConversation.objects.filter(kind=RemovedConversation.Kind.JOINED, undone_at=None)
        for record in joined.select_related("page", "conversation").order_by("pk").iterator():
            self.stdout.write(
                f"{record.pk}: {record.sender_id} was joined with {record.details['kept']}"
                f" ({record.conversation}) of {record.page} on {record.created_at:%Y-%m-%d %H:%M}."
            )

    @transaction.atomic
    def separate(self, number: int) -> None:
        joined = RemovedConversation.objects.filter(kind=RemovedConversation.Kind.JOINED)
        page_id = joined.filter(pk=number).values_list("page_id", flat=True).first()
        if page_id is None:
            raise CommandError(f"There is no joined conversation {number}.")
        lock_rows([page_id])
        record = joined.select_related("page", "conversation").get(pk=number)
        try:
            restored = restore(record)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Separated {restored.sender_id} from {record.details['kept']}.")
