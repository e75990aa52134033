"""Builds the database of the benchmark with SQL, in slices that are committed, so that it goes on where it stopped.

Indexes are created after the rows: the largest one, which takes about half of the processor time, by a connection
of its own, beside everything else.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial

import psycopg
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction

from conversations.lib.folding import fold
from conversations.models import Conversation, Page
from conversations.search.index.message_index import index_pending
from tags.models import Tag

COLLEAGUES = 20
PAGES = int(os.environ.get("PAGES") or 20)
TAGS, MESSAGES = 50, 5  # messages per conversation
SLICE = 200_000  # conversations in one transaction
PHRASES = 20_000
SYLLABLES = """ka ri to mi na so le ve du pa bo che shi lan dor fel gus har ing jon kel lum mer nor oth per
qua ras sten tur"""
# Scripts without spaces: their signs, of which some are frequent, and their share of words and phrases. Scripts of few
# signs have few pairs of them, so each pair is in many texts.
SCRIPTS = {
    "Han": ([chr(0x4E00 + 7 * number) for number in range(2500)], 0.15),
    "kana": (
        list(
            "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんアイカキクケコサシステトナニノフマミムラリルレロン"
        ),
        0.1,
    ),
    "Thai": (list("กขคฆงจฉชซญฐณดตถทธนบปผฝพฟภมยรลวศษสหอฮะัาิีืึเแโใไๆ"), 0.1),
    "Lao": (list("ກຂຄງຈສຊຍດຕຖທນບປຜຝພຟມຢຣລວຫອຮະັາິີຶືົຼຽເແໂໃໄ"), 0.05),
    "Khmer": (list("កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអាិីឹឺុូួើឿៀេែៃោៅំះ"), 0.05),
    "Myanmar": (list("ကခဂဃငစဆဇဈညတထဒဓနပဖဗဘမယရလဝသဟအာိီုူေဲံးျြွှ"), 0.05),
}
RARE = {
    45: 400,
    46: 120,
    47: 30_000,
    48: 2_000,
    49: 200,
    50: 20,
}  # rows of these tags, by id; tag 47 only on old conversations
TABLES = [
    "conversations_conversation",
    "conversations_conversationtag",
    "conversations_untagged",
    "conversations_interactionevent",
    "conversations_messageindexchunk",
]
LARGEST_INDEX = "messageindexchunk_keys"
EVERY_SECONDS = 20  # a line about the largest index
SESSION = "SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET synchronous_commit = off"

# Half of the conversations are assigned: user 1001 has a fourth of them, 1020 very few. Some are snoozed.
CONVERSATIONS = """
INSERT INTO conversations_conversation (id, page_id, sender_id, platform, graph_id, sender_name, last_message,
  last_message_time, message_count, unread_count, can_reply, conversation_status, created_at, updated_at, search,
  told, last_message_kind, assignee_id, snoozed_until)
SELECT n, page, 's' || n, platform, 't_' || n, name, said, time, {messages}, unread, true, status, time, time,
  lower(name) || E'\\n' || said, '{{}}', CASE WHEN random() < 0.35 THEN 'message_received' ELSE 'message_sent' END,
  CASE WHEN random() < 0.5 THEN 1001 + floor(19.2 * power(random(), 2))::int END,
  CASE WHEN status = 'active' AND random() < 0.01 THEN now() + interval '9 years' END
FROM (
  SELECT n, CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + (n / 2) % ({pages} - 1) END AS page,
    CASE WHEN random() < 0.1 THEN 'instagram' ELSE 'messenger' END AS platform,
    initcap(first.word) || ' ' || initcap(last.word) AS name, phrase.text AS said,
    timestamptz '2026-11-01' - random() * interval '1500 days' AS time,
    CASE WHEN random() < 0.03 THEN 2 ELSE 0 END AS unread,
    CASE WHEN random() < 0.6 THEN 'done' ELSE 'active' END AS status
  FROM (SELECT n, (random() * 2999)::int AS a, (random() * 2999)::int AS b, (random() * {phrases})::int % {phrases} AS p
        FROM generate_series({first}, {last}) AS n) AS drawn
  JOIN bench_words AS first ON first.id = a JOIN bench_words AS last ON last.id = b JOIN bench_phrases AS phrase ON phrase.id = p
) AS made ORDER BY n
"""
TAG_ROWS = """
INSERT INTO conversations_conversationtag (conversation_id, tag_id, page_id, last_message_time, created_at, act)
SELECT id, tag, page_id, last_message_time, now(), gen_random_uuid() FROM (
  SELECT id, page_id, last_message_time, 1 AS tag FROM conversations_conversation
  WHERE id BETWEEN {first} AND {last} AND random() < 0.3
  UNION ALL
  SELECT c.id, page_id, last_message_time, 2 + floor(random() * 43)::int FROM conversations_conversation c,
    generate_series(1, 2) WHERE c.id BETWEEN {first} AND {last} AND random() < 0.55
) AS drawn ON CONFLICT DO NOTHING
"""
RARE_ROWS = """
INSERT INTO conversations_conversationtag (conversation_id, tag_id, page_id, last_message_time, created_at, act)
SELECT id, %s, page_id, last_message_time, now(), gen_random_uuid() FROM conversations_conversation
WHERE {old} ORDER BY random() LIMIT %s ON CONFLICT DO NOTHING
"""
EVENTS = """
INSERT INTO conversations_interactionevent (conversation_id, kind, graph_id, occurred_at, text, attachments, data)
SELECT conversation, kind, 'm_' || conversation || '_' || n, time, bench_phrases.text, '[]', '{{}}' FROM (
  SELECT c.id AS conversation, n, c.last_message_time - ({messages} - n) * interval '1 hour' AS time,
    CASE WHEN n % 2 = 0 THEN 'message_sent' ELSE 'message_received' END AS kind, (random() * {phrases})::int % {phrases} AS p
  FROM conversations_conversation c, generate_series(1, {messages}) AS n WHERE c.id BETWEEN {first} AND {last}
) AS drawn JOIN bench_phrases ON bench_phrases.id = p
"""
NOTES = """
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT id, 'note_added', last_message_time, 'A note', '[]', jsonb_build_object('mentions', CASE
  WHEN random() < 0.5 THEN '[]'::jsonb
  ELSE jsonb_build_array(jsonb_build_object('id', 1001 + floor(20 * random())::int, 'name', 'colleague')) END)
FROM conversations_conversation WHERE id BETWEEN {first} AND {last} AND random() < 0.02
"""
MESSAGE_INDEX = """
INSERT INTO conversations_messageindexchunk (conversation_id, page_id, number, text, event_ids)
SELECT conversation_id, page_id, 1, string_agg(text, E'\\x1f' ORDER BY e.id), jsonb_agg(e.id ORDER BY e.id)
FROM conversations_interactionevent e JOIN conversations_conversation c ON c.id = conversation_id
WHERE c.id BETWEEN {first} AND {last} GROUP BY 1, 2 ORDER BY 2, 1 -- as first syncs bring one Page after the other
"""
COUNTERS = """
INSERT INTO conversations_untagged SELECT id, last_message_time, page_id FROM conversations_conversation c
  WHERE NOT EXISTS (SELECT FROM conversations_conversationtag t WHERE t.conversation_id = c.id);
INSERT INTO conversations_pagecount (page_id, facets, conversations)
  SELECT page_id, facets, count(*) FROM conversations_conversation GROUP BY 1, 2;
INSERT INTO conversations_tagcount (page_id, tag_id, conversations)
  SELECT page_id, tag_id, count(*) FROM conversations_conversationtag GROUP BY 1, 2
  UNION ALL SELECT page_id, NULL, count(*) FROM conversations_untagged GROUP BY 1;
INSERT INTO conversations_messagecount (page_id, messages)
  SELECT page_id, {messages} * count(*) FROM conversations_conversation GROUP BY 1;
DELETE FROM conversations_messageindexqueue;
INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
  SELECT DISTINCT conversation_id, false FROM conversations_interactionevent
  WHERE occurred_at >= now() - interval '101 days';
"""


def build(rows: int) -> bool:
    """Build what is not built yet. Prints what it does, with the time that is left. Returns whether it went on."""
    steps = Steps()
    has_begun = steps.is_done("vocabulary")
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.execute("SET session_replication_role = replica")  # no triggers: the counters come at the end
        steps.once("vocabulary", lambda: create_vocabulary(cursor, random.Random(6)))
        steps.once("indexes dropped", lambda: drop_indexes(cursor))
        fill(cursor, steps, rows)
        with largest_index(steps):
            complete(cursor, steps, rows)
        cursor.execute("SET session_replication_role = DEFAULT")
        run_step(cursor, "vacuum of the message index", "VACUUM ANALYZE conversations_messageindexchunk")
        cursor.execute("DROP TABLE IF EXISTS bench_words, bench_phrases")
    return has_begun


class Steps:
    """What is done, in a table of the database that is built."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS bench_steps (name text PRIMARY KEY)")
            cursor.execute("SELECT name FROM bench_steps")
            self._done = {name for (name,) in cursor.fetchall()}

    def is_done(self, name: str) -> bool:
        return name in self._done

    def once(self, name: str, work: Callable[[], object]) -> None:
        """Do it in one transaction, unless it is done. Says how long it took."""
        if name in self._done:
            return
        started = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            work()
            cursor.execute("INSERT INTO bench_steps VALUES (%s)", [name])
        self._done.add(name)
        print(f"  {name}: {time.monotonic() - started:.1f} s", flush=True)


def fill(cursor, steps: Steps, rows: int) -> None:
    """Insert the rows of all slices."""
    started, before = time.monotonic(), None
    for first in range(1, rows + 1, SLICE):
        last = min(first + SLICE - 1, rows)
        name = f"rows to {last}"
        if steps.is_done(name):
            continue
        before = first if before is None else before
        numbers = {"first": first, "last": last, "pages": PAGES, "messages": MESSAGES, "phrases": PHRASES}
        steps.once(name, partial(fill_slice, cursor, numbers))
        seconds = time.monotonic() - started
        left = seconds / (last - before + 1) * (rows - last)
        print(f"  {last:,} of {rows:,} conversations, {left:.0f} s left before the indexes", flush=True)


def fill_slice(cursor, numbers: dict[str, int]) -> None:
    cursor.execute("SELECT setseed(%s)", [numbers["first"] / 1e9])
    for statement in (CONVERSATIONS, TAG_ROWS, EVENTS, NOTES, MESSAGE_INDEX):
        cursor.execute(statement.format(**numbers))


def complete(cursor, steps: Steps, rows: int) -> None:
    """Add what concerns all rows: rare tags, counters, indexes and statistics."""
    steps.once("rare tags", lambda: add_rare_tags(cursor, rows))
    steps.once("colleagues", add_colleagues)
    steps.once("next ids", lambda: continue_ids(cursor))
    steps.once("counters", lambda: cursor.execute(COUNTERS.format(messages=MESSAGES)))
    for name, definition in dropped_indexes(cursor):
        if name != LARGEST_INDEX:
            steps.once(name, partial(cursor.execute, definition))
    cursor.execute("SET session_replication_role = DEFAULT")
    started = time.monotonic()
    index_pending(seconds=24 * 3600)
    print(f"  statistics of messages: {time.monotonic() - started:.1f} s", flush=True)
    others = [table for table in TABLES if table != "conversations_messageindexchunk"]
    run_step(cursor, "vacuum", f"VACUUM ANALYZE {', '.join(others)}")
    run_step(
        cursor,
        "analyze",
        "ANALYZE conversations_pagecount, conversations_tagcount, conversations_page, tags_tag",
    )


def add_rare_tags(cursor, rows: int) -> None:
    for tag, number in RARE.items():
        old = "last_message_time < timestamptz '2026-11-01' - interval '600 days'" if tag == 47 else "true"
        cursor.execute(RARE_ROWS.format(old=old), [tag, max(5, number * rows // 1_000_000)])


def add_colleagues() -> None:
    colleagues = (User(pk=1000 + n, username=f"colleague{n}") for n in range(1, COLLEAGUES + 1))
    User.objects.bulk_create(colleagues)


def continue_ids(cursor) -> None:
    """Let new rows have IDs after those that are chosen here."""
    for statement in connection.ops.sequence_reset_sql(no_style(), [User, Page, Tag, Conversation]):
        cursor.execute(statement)


@contextmanager
def largest_index(steps: Steps) -> Iterator[None]:
    """Create the largest index in a thread, by a connection of its own; leaving the context waits for it."""
    if steps.is_done(LARGEST_INDEX):
        yield
        return
    with connection.cursor() as cursor:
        definition = dict(dropped_indexes(cursor))[LARGEST_INDEX]
    with ThreadPoolExecutor(1) as thread:
        creating = thread.submit(create_apart, definition)
        yield
        while wait([creating], EVERY_SECONDS).not_done:
            print(f"  {LARGEST_INDEX}: {share_of_index():.0f} % of its table read", flush=True)
        creating.result()


def create_apart(definition: str) -> None:
    started = time.monotonic()
    with psycopg.connect(os.environ["DATABASE_URL"]) as own:
        own.execute(SESSION)
        # The keys of a Page fit into the caches of the processor then, which takes a third less of its time.
        own.execute("SET maintenance_work_mem = '32MB'")
        own.execute(definition.encode())
        own.execute("INSERT INTO bench_steps VALUES (%s)", [LARGEST_INDEX])
    print(f"  {LARGEST_INDEX}, beside the others: {time.monotonic() - started:.1f} s", flush=True)


def share_of_index() -> float:
    """Percent of the table that the index being created has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(100.0 * blocks_done / nullif(blocks_total, 0)), 0) FROM pg_stat_progress_create_index"
        )
        [share] = cursor.fetchone()
    return float(share)


def create_vocabulary(cursor, rng: random.Random) -> None:
    words = ["".join(rng.choices(SYLLABLES.split(), k=rng.choice([1, 2, 2, 3]))) for _ in range(3000)]
    phrases = [make_phrase(rng, words) for _ in range(PHRASES)]
    replace_by_signs(words, 1, 3)
    replace_by_signs(phrases, 6, 30)
    assert all(
        fold(text) == text for text in (*words, *phrases)
    )  # so that lower() of PostgreSQL folds them correctly
    cursor.execute(
        "CREATE TABLE bench_words (id int, word text); CREATE TABLE bench_phrases (id int, text text)"
    )
    with cursor.copy("COPY bench_words FROM STDIN") as copy:
        for row in enumerate(words):
            copy.write_row(row)
    with cursor.copy("COPY bench_phrases FROM STDIN") as copy:
        for row in enumerate(phrases):
            copy.write_row(row)
    cursor.execute("ANALYZE bench_words, bench_phrases")
    Page.objects.bulk_create(
        Page(pk=number, facebook_page_id=str(9000 + number), name=f"Page {number}")
        for number in range(1, PAGES + 2)  # the last one has no conversations
    )
    tags = (Tag(pk=n, name=f"Tag {n}", slug=f"tag-{n}", color="#1f7a8c") for n in range(1, TAGS + 1))
    Tag.objects.bulk_create(tags)


def make_phrase(rng: random.Random, words: list[str]) -> str:
    """Return a few words. Some words are frequent, most are rare."""
    return " ".join(words[int(3000 * rng.random() ** 3)] for _ in range(rng.randint(2, 6)))


def replace_by_signs(texts: list[str], shortest: int, longest: int) -> None:
    """Replace the last of these texts by texts of SCRIPTS. Others stay as they were before there were any."""
    rng = random.Random(7)
    end = len(texts)
    for signs, share in SCRIPTS.values():
        start = end - int(share * len(texts))
        for position in range(start, end):
            number = rng.randint(shortest, longest)
            texts[position] = "".join(signs[int(len(signs) * rng.random() ** 2)] for _ in range(number))
        end = start


def drop_indexes(cursor) -> None:
    """Drop the indexes that no constraint needs, and keep the statements that create them again."""
    cursor.execute(
        "CREATE TABLE bench_indexes AS SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition"
        " FROM pg_index WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [TABLES],
    )
    for name, _ in dropped_indexes(cursor):
        cursor.execute(f"DROP INDEX {name}")


def dropped_indexes(cursor) -> list[tuple[str, str]]:
    """Return (name, statement that creates it)."""
    cursor.execute("SELECT name, definition FROM bench_indexes ORDER BY name")
    return cursor.fetchall()


def run_step(cursor, name: str, statement: str) -> None:
    started = time.monotonic()
    cursor.execute(statement)
    print(f"  {name}: {time.monotonic() - started:.1f} s", flush=True)
