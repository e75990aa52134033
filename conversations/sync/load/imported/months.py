"""Which months of a Page come from archives, and which from Facebook. The sync ledger shows it."""

import json
from collections.abc import Collection

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.models import Page

STATEMENTS = read_statements(__file__)
Months = dict[str, tuple[int, int]]


def count_months(page: Page) -> None:
    """Count again, over all messages of the Page, and save the result in the Page."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["count_months"], {"page": page.pk})
        page.import_months = json.loads(cursor.fetchone()[0])


def months_of(conversation_ids: Collection[int]) -> Months:
    """Count the messages of these conversations: of archives alone, and of Facebook."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["months_of"], {"ids": list(conversation_ids)})
        return {month: (archived, shown) for month, archived, shown in cursor.fetchall()}


def change_months(page: Page, before: Months, after: Months) -> None:
    """Save what has become of some conversations, without counting those of the whole Page.

    The caller holds `locks.lock_rows()`. The next full sync counts all again.
    """
    [months] = Page.objects.filter(pk=page.pk).values_list("import_months", flat=True)
    for month in before.keys() | after.keys():
        change = zip(after.get(month, (0, 0)), before.get(month, (0, 0)), strict=True)
        known = months.get(month, (0, 0))
        months[month] = [max(0, number + new - old) for number, (new, old) in zip(known, change, strict=True)]
    page.import_months = {month: numbers for month, numbers in sorted(months.items()) if numbers[0]}
    Page.objects.filter(pk=page.pk).update(import_months=page.import_months)
