"""Builds the database of the benchmark with SQL. Indexes are created after the rows."""

import random
import time

from django.contrib.auth.models import User
from django.db import connection

from conversations.lib.folding import fold
from conversations.models import Page
from conversations.search.index.message_index import index_pending
from tags.models import Tag

COLLEAGUES = 20
PAGES, TAGS, MESSAGES = 20, 50, 5  # messages per conversation
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

CONVERSATIONS = """
INSERT INTO conversations_conversation (page_id, sender_id, platform, graph_id, sender_name, last_message,
  last_message_time, message_count, unread_count, can_reply, conversation_status, created_at, updated_at, search,
  told, last_message_kind)
SELECT page, 's' || n, platform, 't_' || n, name, said, time, {messages}, unread, true, status, time, time,
  lower(name) || E'\\n' || said, '{{}}', CASE WHEN random() < 0.35 THEN 'message_received' ELSE 'message_sent' END
FROM (
  SELECT n, CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + (n / 2) % ({pages} - 1) END AS page,
    CASE WHEN random() < 0.1 THEN 'instagram' ELSE 'messenger' END AS platform,
    initcap(first.word) || ' ' || initcap(last.word) AS name, phrase.text AS said,
    timestamptz '2026-11-01' - random() * interval '1500 days' AS time,
    CASE WHEN random() < 0.03 THEN 2 ELSE 0 END AS unread,
    CASE WHEN random() < 0.6 THEN 'done' ELSE 'active' END AS status
  FROM (SELECT n, (random() * 2999)::int AS a, (random() * 2999)::int AS b, (random() * {phrases})::int % {phrases} AS p
        FROM generate_series(1, {rows}) AS n) AS drawn
  JOIN words AS first ON first.id = a JOIN words AS last ON last.id = b JOIN phrases AS phrase ON phrase.id = p
) AS made ORDER BY n
"""
TAG_ROWS = """
INSERT INTO conversations_conversationtag (conversation_id, tag_id, page_id, last_message_time, created_at, act)
SELECT id, tag, page_id, last_message_time, now(), gen_random_uuid() FROM (
  SELECT id, page_id, last_message_time, 1 AS tag FROM conversations_conversation WHERE random() < 0.3
  UNION ALL
  SELECT c.id, page_id, last_message_time, 2 + floor(random() * 43)::int FROM conversations_conversation c,
    generate_series(1, 2) WHERE random() < 0.55
) AS drawn ON CONFLICT DO NOTHING
"""
RARE_ROWS = """
INSERT INTO conversations_conversationtag (conversation_id, tag_id, page_id, last_message_time, created_at, act)
SELECT id, %s, page_id, last_message_time, now(), gen_random_uuid() FROM conversations_conversation
WHERE {old} ORDER BY random() LIMIT %s ON CONFLICT DO NOTHING
"""
EVENTS = """
INSERT INTO conversations_interactionevent (conversation_id, kind, graph_id, occurred_at, text, attachments, data)
SELECT conversation, kind, 'm_' || conversation || '_' || n, time, phrases.text, '[]', '{{}}' FROM (
  SELECT c.id AS conversation, n, c.last_message_time - ({messages} - n) * interval '1 hour' AS time,
    CASE WHEN n % 2 = 0 THEN 'message_sent' ELSE 'message_received' END AS kind, (random() * {phrases})::int % {phrases} AS p
  FROM conversations_conversation c, generate_series(1, {messages}) AS n
) AS drawn JOIN phrases ON phrases.id = p
"""
# Half of the conversations are assigned: user 1001 has a fourth of them, 1020 very few. Some are snoozed, some have notes.
WORK = """
UPDATE conversations_conversation SET assignee_id = 1001 + floor(19.2 * power(random(), 2))::int WHERE random() < 0.5;
UPDATE conversations_conversation SET snoozed_until = now() + interval '9 years'
  WHERE conversation_status = 'active' AND random() < 0.01;
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT id, 'note_added', last_message_time, 'A note', '[]', jsonb_build_object('mentions', CASE
  WHEN random() < 0.5 THEN '[]'::jsonb
  ELSE jsonb_build_array(jsonb_build_object('id', 1001 + floor(20 * random())::int, 'name', 'colleague')) END)
FROM conversations_conversation WHERE random() < 0.02
"""
MESSAGE_INDEX = """
INSERT INTO conversations_messageindexchunk (conversation_id, page_id, number, text, event_ids)
SELECT conversation_id, page_id, 1, string_agg(text, E'\\x1f' ORDER BY e.id), jsonb_agg(e.id ORDER BY e.id)
FROM conversations_interactionevent e JOIN conversations_conversation c ON c.id = conversation_id GROUP BY 1, 2
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


def build(rows: int) -> None:
    rng = random.Random(6)
    numbers = {"rows": rows, "pages": PAGES, "messages": MESSAGES, "phrases": PHRASES}
    with connection.cursor() as cursor:
        cursor.execute(
            "SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET synchronous_commit = off"
        )
        create_vocabulary(cursor, rng)
        cursor.execute(
            "SET session_replication_role = replica"
        )  # no triggers: the counters are inserted at the end
        indexes = drop_indexes(cursor)
        run_step(cursor, "conversations", CONVERSATIONS.format(**numbers))
        run_step(cursor, "tag rows", TAG_ROWS)
        for tag, number in RARE.items():
            old = (
                "last_message_time < timestamptz '2026-11-01' - interval '600 days'" if tag == 47 else "true"
            )
            cursor.execute(RARE_ROWS.format(old=old), [tag, max(5, number * rows // 1_000_000)])
        run_step(cursor, "messages", EVENTS.format(**numbers))
        User.objects.bulk_create(
            User(pk=1000 + n, username=f"colleague{n}") for n in range(1, COLLEAGUES + 1)
        )
        run_step(cursor, "message index", MESSAGE_INDEX)
        run_step(cursor, "work", WORK)
        run_step(cursor, "counters", COUNTERS.format(**numbers))
        for index in indexes:
            run_step(cursor, index.split()[2], index)
        cursor.execute("SET session_replication_role = DEFAULT")
        started = time.monotonic()
        index_pending(seconds=3600)
        print(f"  statistics of messages: {time.monotonic() - started:.1f} s", flush=True)
        run_step(cursor, "vacuum", "VACUUM ANALYZE")


def create_vocabulary(cursor, rng: random.Random) -> None:
    words = ["".join(rng.choices(SYLLABLES.split(), k=rng.choice([1, 2, 2, 3]))) for _ in range(3000)]
    phrases = [make_phrase(rng, words) for _ in range(PHRASES)]
    replace_by_signs(words, 1, 3)
    replace_by_signs(phrases, 6, 30)
    assert all(
        fold(text) == text for text in (*words, *phrases)
    )  # so that lower() of PostgreSQL folds them correctly
    cursor.execute(
        "CREATE TEMP TABLE words (id int, word text); CREATE TEMP TABLE phrases (id int, text text)"
    )
    with cursor.copy("COPY words FROM STDIN") as copy:
        for row in enumerate(words):
            copy.write_row(row)
    with cursor.copy("COPY phrases FROM STDIN") as copy:
        for row in enumerate(phrases):
            copy.write_row(row)
    cursor.execute("ANALYZE words, phrases")
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


def drop_indexes(cursor) -> list[str]:
    """Drop the indexes that no constraint needs. Return the statements that create them again."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [TABLES],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in indexes]


def run_step(cursor, name: str, statement: str) -> None:
    started = time.monotonic()
    cursor.execute(statement)
    print(f"  {name}: {time.monotonic() - started:.1f} s", flush=True)
