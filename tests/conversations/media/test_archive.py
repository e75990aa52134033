"""MEDIA_ARCHIVE=on: files are kept once, found in old and new messages, and removed with the last one."""

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.urls import reverse

from conversations.media import archive_filling
from conversations.media.archive_tasks import work
from conversations.models import ArchivedPart, ArchivePosition, InteractionEvent, MediaFile
from conversations.privacy.forget_person import delete_person
from conversations.sandbox.data import media
from conversations.sync.coverage import describe_coverage, take_coverage
from conversations.sync.service import sync_conversations

pytestmark = pytest.mark.django_db(transaction=True)
State = ArchivedPart.State
FOLDER = "django.core.files.storage.FileSystemStorage"
AWAY = "tests.conversations.media.away_storage.AwayStorage"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ARCHIVE = True
    options = {"location": str(tmp_path / "media")}
    settings.STORAGES = settings.STORAGES | {"media": {"BACKEND": FOLDER, "OPTIONS": options}}
    return tmp_path / "media"


def move(settings, backend: str) -> None:
    media = settings.STORAGES["media"] | {"BACKEND": backend}
    settings.STORAGES = settings.STORAGES | {"media": media}


def run() -> None:
    work(lambda: False)


def stored(folder) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def states() -> dict[str, int]:
    values = ArchivedPart.objects.values_list("state", flat=True)
    return {state: list(values).count(state) for state in set(values)}


def address(event: InteractionEvent, index: int = 0, part: str = "content") -> str:
    return reverse(f"attachment-{part}", args=[event.conversation_id, event.pk, index])


def test_files_are_kept_once_and_served_without_facebook(viewer, newest, folder, sandbox, page):
    run()
    # Thirty pictures; image, video with its small picture, recording, file, sticker, story.
    assert states() == {State.KEPT: 37}
    assert stored(folder) == set(MediaFile.objects.values_list("digest", flat=True))
    sandbox.stop()
    whole = viewer.get(address(newest, 1))
    content = whole.getvalue()
    assert (whole.status_code, whole["Content-Type"], len(content)) == (200, "video/webm", 7839)
    part = viewer.get(address(newest, 1), HTTP_RANGE="bytes=-100")
    assert (part.status_code, part["Content-Range"]) == (206, "bytes 7739-7838/7839")
    assert part.getvalue() == content[-100:]
    assert viewer.get(address(newest, 0, "preview")).getvalue().startswith(b"\x89PNG")
    redirect = viewer.get(address(newest, 1).removesuffix("/content"))
    assert (redirect.status_code, redirect["Location"]) == (302, address(newest, 1))
    assert take_coverage(page)["files"] == {"waiting": 0, "kept": 37, "missing": 0}
    assert "37 are kept, 0 wait, 0 are missing" in describe_coverage(take_coverage(page))


def test_expired_links_are_renewed_within_the_budget(newest, sandbox, expire):
    expire()
    run()
    assert states() == {State.KEPT: 37}
    calls = [call for call in sandbox.call_log.calls if "ids" in call.params]
    assert len(calls) == 4  # of ten messages each


def test_bytes_of_one_run_are_bounded(newest, monkeypatch):
    monkeypatch.setattr(archive_filling, "BYTES", 1)
    run()
    assert states()[State.KEPT] == 1
    run()
    assert states()[State.KEPT] == 2


def test_what_facebook_no_longer_shows_is_counted_as_missing(newest, album, world, expire):
    world.remove_message(album, newest.graph_id)
    expire()
    run()
    missing = ArchivedPart.objects.filter(state=State.MISSING)
    assert {one.event_id for one in missing} == {newest.pk}
    assert "deleted or hidden" in missing[0].reason


def test_too_large_a_file_is_missing(newest, monkeypatch):
    monkeypatch.setattr("conversations.media.download.MAX_BYTES", 5000)
    run()
    reasons = set(ArchivedPart.objects.filter(state=State.MISSING).values_list("reason", flat=True))
    assert len(reasons) == 1
    assert "larger than" in reasons.pop()


def test_new_messages_are_found_and_messages_committed_late_are_not_skipped(world, album, newest, page):
    run()
    world.add_message(album, "", **media.image(77))
    sync_conversations(page)
    run()
    assert states() == {State.KEPT: 38}
    late = ArchivedPart.objects.filter(event=newest.pk)
    late.delete()
    run()
    assert states() == {State.KEPT: 38}  # the position has not passed what was seen just now
    assert ArchivePosition.objects.get().position < newest.pk


def test_unsent_message_takes_its_files_along(newest, folder):
    run()
    before = len(stored(folder))
    InteractionEvent.objects.filter(pk=newest.pk).update(attachments=[], data={"deleted": True})
    assert not ArchivedPart.objects.filter(event=newest.pk).exists()
    MediaFile.objects.update(created_at="2024-01-01T00:00:00Z")
    run()
    assert len(stored(folder)) == before - 5  # two show the same picture as a third


def test_files_are_erased_with_the_person_unless_another_has_the_same(world, shop, page, newest, folder):
    world.add_conversation(shop, "Mia", messages=[{"message": "", **media.image(1003)}])
    sync_conversations(page)
    run()
    actor = User.objects.create_superuser("root")
    delete_person(newest.conversation, actor=actor)
    assert states() == {State.KEPT: 1}
    [left] = MediaFile.objects.all()
    assert stored(folder) == {left.digest}


def test_switched_off_nothing_is_kept(newest, settings, viewer, folder):
    settings.MEDIA_ARCHIVE = False
    run()
    assert viewer.get(address(newest)).status_code == 200
    assert not ArchivedPart.objects.exists()
    assert stored(folder) == set()


def test_file_that_the_storage_lost_is_read_from_facebook(viewer, newest):
    run()
    for file in MediaFile.objects.all():
        storages["media"].delete(file.path)
    answer = viewer.get(address(newest))
    assert (answer.status_code, answer.getvalue()[:4]) == (200, b"\x89PNG")


def test_storage_that_is_away_is_waited_for_and_stops_nobody(viewer, newest, folder, settings, caplog):
    run()
    before = stored(folder)
    move(settings, AWAY)
    answer = viewer.get(address(newest))
    assert (answer.status_code, answer.getvalue()[:4]) == (200, b"\x89PNG")  # from Facebook
    ArchivedPart.objects.filter(event=newest.pk).update(state=State.WAITING)
    run()
    assert ArchivedPart.objects.filter(state=State.WAITING).count() == 7
    assert "the storage of files failed (EndpointError)" in caplog.text
    delete_person(newest.conversation, actor=User.objects.create_superuser("root"))
    assert stored(folder) == before
    move(settings, FOLDER)
    MediaFile.objects.update(created_at="2024-01-01T00:00:00Z")
    run()
    assert stored(folder) == set()
