"""Measures every query as a whole request, beside the two baselines, and some further operations."""

import asyncio
import gc
import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from math import inf
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from inbox.process.loading import COLLECT_AFTER
from inbox.web.admission import Admission
from inbox.web.handler import RequestHandler
from tests.benchmarks_reads import baselines, writes
from tests.benchmarks_reads.build import PAGES, SCRIPTS, TABLES, build
from tests.benchmarks_reads.bulk import measure_bulk
from tests.benchmarks_reads.queries import COUNTED, FIRST_PAGES, SEARCHES, build_parameters, goal
from tests.benchmarks_reads.results import Measured, Refused, Result
from tests.benchmarks_reads.saturation import measure_saturation
from tests.factories import new_key

EMPTY_PAGE = str(9001 + PAGES)
CALLS, SECONDS = 40, 4.0  # at most this many calls of each query, or for this long
BASELINE_CALLS, BASELINE_LIMIT_MS = 3, 20_000
HAS_BASELINES = os.environ.get("BASELINES") != "0"
EXPLAINED = [*list(FIRST_PAGES)[:6], "untagged", "unread", "search: mid word", "messages: mid word"]


def measure(rows: int) -> Measured:
    started = time.monotonic()
    call_command("migrate", verbosity=0)
    has_begun = build(rows)
    built = time.monotonic() - started
    print(f"built in {built:.0f} s", flush=True)
    settings.ROOT_URLCONF = "tests.benchmarks_reads.urls"
    words = pick_words(rows)
    client = Client()
    collect_garbage_rarely()
    results = [measure_query(client, name, parameters, words) for name, parameters in queries().items()]
    resumed = "The build went on with what an interrupted one had left: its seconds are those of the rest."
    notes = [
        *([resumed] if has_begun else []),
        measure_cursor(client),
        measure_cpu(client),
        *measure_saturation(client.key),
        *check_plans(words),
        measure_export(client),
    ]
    newest = build_parameters({}, words)
    bulks = measure_bulk(client, lambda: client.list(newest), percentile, rows)
    for bulk in bulks:
        print(f"  {bulk}", flush=True)
    table_sizes = sizes()
    notes.append(writes.measure_cost())
    return Measured(rows, PAGES, built, results, bulks, notes, table_sizes, machine())


def queries() -> dict[str, dict[str, str]]:
    return FIRST_PAGES | SEARCHES | COUNTED


def pick_words(rows: int) -> dict[str, str]:
    """Return a common, a less common and a rare word of the large Page, and the number of a deep page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, count(*) FROM (SELECT string_to_table(last_message, ' ') AS word"
            " FROM conversations_conversation WHERE page_id = 1 LIMIT 50000) AS drawn"
            " WHERE word ~ '^[a-z]{4,}$' GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        words = [word for word, _ in cursor.fetchall()]
    deep = max(2, 9_900 * rows // 1_000_000)
    picked = {"common": words[0], "mid": words[60], "rare": words[-1], "deep": str(deep)}
    return picked | pick_signs()


def pick_signs() -> dict[str, str]:
    """Return two adjacent signs: of Han common, less common and rare ones, and average ones of each script."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_message FROM conversations_conversation WHERE page_id = 1 LIMIT 50000")
        texts = [text for (text,) in cursor.fetchall()]
    by_number = {script: pairs_of(signs, texts) for script, (signs, _) in SCRIPTS.items()}
    han = by_number["Han"]
    picked = {"common_signs": han[0], "mid_signs": han[200], "rare_signs": han[-1]}
    return picked | {script: pairs[len(pairs) // 4] for script, pairs in by_number.items()}


def pairs_of(signs: list[str], texts: list[str]) -> list[str]:
    """Return the pairs of these signs in the texts, the most frequent one first."""
    known = set(signs)
    counted = Counter(one + two for text in texts for one, two in pairwise(text) if one in known)
    return [pair for pair, _ in counted.most_common()]


# -- requests ----------------------------------------------------------------------------------------------
class Client:
    """Sends whole requests to the ASGI application, in this process, with what inbox/asgi.py puts around it.

    Without the scope of a request, each would open a database connection of its own.
    """

    def __init__(self) -> None:
        user, _ = User.objects.get_or_create(username="bench", is_superuser=True)
        self.key = new_key(user)
        self.headers = [(b"authorization", f"Token {self.key}".encode())]
        self.application = Admission(RequestHandler(), settings.DATABASE_POOL_SIZE)
        self.loop = asyncio.new_event_loop()

    def get(self, path: str, parameters: dict[str, str], method: str = "GET", body: bytes = b"") -> bytes:
        return self.loop.run_until_complete(self.send(method, path, parameters, body))

    async def send(self, method: str, path: str, parameters: dict[str, str], body: bytes) -> bytes:
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
        never = asyncio.Event()
        incoming = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive():
            for message in incoming:
                return message
            await never.wait()
            return {"type": "http.disconnect"}

        async def collect(message):
            sent.append(message)

        await self.application(scope, receive, collect)
        if sent[0]["status"] not in (200, 202):
            raise Refused(f"{path} {parameters}: {sent[0]['status']} {sent[1:2]}")
        return b"".join(message.get("body", b"") for message in sent[1:])

    def list(self, parameters: dict[str, str]) -> bytes:
        return self.get("/api/conversations", parameters)


def collect_garbage_rarely() -> None:
    """Collect as a web process does: what the start has created stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def time_calls(call: Callable[[], object], calls: int = CALLS, seconds: float = SECONDS) -> list[float]:
    """Call repeatedly and return the sorted times in milliseconds. The first call is not counted."""
    call()
    times: list[float] = []
    started = time.monotonic()
    while len(times) < calls and (len(times) < 3 or time.monotonic() - started < seconds):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)


def percentile(share: float, times: list[float]) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]


def measure_query(client: Client, name: str, parameters: dict[str, str], words: dict[str, str]) -> Result:
    query = build_parameters(parameters, words)
    try:
        times = time_calls(lambda: client.list(query))
    except Refused as error:  # the statement took more than its limit: the others are measured all the same
        print(f"  {error}", flush=True)
        times = [inf]
    result = Result(
        name,
        percentile(0.5, times),
        percentile(0.95, times),
        len(statements(query)),
        baseline(baselines.replaced, query),
        baseline(baselines.plain, query),
        goal(name),
    )
    print(
        f"  {name}: {result.p50:.1f} / {result.p95:.1f} ms, {result.statements} statements;"
        f" replaced {result.replaced:.0f} ms, plain {result.plain:.0f} ms",
        flush=True,
    )
    return result


def baseline(run: Callable, query: dict[str, str]) -> float:
    """Return its median time without a request, or infinity if it exceeds the time limit; 0 if it is not asked."""
    if not HAS_BASELINES:
        return 0.0
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {BASELINE_LIMIT_MS}")
        return statistics.median(time_calls(lambda: run(query), BASELINE_CALLS, 2.0))
    except OperationalError:
        return float("inf")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


def statements(query: dict[str, str]) -> list[str]:
    """Return the SQL on conversations and tags, without that of the authentication and of the Page."""
    from tests.factories import api

    with CaptureQueriesContext(connection) as captured:
        api(User.objects.get(is_superuser=True)).get("/api/conversations", query)
    executed = [entry["sql"] for entry in captured]
    ours = ("conversations_conversation", "conversations_pagecount", "conversations_messageindexchunk")
    return [sql for sql in executed if any(table in sql for table in ours) and not sql.startswith("EXPLAIN")]


# -- further measurements ----------------------------------------------------------------------------------
def measure_cursor(client: Client) -> str:
    """Follow nextCursor through 400 pages."""
    parameters = {"facebookPageId": "9001", "limit": "50", "total": "none"}
    times: list[float] = []
    for _ in range(400):
        start = time.perf_counter()
        answer = orjson.loads(client.list(parameters))
        times.append(1000 * (time.perf_counter() - start))
        parameters["cursor"] = answer["pagination"]["nextCursor"] or ""
    first, last = statistics.median(times[:50]), statistics.median(times[-50:])
    return f"Following `nextCursor`: pages 1 to 50 take {first:.1f} ms (p50), pages 351 to 400 {last:.1f} ms."


def measure_cpu(client: Client) -> str:
    parameters = {"facebookPageId": "9001", "limit": "50", "total": "none"}

    def cpu_time(call) -> float:
        call()
        started = time.process_time()
        for _ in range(100):
            call()
        return 10 * (time.process_time() - started)

    listed = cpu_time(lambda: client.list(parameters))
    without = cpu_time(lambda: client.get("/api/conversations", {**parameters, "facebookPageId": EMPTY_PAGE}))
    empty = cpu_time(lambda: client.get("/empty", {}))
    health = cpu_time(lambda: client.get("/healthz", {}))
    return (
        f"CPU time of this process: {listed:.1f} ms for 50 rows with their tags (goal: at most 3.5); {without:.1f} ms for the"
        f" same list of a Page without conversations; {empty:.1f} ms for an empty view of Django REST framework with"
        f" authentication; {health:.1f} ms for a request that uses no database (`/healthz`)."
    )


def check_plans(words: dict[str, str]) -> list[str]:
    notes = []
    for name in EXPLAINED:
        for sql in statements(build_parameters(queries()[name], words)):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            if any(f"Seq Scan on {table}" in plan for table in TABLES):
                notes.append(f"**{name}** scans a whole table:\n```\n{plan}\n```")
    return notes or [
        f"Query plans of the ten most frequent queries ({', '.join(EXPLAINED)}): none scans a whole table."
    ]


def measure_export(client: Client) -> str:
    start = time.perf_counter()
    exported = client.get("/api/conversations/export", {"format": "csv", "facebookPageId": "9002"})
    seconds = time.perf_counter() - start
    return f"Export of one Page as CSV ({len(exported) / 1e6:.1f} MB): {seconds:.1f} s."


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
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        version, buffers = cursor.fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, PostgreSQL {version.split()[0]} with shared_buffers of {buffers}, Python {platform.python_version()}, load average {os.getloadavg()[1]:.0f}"
