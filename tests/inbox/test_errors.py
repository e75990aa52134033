import pytest
from django.test import RequestFactory

from inbox import errors


def test_missing_page_is_told_in_words(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content


def test_unknown_host_is_told_in_words(client):
    answer = client.get("/login", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert b"could not read" in answer.content


def test_our_own_fault_is_told_in_words(client, monkeypatch):
    def fail(request):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("inbox.health.not_ready", fail)
    client.raise_request_exception = False
    answer = client.get("/readyz")
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content
    assert b"secret" not in answer.content


@pytest.mark.parametrize(
    ("handler", "code"),
    [(errors.bad_request, 400), (errors.forbidden, 403), (errors.not_found, 404)],
)
def test_under_api_everything_is_json(handler, code):
    answer = handler(RequestFactory().get("/api/pages"), Exception("a secret detail"))
    assert answer.status_code == code
    assert answer["Content-Type"] == "application/json"
    assert b"secret" not in answer.content


def test_under_api_our_own_fault_is_json():
    answer = errors.failed(RequestFactory().get("/api/pages"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
