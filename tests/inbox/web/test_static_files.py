"""Static files are listed when the first of them is requested."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from inbox.web.static_files import StaticFiles

ICON = "/static/inbox/icon.svg"


@pytest.fixture
def static_files(settings) -> StaticFiles:
    settings.WHITENOISE_AUTOREFRESH = False
    return StaticFiles(lambda request: HttpResponse("a page"))


def test_no_file_is_listed_before_one_is_requested(static_files):
    assert static_files(RequestFactory().get("/api/conversations")).content == b"a page"
    assert static_files.files == {}
    response = static_files(RequestFactory().get(ICON))
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in b"".join(response)
    response.close()
    assert ICON in static_files.files


def test_an_unknown_file_is_left_to_the_next_application(static_files):
    assert static_files(RequestFactory().get("/static/nothing.css")).content == b"a page"
