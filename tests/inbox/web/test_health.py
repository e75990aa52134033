"""The health checks /healthz and /readyz."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from conversations.realtime.listener import run_listener
from inbox import __version__

CHANGELOG = settings.BASE_DIR / "docs" / "changelog.md"


def test_healthz_needs_no_database_and_says_the_version(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "version": __version__})


def test_the_version_is_the_newest_one_of_the_changelog():
    releases = re.findall(r"^## (\S+) — (\S+)$", CHANGELOG.read_text(), re.MULTILINE)
    headings = re.findall("^## .*", CHANGELOG.read_text(), re.MULTILINE)
    assert len(releases) == len(headings) > 1
    assert releases[0][0] == __version__
    assert [date for _, date in releases[1:] if not re.fullmatch(r"\d{4}-\d\d-\d\d", date)] == []
    assert re.fullmatch(r"unreleased|\d{4}-\d\d-\d\d", releases[0][1])
    numbers = [tuple(map(int, version.split("."))) for version, _ in releases]
    assert numbers == sorted(set(numbers), reverse=True)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_other_methods_are_refused_before_anything_else(path):
    response = Client(enforce_csrf_checks=True).post(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.fixture
def worker(db):
    """Register a worker of another process, or of one that has just died."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


@pytest.mark.django_db
def test_readyz_needs_database_migrations_listener_and_worker(client, worker, monkeypatch, settings):
    monkeypatch.setattr(run_listener, "is_listening", True)
    settings.EMBEDDED_WORKER = False
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_missing_listener_is_named(client, worker):
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "listener")


@pytest.mark.django_db
def test_missing_worker_is_named(client, monkeypatch, settings):
    monkeypatch.setattr(run_listener, "is_listening", True)
    settings.EMBEDDED_WORKER = False
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "worker")


@pytest.mark.django_db
def test_embedded_worker_is_not_replaced_by_the_worker_of_another_process(client, worker, monkeypatch):
    monkeypatch.setattr(run_listener, "is_listening", True)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "worker")


@pytest.mark.django_db
def test_missing_migration_is_named(client):
    graph = MigrationLoader(connection).graph
    [newest] = graph.leaf_nodes("conversations")
    for key in [newest, *graph.nodes[newest].replaces]:
        MigrationRecorder(connection).record_unapplied(*key)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, "migrations")


@pytest.mark.django_db
def test_unreachable_database_is_named_without_details(client, monkeypatch):
    def fail():
        raise OperationalError("connection to server at 10.0.0.5 failed: password of inbox")

    monkeypatch.setattr(connection, "ensure_connection", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"error": "Not ready: database.", "missing": "database"}


def test_health_checks_work_over_plain_http(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/login").status_code == 301
