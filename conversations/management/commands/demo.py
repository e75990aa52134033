"""Runs the demo, `make demo`: a fictional Page, synced from a sandbox Graph server, served on localhost."""

import hashlib
import io
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import requests
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversations.actions.assigning import assign_conversations
from conversations.actions.notes import Colleague, add_note
from conversations.actions.snoozing import snooze
from conversations.actions.tagging import tag_conversations
from conversations.actions.targets import targets_by_id
from conversations.models import Conversation, ConversationTag, Page
from conversations.models.roles import Role
from tags.models import Tag, free_slug

MANAGE = settings.MANAGE_COMMAND
UVICORN = [sys.executable, "-m", "uvicorn", "inbox.asgi:application"]
UVICORN += ["--log-level", "warning", "--timeout-graceful-shutdown", "3"]
HOST = "127.0.0.1"
SANDBOX_PORT = 8001  # if it is in use, a free port is chosen
PAGE_ID, PAGE_TOKEN = "900000000000001", "EAAsandboxPageToken"
LATENCY = 0.2  # of the time that Facebook takes: the first sync is short, but long enough to watch
SANDBOX = [*MANAGE, "sandbox", "--page-id", PAGE_ID, "--token", PAGE_TOKEN, "--latency", str(LATENCY)]
EVERY_SECONDS = 4  # somebody writes to the Page
ANSWER_SECONDS = 6  # until a customer answers what is sent to them
TAGS = {"VIP": "#b45309", "Order": "#2563eb", "Follow up": "#be185d", "Solved": "#15803d"}
NOTES = ["@demo she asked twice already. Can you answer?", "Sent the invoice again by mail."]


class Command(BaseCommand):
    help = "Syncs a fictional Page and serves it. Start it with `make demo`, which prepares the database."

    def handle(self, **options):
        serves, port = os.environ.get("SERVE", "1") != "0", site_port()
        if serves:
            require_free_port(port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)
        is_ready = False
        try:
            self.prepare(port)
            is_ready = True
            self.print_summary(port, serves)
            if serves:
                self.serve(port)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
            sys.exit(130 if not is_ready else 0)
        finally:
            if serves or not is_ready:
                stop(pid_file("sandbox"))
            pid_file("demo").unlink(missing_ok=True)

    def prepare(self, port: int) -> None:
        pid_file("demo").write_text(str(os.getpid()))
        self.print_now("Database …")
        call_command("migrate", verbosity=0)
        self.print_now("Sandbox Graph server with 2,000 conversations …")
        self.graph_api_url = sandbox_url()
        self.environment = {
            "GRAPH_API_URL": self.graph_api_url,
            "GRAPH_CALLS_PER_SECOND": "0",
            "PUBLIC_URL": f"http://{HOST}:{port}",
            "FACEBOOK_WEBHOOK_SECRETS": webhook_secret(),
        }
        self.run("connectpage", PAGE_ID, PAGE_ACCESS_TOKEN=PAGE_TOKEN)
        self.run("syncconversations", "--page", PAGE_ID)
        make_tags()
        make_work()

    def print_now(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()  # subprocesses write to the same terminal

    def run(self, *arguments: str, **environment: str) -> None:
        result = subprocess.run(
            [*MANAGE, *arguments], env=os.environ | self.environment | environment, check=False
        )
        if result.returncode:
            raise CommandError(
                f"manage.py {arguments[0]} failed with exit code {result.returncode}; see above."
            )

    def print_summary(self, port: int, serves: bool) -> None:
        name, password, token = make_staff()
        state = settings.STATE_DIR
        variables = {"DATABASE_URL": settings.DATABASE_URL, **self.environment}
        line = " ".join(f"{key}={shlex.quote(value)}" for key, value in variables.items())
        key = f'SECRET_KEY="$(cat {shlex.quote(str(state / "secret_key"))})"'
        if serves:
            self.stdout.write(f"\n  Inbox     http://{HOST}:{port}/    (admin: /admin/, REST: /api/docs)")
        self.stdout.write(
            f"  Login     {name}   password {password}\n"
            f"  REST      Authorization: Token {token}\n"
            f"  manage.py for the demo:\n"
            f"    {line} {key} {' '.join(map(shlex.quote, MANAGE))} …\n"
        )
        if serves:
            message = shlex.quote(json.dumps({"customer": "Ana Adams", "message": "Do you deliver to Graz?"}))
            line = f"curl -d {message} {self.graph_api_url}/_sandbox/message"
            self.stdout.write(f"  A customer writes:\n    {line}\n")
        else:
            self.stdout.write("The sandbox keeps running in the background for this; `make stop` stops it.")

    def serve(self, port: int) -> None:
        site = subprocess.Popen(
            [*UVICORN, "--host", HOST, "--port", str(port)],
            env=os.environ | self.environment,
            cwd=settings.BASE_DIR,
        )
        try:
            wait_until_served(site, port)
            start_webhooks(self.graph_api_url, f"http://{HOST}:{port}")
            self.print_now(
                f"Serving on http://{HOST}:{port}/. Customers write every few seconds, and answer you.\n"
                "Press Ctrl-C to stop."
            )
            if site.wait():
                raise CommandError(f"The site ended with exit code {site.returncode}: see above.")
        finally:
            site.terminate()
            site.wait()


def interrupt(number, frame):
    raise KeyboardInterrupt


# -- ports -------------------------------------------------------------------------------------------------
def site_port() -> int:
    value = os.environ.get("PORT") or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CommandError(f"PORT={value}: enter a port number from 1 to 65535.")
    return int(value)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free_port(port: int) -> None:
    if not is_free(port):
        raise CommandError(
            f"Port {port} is in use. Stop the other program (a demo of this checkout: make stop), "
            f"or choose another port: PORT={port + 80} make demo"
        )


def wait_until_served(site: subprocess.Popen, port: int) -> None:
    for _ in range(300):
        if site.poll() is not None:
            raise CommandError(f"The site did not start (exit code {site.returncode}): see above.")
        with suppress(requests.RequestException):
            requests.get(f"http://{HOST}:{port}/healthz", timeout=1)
            return
        time.sleep(0.1)
    raise CommandError("The site did not answer within 30 s.")


# -- the sandbox -------------------------------------------------------------------------------------------
def sandbox_url() -> str:
    """Return the URL of the demo's sandbox and start it if needed. Its Page and IDs are always the same."""
    state_file = settings.STATE_DIR / "demo.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else {}
    state.setdefault("until", timezone.now().strftime("%Y-%m-%dT%H:%M:%S"))
    url = f"http://{HOST}:{state.get('port')}"
    if not (state.get("port") and is_running("sandbox") and answers(url)):
        preferred = state.get("port") or SANDBOX_PORT
        state["port"] = preferred if is_free(preferred) else free_port()
        url = f"http://{HOST}:{state['port']}"
        start_sandbox(url, state["port"], state["until"])
    state_file.write_text(json.dumps(state))
    return url


def start_sandbox(url: str, port: int, until: str) -> None:
    log = settings.STATE_DIR / "sandbox.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*SANDBOX, "--port", str(port), "--until", until],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # it may outlive the demo, and Ctrl-C must not reach it
        )
    pid_file("sandbox").write_text(str(process.pid))
    for _ in range(300):
        if answers(url):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise CommandError(f"The sandbox Graph server did not start: see {log}")


def webhook_secret() -> str:
    """Return the secret with which the demo's sandbox signs webhooks, the same in every demo."""
    file = settings.STATE_DIR / "demo_webhook_secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16))
    return file.read_text()


def start_webhooks(graph_api_url: str, site_url: str) -> None:
    """Let people write to the Page, and the sandbox send their messages to the site."""
    for path, values in (
        ("set", {"webhooks": {"secret": webhook_secret()}}),
        ("webhooks", {"callback_url": f"{site_url}/webhooks/facebook"}),
        ("visitors", {"seconds": EVERY_SECONDS}),
        ("customers", {"seconds": ANSWER_SECONDS}),
    ):
        requests.post(f"{graph_api_url}/_sandbox/{path}", json=values, timeout=10).raise_for_status()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/health", timeout=2).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


# -- processes ---------------------------------------------------------------------------------------------
def pid_file(name: str) -> Path:
    """Return the file in which `make stop` finds the process ID."""
    return settings.STATE_DIR / "run" / f"{name}.pid"


def is_running(name: str) -> bool:
    with suppress(OSError, ValueError):
        os.kill(int(pid_file(name).read_text()), 0)
        return True
    return False


def stop(file: Path) -> None:
    with suppress(OSError, ValueError):
        os.kill(int(file.read_text()), signal.SIGTERM)
    file.unlink(missing_ok=True)


# -- users and tags ----------------------------------------------------------------------------------------
def make_staff() -> tuple[str, str, str]:
    """Return (name, password, REST token) of the demo's superuser. The password stays the same."""
    password_file = settings.STATE_DIR / "demo_password"
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(9))
    password = password_file.read_text()
    user, _ = get_user_model().objects.get_or_create(
        username="demo", defaults={"is_staff": True, "is_superuser": True}
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    return user.username, password, api_key_of(user.username)


def api_key_of(username: str) -> str:
    """Return the demo's API key, which stays the same while its database does."""
    key_file = settings.STATE_DIR / "demo_key"
    keys = apps.get_model("accounts", "ApiKey").objects
    if key_file.exists():
        key = key_file.read_text()
        if keys.filter(user__username=username, digest=hashlib.sha256(key.encode()).hexdigest()).exists():
            return key
    output = io.StringIO()
    call_command("drf_create_token", username, stdout=output)
    key = output.getvalue().split()[2]
    key_file.touch(mode=0o600)
    key_file.write_text(key)
    return key


def make_tags() -> None:
    """Assign a few tags, once: tags that a user has removed stay removed."""
    if ConversationTag.objects.exists():
        return
    tags = {
        name: Tag.objects.get_or_create(name=name, defaults={"slug": free_slug(name), "color": color})[0]
        for name, color in TAGS.items()
    }
    page = Page.objects.get(facebook_page_id=PAGE_ID)
    newest = Conversation.objects.for_pages([page.pk]).newest_first()
    queries = {
        "VIP": newest.filter(message_count__gte=25)[:40],
        "Order": newest.filter(search__contains="order")[:150],
        "Follow up": newest.filter(unread_count__gt=0)[:30],
        "Solved": newest.filter(unread_count=0)[5:205],
    }
    for name, conversations in queries.items():
        tag_conversations(list(conversations.values_list("pk", flat=True)), [tags[name]], actor=None)


def make_work() -> None:
    """Give the demo two colleagues, and some conversations to them and to its user, once."""
    page = Page.objects.get(facebook_page_id=PAGE_ID)
    if page.members.exists():
        return
    demo = get_user_model().objects.get(username=make_staff()[0])
    anna, ben = (make_colleague(page, name) for name in ("anna", "ben"))
    open_ones = Conversation.objects.for_pages([page.pk]).newest_first().filter(conversation_status="active")
    rows = list(open_ones[:40])
    for user, part in ((demo, rows[3:9]), (anna, rows[9:20]), (ben, rows[20:28])):
        assign_conversations(user.pk, targets_by_id([row.pk for row in part]), actor=anna)
    tomorrow = timezone.now() + timedelta(days=1)
    snooze(tomorrow, targets_by_id([row.pk for row in rows[28:32]]), actor=ben)
    people = [Colleague(user.pk, user.username) for user in (demo, anna, ben)]
    for row, text in zip(rows[3:], NOTES, strict=False):
        add_note(row, text, colleagues=people, actor=anna)


def make_colleague(page: Page, name: str):
    """Create a user without a password, who can be mentioned and assigned."""
    user = get_user_model().objects.create_user(name)
    page.members.create(user=user, role=Role.TAGGER)
    return user
