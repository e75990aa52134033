from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.locks import sync_lock
from conversations.management.late_bar import late_bar
from conversations.management.progress_bar import counted
from conversations.models import Page
from conversations.repair import Merged, make_keys, merge_page
from conversations.sync.takeover import missing_keys, wider_keys


class Command(BaseCommand):
    help = (
        "Repairs a database that was taken over: merges duplicate conversations of one person without losing"
        " a tag or a message, drops the wider unique key that let them in and makes the right one."
        " Safe to run twice."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done and change nothing"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        busy = [page for page in Page.objects.order_by("pk") if not self.merge(page, dry_run=dry_run)]
        if busy:
            names = ", ".join(str(page) for page in busy)
            raise CommandError(
                f"Being synced just now: {names}. Run it again when that is done; no key was made."
            )
        self.keys(dry_run=dry_run)

    def merge(self, page: Page, *, dry_run: bool) -> bool:
        with sync_lock(page.pk) as lock:
            if lock.is_ours:
                merged = merge_page(page, dry_run=dry_run, track=partial(late_bar, words=f"Merging {page}"))
                verb = "would be merged" if dry_run else "merged"
                self.stdout.write(f"[page {page.pk}] {page}: {in_words(merged)} {verb}.")
            return lock.is_ours

    def keys(self, *, dry_run: bool) -> None:
        missing = missing_keys()
        if not missing:
            self.stdout.write("Every unique key is there.")
        elif dry_run:
            wider = [index.name for key in missing for index in wider_keys(key)]
            for name in wider:
                self.stdout.write(f"The wider key {name} would be dropped.")
            for key in missing:
                self.stdout.write(f"The unique key on {key} would be made.")
        else:
            dropped, made = make_keys()
            for index in dropped:
                self.stdout.write(f"Dropped the wider key {index.name}.")
            for key in made:
                self.stdout.write(f"Made the unique key on {key}.")


def in_words(merged: Merged) -> str:
    return ", ".join(
        [
            counted(merged.conversations, "duplicate conversation"),
            counted(merged.events, "double event"),
            counted(merged.threads, "double thread"),
            counted(merged.tags, "double tag"),
        ]
    )
