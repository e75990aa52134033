"""Which months of a Page come from archives, and which from Facebook. The sync ledger shows it."""

import json

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.models import Page

STATEMENTS = read_statements(__file__)


def count_months(page: Page) -> None:
    """Count again, over all messages of the Page, and save the result in the Page."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["count_months"], {"page": page.pk})
        page.import_months = json.loads(cursor.fetchone()[0])
