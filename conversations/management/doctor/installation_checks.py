"""Settings, keys, files, mails: what is on this machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.mail import get_connection

from conversations.lib.encryption import UndecryptableToken
from conversations.management.commands.rotatekeys import encrypted_columns
from conversations.management.doctor.check_results import Result, error, ok, warning
from conversations.media.archive import StorageFailed, storage_errors

KEY_FILE = "secret_key"
STATIC_FILES = ("conversations/admin.css", "inbox/app/core/event-stream.mjs")
PROBE = "doctor.txt"
# What HTTPS=1 settles, each of which would be a line of its own.
OF_HTTPS = {"security.W004", "security.W008", "security.W012", "security.W016"}
LOW_SHARE, LOW_BYTES, NO_BYTES = 0.1, 2 * 10**9, 200 * 10**6


def check_settings() -> Iterator[Result]:
    """What Django's own checks say, those of `check --deploy` included. Invalid values stop the start."""
    found = [each for each in checks.run_checks(include_deployment_checks=True) if not each.is_silenced()]
    if not found:
        yield ok("valid, and clean by check --deploy")
    if any(message.id in OF_HTTPS for message in found):
        yield warning(
            "cookies and passwords may travel without encryption",
            "Let a proxy serve HTTPS and set HTTPS=1 (docs/deploying.md).",
        )
    for message in (each for each in found if each.id not in OF_HTTPS):
        text = f"{message.id}: {' '.join(str(message.msg).split())}"
        advice = " ".join(str(message.hint or "").split()) or "See manage.py check --deploy."
        yield (error if message.level >= checks.ERROR else warning)(text, advice)


def check_key_file() -> Iterator[Result]:
    path = settings.STATE_DIR / KEY_FILE
    if settings.TOKEN_ENCRYPTION_KEYS == [settings.SECRET_KEY]:
        yield ok("SECRET_KEY also encrypts: TOKEN_ENCRYPTION_KEYS is not set")
    else:
        yield ok(f"{len(settings.TOKEN_ENCRYPTION_KEYS)} in TOKEN_ENCRYPTION_KEYS")
    if path.is_file() and path.stat().st_mode & 0o077:
        yield error(f"other users of this machine can read {path}", f"Run: chmod 600 {path}")


def check_secrets() -> Iterator[Result]:
    """Whether the keys decrypt what is stored."""
    number = lost = 0
    for model, field in encrypted_columns():
        for value in model._base_manager.values_list(field, flat=True).iterator():
            lost += isinstance(value, UndecryptableToken)
            number += bool(value) or isinstance(value, UndecryptableToken)
    if lost:
        yield error(
            f"{lost} of {number} stored secrets cannot be decrypted",
            "Add the earlier key to TOKEN_ENCRYPTION_KEYS, or connect the Pages again.",
        )
    else:
        yield ok(f"{number} stored secrets can be decrypted")


def check_static_files() -> Iterator[Result]:
    missing = [name for name in STATIC_FILES if not finders.find(name)]
    if missing:
        yield error(f"not found: {', '.join(missing)}", "The installation is not complete: install it again.")
    else:
        yield ok("found")


def check_disk() -> Iterator[Result]:
    folders = [] if settings.MEDIA_S3_BUCKET else [Path(settings.MEDIA_ROOT)]
    if not settings.DATABASE_URL:
        folders.append(settings.STATE_DIR)
    if not folders:
        yield ok("nothing is kept on this machine")
    for folder in dict.fromkeys(map(existing, folders)):
        usage = shutil.disk_usage(folder)
        text = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.0f} GB at {folder}"
        if usage.free < NO_BYTES:
            yield error(text, "Make room at once: nothing more can be stored.")
        elif usage.free < min(LOW_BYTES, LOW_SHARE * usage.total):
            yield warning(text, "Make room.")
        else:
            yield ok(text)


def existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def check_media() -> Iterator[Result]:
    """Write a file where files of attachments are kept, read it and delete it."""
    if not settings.MEDIA_ARCHIVE:
        yield ok("not kept (MEDIA_ARCHIVE=off)")
        return
    storage = storages["media"]
    where = "the bucket of MEDIA_S3_BUCKET" if settings.MEDIA_S3_BUCKET else settings.MEDIA_ROOT
    try:
        with storage_errors():
            name = storage.save(PROBE, ContentFile(b"doctor"))
            with storage.open(name) as stored:
                is_same = stored.read() == b"doctor"
            storage.delete(name)
    except StorageFailed as problem:
        yield error(f"{where}: {problem}", "See that it exists, and that this user may write there.")
        return
    yield ok(f"{where} can be written") if is_same else error(f"{where} returns other bytes", "Check it.")


def check_mail() -> Iterator[Result]:
    if not settings.EMAIL_URL:
        yield warning(
            "EMAIL_URL is not set: nobody gets alerts, invitations or new passwords by mail", "Set EMAIL_URL."
        )
        return
    try:
        connection = get_connection(timeout=5)
        connection.open()
        connection.close()
    except OSError as problem:  # also the errors of smtplib
        text = f"the mail server cannot be used ({type(problem).__name__})"
        yield error(text, "Check EMAIL_URL: host, port, user and password.")
        return
    yield ok("the mail server answers")
