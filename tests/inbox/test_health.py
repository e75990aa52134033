import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from conversations.sync.live import live


def test_process_lives_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.fixture
def worker(db):
    """Another process's, or that of one that has just died."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


@pytest.mark.django_db
def test_ready_with_database_migrations_listener_and_worker(client, worker, monkeypatch, settings):
    monkeypatch.setattr(live, "is_listening", True)
    settings.EMBEDDED_WORKER = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_missing_listener_is_named(client, worker):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, "listener")


@pytest.mark.django_db
def test_missing_worker_is_named(client, monkeypatch, settings):
    monkeypatch.setattr(live, "is_listening", True)
    settings.EMBEDDED_WORKER = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, "worker")


@pytest.mark.django_db
def test_process_that_works_itself_is_not_ready_by_the_worker_of_another(client, worker, monkeypatch):
    monkeypatch.setattr(live, "is_listening", True)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, "worker")


@pytest.mark.django_db
def test_missing_migration_is_named(client):
    newest = MigrationLoader(connection).graph.leaf_nodes("conversations")
    MigrationRecorder(connection).record_unapplied(*newest[0])
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
