import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder


def test_process_lives_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_database_and_migrations(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_missing_migration_is_named(client):
    MigrationRecorder(connection).record_unapplied("conversations", "0001_initial")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, "migrations")


@pytest.mark.django_db
def test_database_that_is_out_of_reach_is_named_and_nothing_else_told(client, monkeypatch):
    def fail():
        raise OperationalError("connection to server at 10.0.0.5 failed: password of inbox")

    monkeypatch.setattr(connection, "ensure_connection", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"error": "Not ready: database.", "missing": "database"}


def test_both_are_open_over_plain_http_though_the_site_is_not(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/login").status_code == 301
