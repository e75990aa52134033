from pathlib import Path

import pytest

from tests.conversations.privacy.conftest import traces  # noqa: F401 - a fixture


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    """The folder in which files of attachments are kept."""
    settings.MEDIA_ARCHIVE = True
    options = {"location": str(tmp_path / "media")}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = settings.STORAGES | {"media": {"BACKEND": backend, "OPTIONS": options}}
    return tmp_path / "media"
