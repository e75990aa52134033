import pytest

from tags.models import Tag
from tests.factories import ConversationFactory, TagFactory


@pytest.fixture
def address(page):
    return f"/api/conversations/{ConversationFactory(page=page).pk}/tags"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "x/y; boundary",
        "",
    ],
)
def test_body_is_json_with_any_content_type(tagger, address, content_type):
    tag = TagFactory()
    answer = tagger.generic("POST", address, f'{{"tagIds": [{tag.pk}]}}', content_type=content_type)
    assert answer.status_code == 200
    assert [row["tag"]["id"] for row in answer.json()["tags"]] == [tag.pk]


def test_body_is_json_even_with_a_multipart_content_type(tagger, address):
    answer = tagger.post(address, b'{"tagIds": []}', content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"tagIds=1",
        b'{"tagIds": [1]',
        b"[1]",
        b'"text"',
        b"null",
        b'{"tagIds": [NaN]}',
        b'{"tagIds": [1e999]}',
        b'{"tagIds": [' + b"9" * 5000 + b"]}",
        b'{"tagIds": "\xff"}',
        b'{"tagIds": ["\\u0000"]}',
        b'{"tagIds": ["\\ud800"]}',
        b'{"\\ud800": 1, "tagIds": []}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_body_that_is_not_a_json_object_is_an_error(tagger, address, body):
    answer = tagger.post(address, body, content_type="text/plain")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"tagIds": "\xff"}', "The body is not JSON: it is not UTF-8."),
        (b'{"tagIds": [1e999]}', "The body contains a number that is too large."),
        (b'{"tagIds": [' + b"9" * 5000 + b"]}", "The body contains a number that is too large."),
        (b"[" * 100_000, "The body is nested too deeply."),
    ],
)
def test_what_is_wrong_is_said_without_words_of_python(tagger, address, body, words):
    assert tagger.post(address, body, content_type="text/plain").json() == {"error": words}


@pytest.mark.parametrize("name", ["\\ud800", "a\\u0000b", "\\udc00\\ud800"])
def test_names_that_cannot_be_stored_are_refused(tagger, name):
    answer = tagger.post("/api/tags", f'{{"name": "{name}"}}'.encode(), content_type="text/plain")
    assert answer.status_code == 400
    assert not Tag.objects.exists()


def test_surrogate_pair_is_one_character(tagger):
    answer = tagger.post("/api/tags", b'{"name": "\\ud83d\\ude00"}', content_type="text/plain")
    assert answer.status_code == 201
    assert Tag.objects.get().name == "\U0001f600"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "A", "name": "B"}', "name"),
        ('{"name": "A", "n\\u0061me": "B"}', "name"),
        ('{"tagIds": [{"id": 1, "id": 2}]}', "id"),
        ('{"a": {"b": [{"c": {"search": "x", "search": ""}}]}, "a": 1}', "search"),
    ],
)
def test_a_field_that_is_repeated_at_any_depth_is_named(tagger, body, field):
    answer = tagger.post("/api/tags", body.encode(), content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.json()["error"] == f"{field}: Provide this field only once."
    assert not Tag.objects.exists()


def test_a_repeated_field_that_cannot_be_shown_is_an_error(tagger):
    answer = tagger.post("/api/tags", b'{"\\ud800": 1, "\\ud800": 2}', content_type="application/json")
    assert (answer.status_code, "not allowed" in answer.json()["error"]) == (400, True)


def test_body_that_is_too_large_is_a_413(tagger, address, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    body = b'{"tagIds": [' + b" " * 100 + b"]}"
    answer = tagger.post(address, body, content_type="text/plain")
    assert answer.status_code == 413
    assert answer.json()["error"]
