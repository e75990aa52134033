"""Uniting overlapping files: nothing is lost, nothing doubles, and their order does not matter."""

from collections import Counter

from hypothesis import given, seed
from hypothesis import strategies as st

from conversations.imports.archives.merging import merge
from conversations.imports.archives.threads import ArchiveMessage
from tests.seeds import SEED


def of(time: int, side: bool, text: str, *titles: str, is_prose: bool = False) -> ArchiveMessage:
    files = tuple({"type": "image", "title": title} for title in titles)
    return ArchiveMessage(time, side, text, is_prose, files, ("",) * len(files), (), {})


MESSAGES = st.lists(
    st.builds(of, st.integers(0, 3), st.booleans(), st.sampled_from(["", "ok", "é", "e\u0301"]))
).map(lambda messages: sorted(messages, key=lambda message: message.time_ms))


def counts(messages) -> Counter:
    return Counter((one.time_ms, one.is_from_page, one.content) for one in messages)


@seed(SEED)
@given(st.lists(MESSAGES, max_size=4))
def test_a_thread_has_as_many_of_each_message_as_the_file_with_the_most(files):
    expected: Counter = Counter()
    for messages in files:
        expected |= counts(messages)
    merged = merge(files)
    assert counts(merged) == expected
    assert [one.time_ms for one in merged] == sorted(one.time_ms for one in merged)
    assert len({one.import_key for one in merged}) == len(merged)


@seed(SEED)
@given(st.lists(MESSAGES, max_size=4), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_files_matters(files, chance):
    shuffled = [*files, *files]
    chance.shuffle(shuffled)
    keys = {one.import_key for one in merge(files)}
    assert {one.import_key for one in merge(shuffled)} == keys
    assert {one.import_key for one in merge([merge(files), *files])} == keys


def test_the_copy_that_says_more_wins():
    poor = of(1, True, "a", "1.jpg")
    rich = ArchiveMessage(1, True, "a", False, poor.attachments, ("key",), (), {})
    assert merge([[poor], [rich], [poor]]) == [rich]


def test_sentences_of_meta_are_the_same_in_each_language():
    one, other = (
        of(1, True, "You called Bo.", is_prose=True),
        of(1, True, "Du hast Bo angerufen.", is_prose=True),
    )
    assert len(merge([[one], [other]])) == 1
