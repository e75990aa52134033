"""Merges duplicate conversations and creates missing unique keys: `manage.py mergeduplicates`."""

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.lib.locks import sync_lock
from conversations.management.deduplicate import MergeCounts, create_keys, merge_page
from conversations.management.delayed_bar import delayed_bar
from conversations.management.progress_text import pluralize
from conversations.models import Page
from conversations.models.constraints import missing_keys, wider_indexes


class Command(BaseCommand):
    help = (
        "Repairs a database that was created without our unique keys: merges duplicate conversations of one"
        " person without losing a tag or a message, then replaces the wider unique key with the right one."
        " It is safe to run this twice."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would be done and change nothing"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        busy = [page for page in Page.objects.order_by("pk") if not self.merge(page, dry_run=dry_run)]
        if busy:
            names = ", ".join(str(page) for page in busy)
            raise CommandError(
                f"A sync is running: {names}. Run this again after it has ended. No key was created."
            )
        self.keys(dry_run=dry_run)

    def merge(self, page: Page, *, dry_run: bool) -> bool:
        with sync_lock(page.pk) as lock:
            if lock.is_acquired:
                track = partial(delayed_bar, description=f"Merging {page}")
                counts = merge_page(page, dry_run=dry_run, track=track)
                verb = "would be merged" if dry_run else "merged"
                self.stdout.write(f"[{page}] {describe_counts(counts)} {verb}.")
            return lock.is_acquired

    def keys(self, *, dry_run: bool) -> None:
        missing = missing_keys()
        if not missing:
            self.stdout.write("All unique keys exist.")
        elif dry_run:
            wider = [index.name for key in missing for index in wider_indexes(key)]
            for name in wider:
                self.stdout.write(f"The wider key {name} would be dropped.")
            for key in missing:
                self.stdout.write(f"The unique key on {key} would be created.")
        else:
            dropped, created = create_keys()
            for index in dropped:
                self.stdout.write(f"Dropped the wider key {index.name}.")
            for key in created:
                self.stdout.write(f"Created the unique key on {key}.")


def describe_counts(counts: MergeCounts) -> str:
    return ", ".join(
        [
            pluralize(counts.conversations, "duplicate conversation"),
            pluralize(counts.events, "duplicate event"),
            pluralize(counts.threads, "duplicate thread"),
            pluralize(counts.tags, "duplicate tag"),
        ]
    )
