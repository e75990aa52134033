"""The catalogue of the scripts. tests/browser/test_second_language.py sees one at work."""

import pytest

from inbox.web.texts import script_texts, version_of


def test_a_page_in_english_loads_no_catalogue():
    assert script_texts() == ""


def test_a_catalogue_is_kept_by_browsers_and_has_a_version_in_its_address(client):
    response = client.get(f"/texts/en/{version_of('en')}.js")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert {"public", "immutable", "max-age=31536000"} == set(response["Cache-Control"].split(", "))


@pytest.mark.parametrize("address", ["en/0.js", "xx/0.js"])
def test_another_version_or_language_is_not_found(client, db, address):
    assert client.get(f"/texts/{address}").status_code == 404
