import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command

PYTHON = [sys.executable, "-W", "error"]


def start(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Python in a separate process, with only these environment variables."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*PYTHON, "-c", code],
        env=inherited | {"DATABASE_URL": "postgresql:///x", "SECRET_KEY": "k" * 50} | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("HTTPS", "perhaps"),
        ("DATABASE_URL", "mysql://user:hush-hush@host/x"),
        ("DATABASE_URL", "hush-hush"),
        ("DATABASE_POOL_URL", "mysql://user:hush-hush@host/x"),
        ("DATABASE_POOL_URL", "hush-hush"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "hush-hush"),
        ("DATABASE_POOL_SIZE", "22"),
        ("WORKER_QUEUES", "sync"),
        ("WORKER_QUEUES", "sync=0"),
        ("WORKER_QUEUES", "sync=1,sync=2"),
        ("WORKER_QUEUES", "synch=1"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("GRAPH_API_URL", "https://graph.facebook.com/v26.0"),
        ("GRAPH_API_VERSION", "26"),
        ("GRAPH_CALLS_PER_SECOND", "-1"),
        ("GRAPH_CALLS_PER_SECOND", "two"),
        ("HISTORY_DONE_BEFORE", "-1"),
        ("HISTORY_DONE_BEFORE", "a month"),
        ("RETENTION_DAYS", "-1"),
        ("RETENTION_DAYS", "a year"),
        ("PROXY_COUNT", "-1"),
        ("REQUIRE_2FA", "perhaps"),
        ("EMAIL_URL", "mail.example.com:hush-hush"),
        ("EMAIL_URL", "smtp://user:hush-hush@host:port"),
        ("ALERT_URL", "example.com/hush-hush"),
        ("ALERT_URL", "ftp://example.com/hush-hush"),
        ("ALERT_URL", "https://user:hush-hush@example.com/"),
        ("ALERT_URL", "https://example.com:port/hush-hush"),
        ("ALERT_URL", "https:///hush-hush"),
        ("LOG_FORMAT", "xml"),
        ("SENTRY_DSN", "https://sentry.example.com/hush-hush"),
        ("SENTRY_DSN", "https://hush-hush@sentry.example.com/"),
        ("METRICS_TOKEN", "hush-hush"),
        ("METRICS_TOKEN", "hush-hush with spaces"),
        ("PUBLIC_URL", "inbox.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "inbox.example.com"),
        ("CORS_ALLOWED_ORIGINS", "inbox.example.com"),
    ],
)
def test_invalid_value_stops_the_start_with_one_line_that_names_it(name, value):
    result = start("import inbox.asgi", **{name: value})
    assert result.returncode == 1
    assert name in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "hush-hush" not in result.stderr


def test_reports_of_errors_without_their_package_stop_the_start():
    code = "import sys, importlib.util as u; find = u.find_spec\n"
    code += "u.find_spec = lambda name, *more: None if name == 'sentry_sdk' else find(name, *more)\n"
    result = start(f"{code}import inbox.asgi", SENTRY_DSN="https://hush-hush@sentry.example.com/1")
    assert result.returncode == 1
    assert result.stderr == (
        "inbox: SENTRY_DSN is set, but sentry-sdk is missing: pip install -r requirements-sentry.txt\n"
    )


def test_valid_values_start():
    result = start(
        "import inbox.asgi; from django.conf import settings as s; print(s.ALLOWED_HOSTS, s.TIME_ZONE);"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_USE_SSL);"
        "print(s.DEFAULT_FROM_EMAIL, s.HISTORY_DONE_BEFORE, s.ALERT_URL)",
        ALERT_URL="http://10.0.0.7:8080/hooks/inbox?channel=ops",
        ALLOWED_HOSTS="a.example,b.example",
        TIME_ZONE="Europe/Paris",
        HTTPS="1",
        GRAPH_CALLS_PER_SECOND="0",
        TOKEN_ENCRYPTION_KEYS="new,old",
        PUBLIC_URL="https://inbox.example.com",
        EMAIL_URL="smtps://user:pw@mail.example.com/?_default_from_email=inbox@example.com",
    )
    assert result.returncode == 0, result.stderr
    hosts, accounts, sender = result.stdout.splitlines()
    assert hosts == "['a.example', 'b.example', 'inbox.example.com'] Europe/Paris"
    assert accounts == "__Host-sessionid csrftoken mail.example.com 465 True"
    assert sender == "inbox@example.com 30 http://10.0.0.7:8080/hooks/inbox?channel=ops"


def test_secret_key_is_optional_with_debug_and_a_stored_key():
    code = "import inbox.settings as s; print('started' if s.SECRET_KEY else '')"
    result = start(code, SECRET_KEY="", DEBUG="1")
    is_stored = (settings.STATE_DIR / "secret_key").exists()
    assert ("started" in result.stdout) == is_stored


@pytest.mark.django_db
def test_django_checks_pass():
    call_command("check", fail_level="WARNING", databases=["default"])


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_https_implies_one_proxy_by_default():
    code = "import inbox.asgi; from django.conf import settings as s; print(s.PROXY_COUNT)"
    for environment, count in (({}, "0"), ({"HTTPS": "1"}, "1"), ({"HTTPS": "1", "PROXY_COUNT": "2"}, "2")):
        assert start(code, **environment).stdout.strip() == count


def test_login_dialog_of_facebook_uses_the_configured_version():
    code = "from inbox import settings; print(settings.FACEBOOK_DIALOG_URL)"
    environment = {
        "GRAPH_API_VERSION": "v27.0",
        "FACEBOOK_DIALOG_URL": "http://x.test/{version}/dialog/oauth",
    }
    assert start(code, **environment).stdout == "http://x.test/v27.0/dialog/oauth\n"
