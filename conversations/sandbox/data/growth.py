"""Older and newer items that appear while a list is read."""

from .world import Page, Thread, World


def add_older_messages(world: World, thread: Thread, count: int) -> None:
    oldest = thread.history[0].created_time if thread.history else thread.updated_time
    for number in range(1, count + 1):
        world.add_message(thread, f"Older message {number}", created_time=oldest - 60 * number, is_new=False)


def add_older_threads(world: World, page: Page, platform: str, folder: str, count: int) -> None:
    entries = page.listing(platform, folder).entries
    oldest = entries[0][0] if entries else world.clock.now()
    for number in range(1, count + 1):
        world.add_conversation(page, platform=platform, folder=folder, updated_time=oldest - 60 * number)


def add_newer_messages(world: World, thread: Thread) -> None:
    """What arrives while the thread is read."""
    for number in range(thread.growth):
        world.add_message(thread, f"Newer message {number + 1}")
