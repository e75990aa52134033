"""Generates a realistic Page, deterministic for its arguments. Messages are created when they are read."""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Any, overload

from conversations.sandbox.clock import Moment, epoch

from . import media
from .history import History, Message
from .ids import message_digest, message_id, thread_id
from .people import Person
from .phrases import Language, languages
from .world import Page, Thread, World

DAY = 86400
UNTIL = "2026-11-20T18:00:00"  # fixed, so that a restarted sandbox serves the same Page
SPAN_DAYS = 730
MEDIAN, SPREAD, LONGEST = 6, 1.02, 150  # of ordinary threads: nine of ten have fewer than 25 messages
LONG_THREADS = (2000, 200)
TURNS = 4  # of a dialog
# The weight of each hour (UTC) and of each day of the week, Monday first.
HOURS = (2, 1, 1, 1, 1, 2, 5, 9, 14, 18, 20, 18, 15, 16, 17, 18, 20, 22, 24, 25, 20, 12, 7, 4)
WEEK = (1.0, 0.95, 0.9, 0.95, 1.1, 0.75, 0.45)


def seed_page(
    world: World,
    page: Page,
    *,
    conversations: int = 2000,
    instagram: int = 0,
    seed: int = 1,
    until: Moment = UNTIL,
    messages: int | None = None,
) -> None:
    """Fill a Page with threads that end before `until`. With `messages`,
    every thread has that many instead of a long-tail distribution."""
    for platform, count in (("messenger", conversations), ("instagram", instagram)):
        draw = Random(f"{seed}:{page.id}:{platform}")
        sizes = [messages] * count if messages is not None else thread_sizes(count, draw)
        times = sorted(busy_moment(draw, epoch(until)) for _ in sizes)
        for number, (size, time) in enumerate(zip(sizes, times, strict=True)):
            world.place(
                _thread(page, platform, number, size, time, draw, seed, recent=epoch(until) - 3 * DAY)
            )


def thread_sizes(count: int, draw: Random) -> list[int]:
    """Drawn by quantiles, so that median and tail are right for every seed; each long thread occurs once."""
    long = list(LONG_THREADS) if count >= 100 else []
    ordinary = count - len(long)
    curve = NormalDist(math.log(MEDIAN + 0.5), SPREAD)
    shares = ((rank + 0.5) / ordinary for rank in range(ordinary))
    sizes = [min(LONGEST, max(1, int(math.exp(curve.inv_cdf(share))))) for share in shares]
    draw.shuffle(sizes)
    for size in long:  # in the newer half, where people see them
        sizes.insert(draw.randrange(ordinary // 2, ordinary), size)
    return sizes


def busy_moment(draw: Random, until: float) -> float:
    """More recent times, working days and evenings are more likely."""
    while True:
        day = until // DAY - int(SPAN_DAYS * draw.random() ** 1.6)
        if draw.random() < WEEK[int(day + 3) % 7]:  # 1 January 1970 was a Thursday
            break
    hour = draw.choices(range(24), HOURS)[0]
    moment = day * DAY + hour * 3600 + draw.randrange(3600)
    return moment if moment < until else moment - 7 * DAY


def _thread(
    page: Page, platform: str, number: int, size: int, time: float, draw: Random, seed: int, *, recent: float
) -> Thread:
    number = 1_000_000 + number * 48_611 + draw.randrange(48_611)
    language = draw.choices(languages(), [language.share for language in languages()])[0]
    customer = _customer(platform, number, language, draw)
    messages = GeneratedMessages(
        f"{seed}:{page.id}", number, size, time, language, platform, customer, page.identities[platform]
    )
    waiting = size % 2 == 1 and time > recent  # the customer wrote last
    thread = Thread(
        page,
        thread_id(platform, number),
        500_000_000_000_000 + number,
        platform,
        customer,
        time,
        History(messages),
    )
    thread.unread_count = 1 if waiting and draw.random() < 0.7 else 0
    thread.can_reply = time > recent - 4 * DAY
    if draw.random() < 0.003:  # a deleted person: only the messages still have the ID
        thread.raw = {"participants": {"data": [page.identities[platform].show(platform)]}}
    return thread


def _customer(platform: str, number: int, language: Language, draw: Random) -> Person:
    id = str(7_000_000_000_000_000 + number)
    first, last = draw.choice(language.first_names), draw.choice(language.last_names)
    if platform == "instagram":
        return Person(id, username=f"{draw.choice(('ana', 'ben', 'mia', 'leo', 'zoe'))}.{number % 100_000}")
    if draw.random() < 0.005:
        return Person(id)  # deactivated, or hidden by privacy
    return Person(id, language.full_name(first, last))


@dataclass(eq=False, slots=True)
class GeneratedMessages(Sequence[Message]):
    """A generated thread's messages, oldest first: dialogs of four turns, days or hours apart."""

    seed: str
    number: int
    size: int
    end: float
    language: Language
    platform: str
    customer: Person
    business: Person
    _times: "array[float] | None" = None

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Message]:
        return (self._message(index) for index in range(self.size))

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        if isinstance(index, slice):
            return [self._message(i) for i in range(*index.indices(self.size))]
        return self._message(index if index >= 0 else self.size + index)

    def _message(self, index: int) -> Message:
        chance = message_digest(self.seed, self.number, index)
        id = message_id(self.platform, chance, self.number, index)
        sender: Person | None = self.business if index % 2 else self.customer
        text = self._text(index)
        fields = self._fields(index, chance)
        if chance[0] < 16:
            kinds = media.INSTAGRAM_KINDS if self.platform == "instagram" else media.KINDS
            maker = kinds[chance[1] % len(kinds)]
            fields |= maker(100_000_000 + int.from_bytes(chance[2:6]))
            text = "" if maker in media.WORDLESS else text
        if chance[6:8] == b"\x07\x07" or (chance[6] == 9 and chance[7] < 60):
            sender = None
        return Message(id, self.times[index], sender, text, fields)

    def _text(self, index: int) -> str:
        # The dialog is drawn again for every four turns, together with the order that it mentions.
        chance = message_digest(self.seed, self.number, 1_000_000 + index // TURNS)
        dialogue = self.language.dialogues[chance[0] % len(self.language.dialogues)]
        text = dialogue[index % TURNS]
        return text.replace("{n}", str(10_000 + int.from_bytes(chance[1:3]))) if "{n}" in text else text

    def _fields(self, index: int, chance: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if chance[8] < 8 and index:
            before = index - 1
            replied = message_id(
                self.platform, message_digest(self.seed, self.number, before), self.number, before
            )
            fields["reply_to"] = {"mid": replied, "is_self_reply": False}
        if chance[9] < 6:
            user = (self.customer if index % 2 else self.business).show(self.platform)
            fields["reactions"] = [
                {"reaction": "❤", "users": [{k: user[k] for k in ("id", "username") if k in user}]}
            ]
        return fields

    @property
    def times(self) -> "array[float]":
        if self._times is None:
            self._times = self._make_times()
        return self._times

    def _make_times(self) -> "array[float]":
        """Backwards from the end: minutes or less within a dialog, days between dialogs."""
        draw = Random(self.number)
        dialogues = math.ceil(self.size / TURNS)
        longest = min(30.0, 2 * SPAN_DAYS / dialogues)
        times, time = array("d"), self.end
        for index in range(self.size - 1, -1, -1):
            times.append(time)
            if index % TURNS:
                time -= 0 if draw.random() < 0.05 else draw.randrange(20, 900)
            else:
                time -= max(3600, int(draw.random() * longest) * DAY + draw.randrange(-7200, 7200))
        times.reverse()
        return times
