"""Runs in the hub: first syncs of many Pages by all machines, while some fail, and then the comparison."""

import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psycopg
import requests

from inbox.postgres import Server
from inbox.postgres.roles import ADMIN
from tests import migrated
from tests.machines.arrivals import Arrivals, most_in_a_second
from tests.machines.nodes import ANYWHERE, ROOT, Node, web, worker
from tests.machines.throughput import LONGEST_SECONDS, all_complete, measure, progress, write
from tests.machines.waiting import say, wait_until
from tests.migrated import migrated_server

PAGES = int(os.environ.get("PAGES", "12"))
CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "500"))
MOST_FETCHING = 40  # half of what four workers sync at the same time
LONG = 0.1  # so many conversations have more messages than a list brings
CUT_SECONDS, WRONG_CLOCK = 60, "-5m"
PER_SECOND = 2
NAME, PORT = "machines", 9000
DOCUMENTED = 100  # Pages from which on the result is written into docs/scale.md, or to INTO
# The starts that the budget has granted, by the clock of PostgreSQL.
GRANTS = """
CREATE TABLE granted (page text, platform text, at timestamptz);
CREATE FUNCTION note_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO granted VALUES (NEW.facebook_page_id, NEW.platform, NEW.next_at); RETURN NEW;
END $$;
CREATE TRIGGER note_grant AFTER INSERT OR UPDATE OF next_at ON conversations_callbudget
  FOR EACH ROW EXECUTE FUNCTION note_grant()
"""
TOO_SOON = """
SELECT count(*) FROM (
  SELECT at - lag(at, %s) OVER (PARTITION BY page, platform ORDER BY at) AS passed FROM granted
) AS each WHERE passed < interval '0.99 seconds'
"""


def main(hub: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left, as after Ctrl+C
    os.environ["LOGS"] = tempfile.mkdtemp(prefix="inbox-machines-")
    with migrated_server() as server:
        listen_everywhere(server)
        os.environ |= {"DATABASE_URL": server.url(NAME), "SECRET_KEY": "m" * 50, "HISTORY_DONE_BEFORE": "0"}
        import django

        django.setup()
        from conversations.sandbox import SandboxServer, World

        with SandboxServer(World(), host=ANYWHERE, port=PORT) as sandbox:
            failure = play(hub, sandbox)
        runs = measure(hub, server, PORT, (PAGES, CONVERSATIONS))
    if PAGES >= DOCUMENTED or "INTO" in os.environ:
        write(runs, Path(os.environ.get("INTO") or ROOT / "docs"))
    return failure


def listen_everywhere(server: Server) -> None:
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE {NAME} TEMPLATE {migrated.DATABASE}")
        admin.execute(f"ALTER SYSTEM SET listen_addresses = '{ANYWHERE}'")
        admin.execute("ALTER SYSTEM SET max_connections = 400")
    server.stop()
    server.start()
    with (server.home / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all {ADMIN} 10.214.0.0/16 trust\n")
    with server.connect() as admin:
        admin.execute("SELECT pg_reload_conf()")
    with psycopg.connect(server.url(NAME), autocommit=True) as database:
        database.execute(GRANTS)


def play(hub: str, sandbox) -> int:
    pages = [add_page(sandbox.world, number) for number in range(PAGES)]
    nodes = [
        web(hub, 1),
        web(hub, 2),
        *(worker(hub, number) for number in (3, 4, 5)),
        worker(hub, 6, WRONG_CLOCK),
    ]
    arrivals = Arrivals(PORT)
    arrivals.start()
    try:
        for node in nodes:
            node.make(node.variables(NAME, PORT))
            node.start()
        began = time.monotonic()
        key = new_key()
        for page, _ in pages:
            request(nodes[0], key, page)
        say(
            f"{PAGES} Pages of {CONVERSATIONS} conversations, two web processes, four workers;"
            f" logs in {os.environ['LOGS']}"
        )
        fail_some(nodes)
        wait_until(all_complete, LONGEST_SECONDS, progress)
        seconds = time.monotonic() - began
        say(f"conversations, as each web process lists them: {[listed(node, key) for node in nodes[:2]]}")
    finally:
        for node in nodes:
            node.remove()
        arrived = arrivals.stop()
    return report(sandbox, pages, seconds, arrived)


def add_page(world, number: int) -> tuple:
    from conversations.models import Page

    shop = world.add_page(f"9{number:014}", f"Shop {number}")
    for position in range(CONVERSATIONS):
        world.add_conversation(shop, messages=40 if position < CONVERSATIONS * LONG else 3)
    return Page.objects.create(facebook_page_id=shop.id, access_token=shop.token), shop


def new_key() -> dict[str, str]:
    """The authentication header of a superuser."""
    from django.contrib.auth import get_user_model

    from tests import factories

    return {"Authorization": f"Token {factories.new_key(get_user_model().objects.create_superuser('boss'))}"}


def request(node: Node, key: dict[str, str], page) -> None:
    """Request a sync over REST, as soon as the web process is there."""
    url, headers = f"http://{node.address}:8000", key | {"Prefer": "respond-async"}
    wait_until(lambda: is_up(url), 60)
    answer = requests.post(
        f"{url}/api/conversations/sync", json={"pageId": page.pk}, headers=headers, timeout=60
    )
    answer.raise_for_status()


def is_up(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=5).ok
    return False


def listed(node: Node, key: dict[str, str]) -> int:
    answer = requests.get(f"http://{node.address}:8000/api/conversations", headers=key, timeout=60)
    return answer.json()["pagination"]["total"]


def fail_some(nodes: list[Node]) -> None:
    """Kill a web process and a worker, and cut another worker off for a minute. One has a wrong clock."""
    _, killed_web, killed, cut, *_ = nodes
    wait_until(is_fetching, LONGEST_SECONDS, progress)
    say("a worker and a web process are killed, another worker is cut off")
    killed.kill()
    killed_web.kill()
    cut.cut()
    until = time.monotonic() + CUT_SECONDS
    time.sleep(5)
    killed.start()
    killed_web.start()
    time.sleep(max(0.0, until - time.monotonic()))
    cut.mend()
    say("the worker that was cut off is back")


def is_fetching() -> bool:
    from conversations.models import SyncRun

    return SyncRun.objects.filter(inserted__gt=0).count() >= min(PAGES / 2, MOST_FETCHING)


def report(sandbox, pages: list[tuple], seconds: float, arrived: dict[str, list[float]]) -> int:
    from django.db import connection

    from conversations.models import InteractionEvent, SyncRun
    from tests.conversations.sync.copies import assert_exact

    different = 0
    for page, shop in pages:
        try:
            assert_exact(page, sandbox.world, shop)
        except AssertionError as error:
            different += 1
            say(f"{page}: {str(error)[:500]}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM granted")
        [granted] = cursor.fetchone()
        cursor.execute(TOO_SOON, [PER_SECOND])
        [too_soon] = cursor.fetchone()
    late = taken_up(sandbox)
    messages = InteractionEvent.objects.count()
    runs = dict(SyncRun.objects.values_list("status").annotate(number=count()))
    say(f"{messages:,} messages in {seconds:.0f} s; runs: {runs}")
    for name, times in (("reached its machine", arrived), ("were taken up by it", late)):
        number, most = sum(map(len, times.values())), most_in_a_second(times)
        say(f"{number} calls {name}, at most {most} of one Page in a second")
    say(f"{granted} starts were granted, {too_soon} of them less than a second after the second before")
    say(f"{PAGES - different} of {PAGES} Pages are exact: nothing lost, nothing doubled")
    return int(bool(different or too_soon))


def count():
    from django.db.models import Count

    return Count("pk")


def taken_up(sandbox) -> dict[str, list[float]]:
    """Return when the sandbox took up the calls of each Page, by its monotonic clock."""
    times: dict[str, list[float]] = defaultdict(list)
    for call in sandbox.call_log.matching(""):
        if call.page_id and not call.is_batched:
            times[call.page_id].append(call.started)
    return {page: sorted(moments) for page, moments in times.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
