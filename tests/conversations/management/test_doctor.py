"""What `manage.py doctor` finds: each problem is made true, and then found."""

import json
import smtplib
import threading
import time
from datetime import timedelta
from email.utils import formatdate

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.management.doctor import database_checks, installation_checks
from conversations.management.doctor.check_list import CHECKS
from conversations.management.doctor.check_results import Check, Level, ok
from conversations.management.doctor.runner import run_check
from conversations.models import Page
from conversations.sandbox import faults
from conversations.tasks import sync_page
from tests.conftest import url_of
from tests.conversations.imports.legacy.pooler import TransactionPooler
from tests.live.process import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def check(key: str) -> Check:
    [found] = [each for each in CHECKS if each.key == key]
    return found


def found(key: str, level: str = "error") -> str:
    """Run one check. Return the texts of this level, which may be none."""
    return " ".join(f"{each.text} → {each.advice}" for each in run_check(check(key)) if each.level == level)


def run_sql(statement: str, *parameters: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def register_worker() -> None:
    run_sql("SELECT procrastinate_register_worker_v1()")


def note_schedule(name: str, seconds_ago: float) -> None:
    run_sql(
        "INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp) VALUES (%s, %s)",
        name,
        int(time.time() - seconds_ago),
    )


def test_a_healthy_installation_has_no_error(command, page, sandbox):
    register_worker()
    note_schedule("keep_current", 5)
    result = command("doctor", "--json")
    report = json.loads(result.stdout)
    errors = [each for each in report["checks"] if each["level"] == "error"]
    assert (result.returncode, errors) == (0, [])
    assert {each["key"] for each in report["checks"]} == {each.key for each in CHECKS}
    assert page.access_token not in result.stdout
    offline = command("doctor", "--offline")
    assert (offline.returncode, "Facebook" in offline.stdout) == (0, False)
    assert "ok       Workers: 1 alive" in offline.stdout


def test_without_the_database_the_rest_is_still_checked(manage):
    address = f"postgresql://inbox:hush-hush@127.0.0.1:{free_port()}/inbox"
    result = manage("doctor", "--offline", "--json", DATABASE_URL=address)
    assert result.returncode == 1, result.stderr
    levels = {each["key"]: each for each in json.loads(result.stdout)["checks"]}
    assert levels["database"]["level"] == "error"
    assert "refused" in levels["database"]["text"]
    assert levels["workers"]["text"].startswith("not checked")
    assert levels["static"]["level"] == "ok"
    assert "hush-hush" not in result.stdout + result.stderr


# -- the runner --------------------------------------------------------------------------------------------
def test_a_check_that_hangs_or_fails_is_a_result():
    leave = threading.Event()

    def hang():
        yield ok("so far")
        leave.wait(60)

    def fail():
        raise ValueError("hush-hush")
        yield

    def ask_wrongly():
        run_sql("SELECT nothing")
        yield

    so_far, late = run_check(Check("x", "X", hang, 0.2))
    leave.set()
    assert (so_far.text, late.level, late.text) == ("so far", Level.ERROR, "no result after 0.2 seconds")
    [failed] = run_check(Check("x", "X", fail))
    assert (failed.level, failed.text) == (Level.ERROR, "the check failed (ValueError)")
    [refused] = run_check(Check("x", "X", ask_wrongly))
    assert (refused.level, refused.text) == (
        Level.ERROR,
        'the database refuses: column "nothing" does not exist',
    )


# -- this machine ------------------------------------------------------------------------------------------
def test_settings_that_django_warns_of(settings):
    settings.DEBUG = True
    assert "security.W018" in found("settings", "warning")


def test_what_https_settles_is_one_warning(settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    assert found("settings", "warning").count("HTTPS=1") == 1
    assert "security.W012" not in found("settings", "warning")


def test_keys_that_do_not_decrypt_what_is_stored(page, settings):
    assert found("secrets") == ""
    settings.TOKEN_ENCRYPTION_KEYS = ["another key"]
    assert found("secrets").startswith("1 of 1 stored secrets cannot be decrypted")
    assert Page.objects.filter(access_token="").count() == 0  # and nothing is lost by looking


def test_a_key_that_others_can_read(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    (tmp_path / "secret_key").write_text("hush-hush")
    (tmp_path / "secret_key").chmod(0o644)
    assert found("keys").endswith(f"chmod 600 {tmp_path / 'secret_key'}")
    (tmp_path / "secret_key").chmod(0o600)
    assert found("keys") == ""


def test_static_files_that_are_not_there(settings):
    assert found("static") == ""
    settings.STATICFILES_FINDERS = []
    assert "conversations/admin.css" in found("static")


def test_a_disk_that_is_full(monkeypatch):
    assert found("disk") == ""
    monkeypatch.setattr(installation_checks, "LOW_BYTES", float("inf"))
    monkeypatch.setattr(installation_checks, "LOW_SHARE", 1)
    assert found("disk", "warning").endswith("Make room.")
    monkeypatch.setattr(installation_checks, "NO_BYTES", float("inf"))
    assert "Make room at once" in found("disk")


def test_a_folder_that_cannot_be_written(settings, tmp_path):
    settings.MEDIA_ARCHIVE = True
    for folder in (tmp_path, tmp_path / "file" / "folder"):
        options = {"location": str(folder)}
        settings.STORAGES = settings.STORAGES | {"media": settings.STORAGES["media"] | {"OPTIONS": options}}
        (tmp_path / "file").write_text("in the way")
        assert ("failed" in found("media")) == (folder != tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


class OtherBytes(InMemoryStorage):
    """Returns other bytes than those that it was given."""

    def _open(self, name, mode="rb"):
        return ContentFile(b"other", name)


def test_a_folder_that_returns_other_bytes(settings):
    settings.MEDIA_ARCHIVE = True
    storage = {"BACKEND": f"{__name__}.{OtherBytes.__name__}"}
    settings.STORAGES = settings.STORAGES | {"media": storage}
    assert "returns other bytes" in found("media")


def test_a_mail_server_that_does_not_answer(settings):
    assert "EMAIL_URL is not set" in found("mail", "warning")
    settings.EMAIL_URL = "smtp://127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert "cannot be used (ConnectionRefusedError)" in found("mail")
    assert issubclass(smtplib.SMTPAuthenticationError, OSError)  # so that a wrong password is found, too


# -- the database ------------------------------------------------------------------------------------------
def test_a_migration_that_is_missing():
    assert found("migrations") == ""
    last = MigrationRecorder.Migration.objects.filter(app="conversations").latest("name")
    MigrationRecorder.Migration.objects.filter(pk=last.pk).delete()
    try:
        assert f"the first is conversations.{last.name}" in found("migrations")
    finally:
        last.save(force_insert=True)


def test_an_index_that_is_missing():
    assert found("schema") == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'delivery_received_at'")
        [definition] = cursor.fetchone()
    run_sql("DROP INDEX delivery_received_at")
    try:
        assert "no index delivery_received_at" in found("schema")
    finally:
        run_sql(definition)


def test_more_connections_than_postgresql_allows(settings, monkeypatch):
    assert found("connections", "warning") == ""
    settings.DATABASE_POOL_SIZE = 1000
    assert "Raise max_connections" in found("connections", "warning")
    settings.DATABASE_POOL_SIZE = 1
    monkeypatch.setitem(database_checks.STATEMENTS, "connections", "SELECT 100, 91")
    assert found("connections", "warning").startswith("91 of 100 in use")


@pytest.mark.parametrize(
    ("kept", "size", "level"),
    [("128 MB", "30 GB", "warning"), ("128 MB", "1 GB", "ok"), ("1 GB", "300 GB", "ok")],
)
def test_a_large_database_with_the_default_memory(kept, size, level, monkeypatch):
    statement = f"SELECT pg_size_bytes('{kept}'), pg_size_bytes('{size}')"
    monkeypatch.setitem(database_checks.STATEMENTS, "memory", statement)
    assert f"shared_buffers is {kept}" in found("memory", level).replace("\xa0", " ").replace(".0", "")


def test_a_postgresql_that_is_too_old_or_has_other_time_zones(settings, monkeypatch):
    assert found("database") == found("time_zone", "warning") == ""
    monkeypatch.setitem(database_checks.STATEMENTS, "version", "SELECT 140011")
    assert found("database").startswith("PostgreSQL 14.11 answers")
    settings.TIME_ZONE = "Asia/Tokyo"
    monkeypatch.setitem(database_checks.STATEMENTS, "offset", "SELECT 0")
    assert found("time_zone", "warning").startswith("Asia/Tokyo differs in PostgreSQL")


def test_a_pooling_proxy_that_is_away_or_leads_elsewhere(settings):
    assert found("pool", "ok").startswith("no pooling proxy")
    for address, text in (
        (url_of(connection.settings_dict["NAME"]), ""),
        (url_of("postgres"), "leads to another database"),
        (f"postgresql://x:hush-hush@127.0.0.1:{free_port()}/x", "cannot be used (OperationalError)"),
    ):
        settings.DATABASE_POOL_URL = address
        assert text in found("pool")
        assert bool(found("pool")) == bool(text)
        assert "hush-hush" not in found("pool")


def test_a_proxy_that_pools_transactions_on_the_way_to_the_database(monkeypatch):
    run_sql("SELECT 1")
    assert found("sessions", "ok") == "notifications arrive, so sessions are kept → "
    address, info = connection.settings_dict, connection.connection.info
    with TransactionPooler(f"{info.host}/.s.PGSQL.{info.port}") as pooler:
        monkeypatch.setitem(address, "HOST", "127.0.0.1")
        monkeypatch.setitem(address, "PORT", pooler.port)
        monkeypatch.setitem(address, "OPTIONS", address["OPTIONS"] | {"sslmode": "disable"})
        assert "the proxy belongs into DATABASE_POOL_URL" in found("sessions")


# -- clocks, workers ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (20, "warning"), (-600, "error")])
def test_a_clock_that_differs_from_facebooks(sandbox, seconds, level):
    date = formatdate(time.time() + seconds, usegmt=True)
    sandbox.faults.add(faults.headers({"Date": date}), times=None)
    [result] = run_check(check("facebook_clock"))
    assert result.level == level, result
    assert found("database_clock", "ok")


def test_facebook_that_does_not_tell_its_time(sandbox):
    sandbox.faults.add(faults.headers({"Date": "soon"}), times=None)
    assert "did not tell its time" in found("facebook_clock", "warning")


def test_facebook_that_cannot_be_reached(settings):
    settings.GRAPH_API_URL = f"http://127.0.0.1:{free_port()}"
    assert "Facebook cannot be reached" in found("facebook_clock")


def test_no_worker_and_one_whose_heart_has_stopped():
    assert found("workers").startswith("none is alive")
    register_worker()
    assert found("workers", "ok").startswith("1 alive")
    run_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert found("workers").startswith("none is alive")


def test_scheduled_tasks_that_do_not_run():
    assert "no scheduled task has run yet" in found("schedule", "warning")
    note_schedule("keep_current", 5)
    note_schedule("drop_old_numbers", 3000)  # hourly
    assert found("schedule") == ""
    run_sql("UPDATE procrastinate_periodic_defers SET defer_timestamp = defer_timestamp - 600")
    assert found("schedule").startswith("late: keep_current →")


def test_jobs_that_wait_long_and_jobs_that_failed():
    assert found("queue", "ok").startswith("no job waits")
    job = sync_page.defer(run_id=1)
    assert found("queue", "ok").startswith("1 jobs wait")
    run_sql("UPDATE procrastinate_events SET at = now() - interval '10 minutes'")
    assert "the oldest for 10 min" in found("queue", "warning")
    run_sql("UPDATE procrastinate_events SET at = now() - interval '2 hours'")
    assert "the oldest for 2 h" in found("queue")
    run_sql("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", job)
    run_sql("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", job)
    assert ProcrastinateJob.objects.get().status == "failed"
    assert "1 jobs failed" in found("queue", "warning")


# -- Facebook ----------------------------------------------------------------------------------------------
def test_a_token_that_facebook_refuses(page, sandbox):
    assert found("tokens", "ok").startswith("1 accepted")
    sandbox.faults.add(faults.token_error(), times=None)
    text = found("tokens")
    assert text.startswith(f"Page {page.facebook_page_id}: ")
    assert text.endswith(f"manage.py checkpage {page.facebook_page_id} says more.")
    assert page.access_token not in text


def test_problems_of_pages_are_those_of_alerts(page):
    Page.objects.update(access_ends_at=timezone.now() + timedelta(days=1))
    assert "expires on" in found("pages", "warning")
    Page.objects.all().delete()
    assert "none is connected" in found("pages", "warning")


def test_webhooks_that_would_not_arrive(settings, sandbox):
    assert "set FACEBOOK_APP_SECRET" in found("webhooks", "warning")
    settings.FACEBOOK_WEBHOOK_SECRETS = ["hush-hush"]
    assert "PUBLIC_URL is not set" in found("webhooks", "warning")
    settings.PUBLIC_URL = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached from here" in found("webhooks")
    settings.FACEBOOK_APP_ID, settings.FACEBOOK_APP_SECRET = "100000000000000", "sandbox-secret"
    sandbox.switches.app_secret = "sandbox-secret"
    assert "do not go to this installation" in found("app", "warning")
    sandbox.switches.app_secret = "another one"
    assert found("app").startswith("Facebook did not tell it: ")


def test_alerts_that_nobody_gets(settings):
    assert "nobody is told of alerts" in found("alerts", "warning")
    settings.ALERT_URL = "https://example.com/hush-hush"
    assert found("alerts", "ok") == "told by ALERT_URL → "
