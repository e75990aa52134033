import statistics
import subprocess
import sys
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest

from conversations.sandbox import Page, World, seed_page, truth
from conversations.sandbox.data.phrases import languages

UNTIL = "2026-11-20T18:00:00"

DIGEST = """
import hashlib
from conversations.sandbox import World, seed_page, truth
world = World()
seed_page(world, world.add_page(instagram_id="1784"), conversations=40, instagram=10, seed=5)
print(hashlib.sha256(repr(list(truth(world))).encode()).hexdigest())
"""


def seeded(**options) -> tuple[World, Page]:
    world = World()
    page = world.add_page(instagram_id="17841400000000001", instagram_username="demoshop")
    seed_page(world, page, **options)
    return world, page


@pytest.fixture(scope="module")
def threads():
    return list(truth(seeded()[0]))


def test_thread_lengths_have_the_long_tail_of_a_real_page(threads):
    lengths = sorted(len(thread.messages) for thread in threads)
    assert len(lengths) == 2000
    assert statistics.median(lengths) == 6
    assert 0.88 < sum(length < 25 for length in lengths) / 2000 < 0.93
    assert lengths[-2:] == [200, 2000]
    assert lengths[-3] < 200


@pytest.mark.parametrize("seed", [2, 3])
def test_long_tail_is_the_same_for_any_seed(seed):
    lengths = sorted(len(thread.history) for thread in seeded(seed=seed)[1].threads.values())
    assert (statistics.median(lengths), lengths[-2:]) == (6, [200, 2000])


def test_ids_are_unique_and_have_the_format_of_facebook(threads):
    messages = [message.id for thread in threads for message in thread.messages]
    assert len(set(messages)) == len(messages)
    assert all(id.startswith("m_") and len(id) == 88 for id in messages)
    assert len({thread.id for thread in threads}) == len({thread.customer_id for thread in threads}) == 2000
    assert all(thread.id.startswith("t_") and thread.id[2:].isdecimal() for thread in threads)


def test_names_and_texts_are_written_in_many_scripts(threads):
    letters = "".join(
        (thread.customer_name or "") + (thread.messages[-1].message or "") for thread in threads
    )
    scripts = Counter(unicodedata.name(letter, "?").split()[0] for letter in letters)
    expected = {
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "ARABIC",
        "HEBREW",
        "CJK",
        "HIRAGANA",
        "HANGUL",
        "THAI",
        "DEVANAGARI",
    }
    assert expected <= set(scripts)


def test_every_kind_of_message_occurs(threads):
    messages = [message for thread in threads for message in thread.messages]
    kinds = {name for message in messages for name in message.fields}
    assert kinds == {"attachments", "sticker", "shares", "reactions", "reply_to", "is_unsupported"}
    attachments = [item for message in messages for item in message.fields.get("attachments", [])]
    assert {item.get("mime_type") for item in attachments} == {
        "image/jpeg", "image/gif", "video/mp4", "audio/mpeg", "application/pdf", None,
    }  # fmt: skip
    assert any(message.from_page for message in messages)
    assert any(message.from_id is None for message in messages)
    assert any(message.message == "" for message in messages)
    assert any(thread.customer_name is None for thread in threads)
    assert any(thread.unread_count for thread in threads)
    assert any(thread.can_reply for thread in threads)


def test_instagram_has_story_replies_and_user_names():
    threads = list(truth(seeded(conversations=0, instagram=300)[0]))
    assert any("story" in message.fields for thread in threads for message in thread.messages)
    assert all(thread.customer_name and " " not in thread.customer_name for thread in threads)


def test_long_thread_can_be_read_to_its_end(graph, world, page):
    seed_page(world, page, conversations=1, messages=12_000)
    [[thread_id]] = graph.read_all_ids("/me/conversations")
    pages = graph.read_all_ids(f"/{thread_id}/messages", limit=1000)
    assert [len(page) for page in pages] == [1000] * 12
    assert len({id for page in pages for id in page}) == 12_000


def test_messages_are_sorted_with_equal_times_and_the_last_has_the_time_of_the_thread(threads):
    equal_times = 0
    for thread in threads:
        times = [message.created_time for message in thread.messages]
        assert times == sorted(times)
        assert times[-1] == thread.updated_time
        equal_times += sum(a == b for a, b in pairwise(times))
    assert equal_times > 100


def test_some_days_and_hours_are_busier_than_others(threads):
    hours = Counter(thread.updated_time.hour for thread in threads)
    days = Counter(thread.updated_time.weekday() for thread in threads)
    assert hours[19] > 5 * hours[3]
    assert days[0] > days[6]
    assert (threads[0].updated_time - threads[-1].updated_time).days > 600


def test_replies_refer_to_a_message_of_the_same_thread(threads):
    ids = {message.id for thread in threads for message in thread.messages}
    replies = [
        m.fields["reply_to"]["mid"] for thread in threads for m in thread.messages if "reply_to" in m.fields
    ]
    assert replies
    assert set(replies) <= ids


def test_another_process_generates_the_same_page():
    world, _ = seeded(conversations=40, instagram=10, seed=5)
    here = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout
    again = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout
    assert here == again
    assert len(list(truth(world))) == 50


def test_another_seed_or_time_generates_another_page():
    def ids(**options):
        return [
            message.id
            for thread in truth(seeded(conversations=20, **options)[0])
            for message in thread.messages
        ]

    assert ids() == ids()
    assert ids() != ids(seed=2)
    assert max(t.updated_time for t in truth(seeded(conversations=20, until="2020-01-01")[0])).year == 2019


def test_lengths_can_be_equal():
    assert {len(thread.messages) for thread in truth(seeded(conversations=50, messages=5)[0])} == {5}


def test_generated_messages_can_be_read_by_id_and_threads_can_grow(graph, world, page):
    seed_page(world, page, conversations=20, instagram=5)
    for thread in list(truth(world)):
        for message in thread.messages[-2:]:
            assert graph(f"/{message.id}", fields="message").get("message", "") == message.message
    longest = max(page.threads.values(), key=lambda thread: len(thread.history))
    before = len(longest.history)
    world.add_message(longest, "now")
    world.add_message(longest, "long ago", created_time="2001-01-01")
    ids = [id for response in graph.read_all_ids(f"/{longest.id}/messages", limit=100) for id in response]
    assert len(set(ids)) == before + 2
    assert graph(f"/{ids[-1]}", fields="message")["message"] == "long ago"


def test_every_dialogue_has_four_turns():
    assert {len(dialogue) for language in languages() for dialogue in language.dialogues} == {4}


def test_no_id_of_a_new_message_looks_complete_without_its_prefix(world, shop):
    """Webhooks may show it without `m_`."""
    thread = world.add_conversation(shop, "Ana", 0)
    ids = [world.new_message_id(thread) for _ in range(20_000)]
    assert not any(id.startswith("m_m_") for id in ids)
