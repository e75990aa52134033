import asyncio
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token

from tests.benchmarks_reads import baselines, report, writes
from tests.benchmarks_reads.build import PAGES, TABLES, build
from tests.benchmarks_reads.questions import COUNTED, FIRST_PAGES, SEARCHES, asked, goal

EMPTY = str(9001 + PAGES)
CALLS, SECONDS = 40, 4.0  # of each question: so many, or for so long
BASELINE_CALLS, BASELINE_LIMIT_MS = 3, 20_000
PLANS_OF = [*list(FIRST_PAGES)[:6], "untagged", "unread", "search: mid word", "messages: mid word"]


@dataclass
class Line:
    name: str
    p50: float
    p95: float
    queries: int
    replaced: float
    plain: float
    goal: int | None


def measure(rows: int) -> int:
    begun = time.monotonic()
    call_command("migrate", verbosity=0)
    build(rows)
    built = time.monotonic() - begun
    print(f"built in {built:.0f} s", flush=True)
    settings.ROOT_URLCONF = "tests.benchmarks_reads.urls"
    words = found_words(rows)
    client = Client()
    lines = [measured(client, name, parameters, words) for name, parameters in questions().items()]
    notes = [depth(client), python_time(client), *plans(client, words), *bulk(client)]
    kept = sizes()
    notes.append(writes.cost())
    report.write(rows, built, lines, notes, kept, machine())
    return 1 if any("whole table" in note for note in notes) else 0


def questions() -> dict[str, dict[str, str]]:
    return FIRST_PAGES | SEARCHES | COUNTED


def found_words(rows: int) -> dict[str, str]:
    """Words that many, some and few conversations of the big Page have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, count(*) FROM (SELECT string_to_table(last_message, ' ') AS word"
            " FROM conversations_conversation WHERE page_id = 1 LIMIT 50000) AS said"
            " WHERE length(word) > 3 GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        words = [word for word, _ in cursor.fetchall()]
    deep = max(2, 9_900 * rows // 1_000_000)
    return {"common": words[0], "mid": words[60], "rare": words[-1], "deep": str(deep)}


# -- asking ------------------------------------------------------------------------------------------------
class Client:
    """Whole requests through the ASGI application, in this process."""

    def __init__(self) -> None:
        user = User.objects.create(username="bench", is_superuser=True)
        self.headers = [(b"authorization", f"Token {Token.objects.create(user=user).key}".encode())]
        self.application = get_asgi_application()
        self.loop = asyncio.new_event_loop()

    def get(self, path: str, parameters: dict[str, str], method: str = "GET", body: bytes = b"") -> bytes:
        return self.loop.run_until_complete(self.ask(method, path, parameters, body))

    async def ask(self, method: str, path: str, parameters: dict[str, str], body: bytes) -> bytes:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(parameters).encode(),
            "headers": [
                (b"host", b"127.0.0.1"),
                (b"content-length", str(len(body)).encode()),
                *self.headers,
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
        }
        sent: list[dict] = []
        waiting = asyncio.Event()
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive():
            for message in asked:
                return message
            await waiting.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await self.application(scope, receive, send)
        if sent[0]["status"] != 200:
            raise RuntimeError(f"{path} {parameters}: {sent[0]['status']} {sent[1:2]}")
        return b"".join(message.get("body", b"") for message in sent[1:])

    def list(self, parameters: dict[str, str]) -> bytes:
        return self.get("/api/conversations", parameters)


def timed(ask: Callable[[], object], calls: int = CALLS, seconds: float = SECONDS) -> list[float]:
    """Milliseconds of each call."""
    ask()
    found: list[float] = []
    begun = time.monotonic()
    while len(found) < calls and (len(found) < 3 or time.monotonic() - begun < seconds):
        start = time.perf_counter()
        ask()
        found.append(1000 * (time.perf_counter() - start))
    return sorted(found)


def at(share: float, times: list[float]) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]


def measured(client: Client, name: str, parameters: dict[str, str], words: dict[str, str]) -> Line:
    question = asked(parameters, words)
    times = timed(lambda: client.list(question))
    line = Line(
        name,
        at(0.5, times),
        at(0.95, times),
        len(statements(question)),
        baseline(baselines.replaced, question),
        baseline(baselines.plain, question),
        goal(name),
    )
    print(
        f"  {name}: {line.p50:.1f} / {line.p95:.1f} ms, {line.queries}; {line.replaced:.0f}, {line.plain:.0f}",
        flush=True,
    )
    return line


def baseline(way: Callable, question: dict[str, str]) -> float:
    """Its median, without a request around it; infinite where it does not end in time."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {BASELINE_LIMIT_MS}")
        return statistics.median(timed(lambda: way(question), BASELINE_CALLS, 2.0))
    except OperationalError:
        return float("inf")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


def statements(question: dict[str, str]) -> list[str]:
    """What the list asks about conversations and tags, beside who asks and which Page."""
    from tests.factories import api

    with CaptureQueriesContext(connection) as captured:
        api(User.objects.get()).get("/api/conversations", question)
    asked = [query["sql"] for query in captured]
    ours = ("conversations_conversation", "conversations_pagecount", "conversations_messagepart")
    return [sql for sql in asked if any(table in sql for table in ours) and not sql.startswith("EXPLAIN")]


# -- beside the questions ----------------------------------------------------------------------------------
def depth(client: Client) -> str:
    """Following nextCursor."""
    parameters = {"facebookPageId": "9001", "limit": "50", "total": "none"}
    times: list[float] = []
    for _ in range(400):
        start = time.perf_counter()
        answer = orjson.loads(client.list(parameters))
        times.append(1000 * (time.perf_counter() - start))
        parameters["cursor"] = answer["pagination"]["nextCursor"] or ""
    first, last = statistics.median(times[:50]), statistics.median(times[-50:])
    return f"Following `nextCursor`: parts 1 to 50 take {first:.1f} ms (p50), parts 351 to 400 {last:.1f} ms."


def python_time(client: Client) -> str:
    parameters = {"facebookPageId": "9001", "limit": "50", "total": "none"}

    def spent(ask) -> float:
        ask()
        begun = time.process_time()
        for _ in range(100):
            ask()
        return 10 * (time.process_time() - begun)

    listed = spent(lambda: client.list(parameters))
    without = spent(lambda: client.get("/api/conversations", {**parameters, "facebookPageId": EMPTY}))
    empty = spent(lambda: client.get("/empty", {}))
    return (
        f"Processor time of this process: {listed:.1f} ms for 50 rows with their tags; {empty:.1f} ms for a view of Django"
        f" REST that answers nothing to whoever signed in: {listed - empty:.1f} ms more (goal: 3); {without:.1f} ms for the"
        " same list of a Page without any."
    )


def plans(client: Client, words: dict[str, str]) -> list[str]:
    notes = []
    for name in PLANS_OF:
        for sql in statements(asked(questions()[name], words)):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            if any(f"Seq Scan on {table}" in plan for table in TABLES):
                notes.append(f"**{name}** scans a whole table:\n```\n{plan}\n```")
    return notes or [
        f"Plans of the ten most used questions ({', '.join(PLANS_OF)}): none scans a whole table."
    ]


def bulk(client: Client) -> list[str]:
    """Everything that matches: 100,000 conversations of the big Page, and back."""
    body = {
        "filter": {"facebookPageId": "9001", "exclude_tags": "tag-40", "endDate": "2023-10-20"},
        "tagIds": [40],
    }
    notes = []

    def act(path: str, body: dict) -> dict:
        start = time.perf_counter()
        answer = orjson.loads(client.get(path, {}, "POST", orjson.dumps(body)))
        notes.append(
            f"`{path.rsplit('/', 1)[1]}` {'(dry_run) ' * bool(body.get('dry_run'))}of {answer['changed']:,}"
            f" conversations: {time.perf_counter() - start:.1f} s."
        )
        return answer

    act("/api/conversations/bulk-tags", {**body, "action": "assign", "dry_run": True})
    done = act("/api/conversations/bulk-tags", {**body, "action": "assign"})
    act(f"/api/acts/{done['act']}/undo", {})
    start = time.perf_counter()
    client_bytes = client.get("/api/conversations/export", {"format": "csv", "facebookPageId": "9002"})
    seconds = time.perf_counter() - start
    notes.append(f"Export of one Page as CSV ({len(client_bytes) / 1e6:.1f} MB): {seconds:.1f} s.")
    return notes


def sizes() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE oid = ANY(%s::regclass[]) OR oid IN"
            " (SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%s::regclass[])) ORDER BY 2 DESC",
            [TABLES, TABLES],
        )
        return cursor.fetchall()


def machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [version] = cursor.fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, PostgreSQL {version.split()[0]}, Python {platform.python_version()}, load average {os.getloadavg()[1]:.0f}"
