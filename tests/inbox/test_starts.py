"""What processes import when they start, seen in real processes. How long that takes: `make bench`."""

import json
import os
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from conversations.models import Page
from inbox.sync_settings import INSTALLED_APPS as SYNC_APPS
from tests.conftest import url_of

# Runs manage.py, and prints what is imported when the process makes its first call to Facebook.
UNTIL_FIRST_CALL = """
import json, os, runpy, sys
import urllib3.util.connection as connections

def report(*args, **kwargs):
    print(json.dumps(sorted(sys.modules)), flush=True)
    os._exit(0)

connections.create_connection = report
runpy.run_path("manage.py", run_name="__main__")
"""
NOT_FOR_A_SYNC = [
    "attr",
    "axes",
    "conversations.admin",
    "conversations.api",
    "conversations.search",
    "conversations.tasks",
    "corsheaders.middleware",
    "cryptography.x509",
    "django.contrib.admin",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.db.migrations.executor",
    "django_eventstream",
    "django_filters",
    "drf_spectacular",
    "inbox.urls",
    "jwt",
    "procrastinate",
    "prometheus_client",
    "rest_framework",
    "rich",
    "unfold",
    "whitenoise",
]
NOT_FOR_A_FIRST_ANSWER = [
    "conversations.admin",
    "conversations.api.urls",
    "conversations.sync.service",
    "cryptography.x509",
    "django_eventstream",
    "drf_spectacular.views",
    "inbox.site.user_admin",
    "jwt",
    "prometheus_client",
    "requests",
    "rich",
]


def imported(modules: list[str], packages: list[str]) -> list[str]:
    return [one for one in packages if any(f"{module}.".startswith(f"{one}.") for module in modules)]


def modules_of(*arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.django_db(transaction=True)
def test_a_sync_starts_without_pages_rest_admin_and_jobs():
    Page.objects.create(facebook_page_id="90001", name="Shop", access_token="t")
    modules = modules_of(
        "-c",
        UNTIL_FIRST_CALL,
        "syncconversations",
        DATABASE_URL=url_of(connection.settings_dict["NAME"]),
        SECRET_KEY=settings.SECRET_KEY,
        GRAPH_API_URL="http://127.0.0.1:9",
        DJANGO_SETTINGS_MODULE="inbox.settings",
    )
    assert "conversations.sync.service" in modules
    assert imported(modules, NOT_FOR_A_SYNC) == []


def test_a_web_process_can_answer_before_it_has_loaded_rest_and_admin():
    code = (
        "import json, sys, inbox.asgi; from django.urls import resolve; resolve('/healthz');"
        " print(json.dumps(sorted(sys.modules)))"
    )
    modules = modules_of("-c", code, DATABASE_URL="postgresql:///unused", SECRET_KEY="k" * 50)
    assert imported(modules, NOT_FOR_A_FIRST_ANSWER) == []


def test_no_app_that_a_sync_leaves_out_refers_to_our_rows():
    """Django deletes what refers to a deleted row only if it knows the model."""
    known = {apps.get_containing_app_config(f"{name}.models") for name in SYNC_APPS}
    ours = [*apps.get_app_config("conversations").get_models(), *apps.get_app_config("tags").get_models()]
    for model in ours:
        referring = {relation.related_model._meta.app_config for relation in model._meta.related_objects}
        assert referring <= known, model
