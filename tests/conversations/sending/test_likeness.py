"""Which stored message is the one of unknown fate: each of them once, and never against its metadata."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from conversations.sending.likeness import NEAR, Candidate, Unsettled, match

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TEXTS = ["ok", "yes", "It is red."]


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def unsettled(number: int, text: str = "ok", seconds: int = 0, *, guess: bool = True) -> Unsettled:
    return Unsettled(number, f"inbox:{number}", text, "", at(seconds), guess)


def candidate(name: str, text: str = "ok", seconds: int = 0, **data) -> Candidate:
    return Candidate(name, at(seconds), text, [], data)


def test_metadata_leaves_no_doubt():
    messages = [unsettled(1), unsettled(2, guess=False)]
    found = match(messages, [candidate("a", "another text", 9999, metadata="inbox:2")])
    assert found == {2: "a"}


def test_same_text_twice_is_two_messages():
    messages = [unsettled(1, seconds=0), unsettled(2, seconds=10)]
    assert match(messages, [candidate("a", seconds=1)]) == {1: "a"}
    assert match(messages, [candidate("b", seconds=11), candidate("a", seconds=1)]) == {1: "a", 2: "b"}


def test_messages_of_others_are_none_of_ours():
    others = [
        candidate("a", metadata="inbox:7"),
        candidate("b", metadata="from another tool"),
        candidate("c", app_id=263902037430900),
        candidate("d", text="not ok"),
        candidate("e", seconds=int(NEAR.total_seconds()) + 1),
    ]
    assert match([unsettled(1)], others, own_app="1") == {}
    assert match([unsettled(1)], [*others, candidate("f", app_id=1)], own_app="1") == {1: "f"}


def test_what_waits_for_its_answer_is_not_guessed():
    assert match([unsettled(1, guess=False)], [candidate("a")]) == {}


def test_files_are_alike_by_their_kind():
    message = Unsettled(1, "inbox:1", "", "image", NOON, True)
    picture = [{"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/1.png"}}]
    video = [{"type": "video", "payload": {"url": "https://scontent.xx.fbcdn.net/1.mp4"}}]
    assert match([message], [Candidate("a", NOON, "", video, {})]) == {}
    assert match([message], [Candidate("b", NOON, "", picture, {})]) == {1: "b"}
    assert match([message], [Candidate("c", NOON, "with a text", picture, {})]) == {}


messages = st.lists(
    st.builds(
        unsettled,
        number=st.integers(1, 6),
        text=st.sampled_from(TEXTS),
        seconds=st.integers(0, 300),
        guess=st.booleans(),
    ),
    unique_by=lambda each: each.id,
    max_size=6,
)
candidates = st.lists(
    st.builds(
        lambda name, text, seconds, metadata: candidate(name, text, seconds, **metadata),
        name=st.sampled_from("abcdefgh"),
        text=st.sampled_from(TEXTS),
        seconds=st.integers(0, 300),
        metadata=st.one_of(st.just({}), st.integers(1, 8).map(lambda n: {"metadata": f"inbox:{n}"})),
    ),
    unique_by=lambda each: each.graph_id,
    max_size=8,
)


@given(messages, candidates, st.randoms(use_true_random=False))
def test_nothing_is_taken_twice_or_against_its_metadata(messages, candidates, draw):
    found = match(messages, candidates)
    assert len(set(found.values())) == len(found)
    by_id, by_name = {each.id: each for each in messages}, {each.graph_id: each for each in candidates}
    for pk, name in found.items():
        taken = by_name[name]
        if taken.metadata:
            assert taken.metadata == by_id[pk].metadata
        else:
            assert by_id[pk].is_guessable
            assert taken.text == by_id[pk].text
            assert abs(taken.occurred_at - by_id[pk].attempted_at) <= NEAR
    draw.shuffle(messages)
    assert match(messages, sorted(candidates, key=lambda each: each.graph_id)) == match(
        sorted(messages, key=lambda each: each.id), sorted(candidates, key=lambda each: each.graph_id)
    )
