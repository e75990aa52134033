"""Plays the answers of Facebook in graph_samples/engine/ through a sandbox, word for word.

    case = EngineCase("06-100-33-for-a-while", sandbox)
    case.play()          # the answers of the first run
    case.play()          # those of the next run, where the case has one
    case["expected"]     # what is right

A file has the answers of one case in Graph's shape. Where it says "26 messages" or "25 images", that many are
made here. What a case does not script (other lists, the Page itself) comes from the world of the sandbox.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from conversations.sandbox import SandboxServer, ScriptedAnswer, faults

FOLDER = Path(__file__).parent / "graph_samples" / "engine"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
NEWEST = datetime(2026, 11, 20, 10, tzinfo=UTC)
ANA = {"id": "7000000000000001", "name": "Ana Test"}
BEN = {"id": "7000000000000002", "name": "Ben Test"}
SHOP = {"id": "900000000000001", "name": "Demo Shop"}
LISTS, MESSAGES = "/*/conversations?platform=messenger&!folder", "/t_1/messages"
INSTAGRAM_LISTS = "/*/conversations?platform=instagram&!folder"

Json = dict[str, Any]
Play = Callable[[SandboxServer, Json], Iterator[None]]


class EngineCase:
    def __init__(self, name: str, sandbox: SandboxServer) -> None:
        self.data: Json = json.loads((FOLDER / f"{name}.json").read_text())
        self._runs = PLAYS[name](sandbox, self.data)

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def play(self) -> None:
        """Set the answers of the next run. Raises StopIteration if the case has no further run."""
        next(self._runs)


# What the files leave to be made


def messages(count: int, *, newest: datetime = NEWEST, per_second: int = 1, **fields: Any) -> list[Json]:
    """Newest first. Those of one second follow each other, and seconds are a minute apart."""
    return [
        {
            "id": f"m_{count - position}",
            "created_time": graph_time(newest - timedelta(minutes=position // per_second)),
            "from": ANA,
            "message": f"Message {count - position}",
            **fields,
        }
        for position in range(count)
    ]


def images(count: int, first: int = 1) -> list[Json]:
    return [
        {
            "id": str(number),
            "mime_type": "image/jpeg",
            "name": f"image-{number}",
            "image_data": {"url": f"https://scontent.example.fbcdn.net/{number}.jpg"},
        }
        for number in range(first, first + count)
    ]


def graph_time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000")


def thread(messages_edge: Json, **fields: Any) -> Json:
    """The thread t_1 of Ana as a list shows it."""
    return {
        "id": "t_1",
        "updated_time": graph_time(NEWEST),
        "participants": {"data": [ANA, SHOP]},
        "messages": messages_edge,
        **fields,
    }


def part(items: list[Json], start: int, limit: int) -> Json:
    """That many items from `start` on, with the paging of an edge."""
    stop = min(start + limit, len(items))
    paging: Json = {"cursors": {"before": str(start), "after": str(stop)}}
    if stop < len(items):
        paging["next"] = f"https://graph.facebook.com/x?after={stop}"
    return {"data": items[start:stop], "paging": paging}


def edge(items: list[Json]) -> Callable[[Json], Json]:
    """The answers of an edge with these items, for any `limit` and `after`."""
    return lambda params: part(items, int(params.get("after") or 0), int(params.get("limit") or 25))


def listed(items: list[Json], **fields: Any) -> Callable[[Json], Json]:
    """A list of one thread with as many of its messages as the call asks for."""

    def answer(params: Json) -> Json:
        limit = re.search(r"messages\.limit\((\d+)\)", params.get("fields", ""))
        return {"data": [thread(part(items, 0, int(limit[1]) if limit else 25), **fields)]}

    return answer


# One function per file; it stops at each `yield` until the next run


def endless_paging(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    nested = {**case["nested_first"], "data": messages(26)}
    sandbox.script.add(LISTS, {"data": [thread(nested, message_count=100)]})
    sandbox.script.add(f"{MESSAGES}?after=*", case["answers_each_time"]["variant_a_same_cursor"])
    yield


def instagram_own_id(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    sandbox.script.add("/*?fields=*instagram_business_account*", {**case["connect"], **SHOP})
    sandbox.script.add(INSTAGRAM_LISTS, case["list_instagram"])
    yield


def sizes_that_time_out(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    """One thread per call answers normally: the world has them."""
    refusal = ScriptedAnswer(case["answer"], case["status"])
    sandbox.script.add(INSTAGRAM_LISTS, lambda params: None if params.get("limit") == "1" else refusal)
    yield


def not_visible_for_a_while(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    items, run = messages(60), case["run_1"]
    sandbox.script.add(LISTS, listed(items, message_count=60))
    sandbox.script.add(MESSAGES, edge(items))
    sandbox.script.add(f"{MESSAGES}?after=*", ScriptedAnswer(run["answer"], run["status"]))
    yield
    sandbox.script.add(f"{MESSAGES}?after=*", edge(items))
    yield


def nested_without_next(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    items, listing = messages(80), case["list"]
    listing["data"][0]["messages"]["data"] = items[:25]
    sandbox.script.add(LISTS, listing)
    sandbox.script.add(MESSAGES, edge(items))
    yield


def unix_times(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    sandbox.script.add(LISTS, case["list"])
    yield


def attachments_behind_a_cursor(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    message = case["message"]
    message["attachments"]["data"] = images(25)
    sandbox.script.add(LISTS, {"data": [thread({"data": [message]}, message_count=1)]})
    sandbox.script.add("/m_1/attachments?after=MjQZD", {"data": images(5, first=26)})
    yield


def edited_and_reacted(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    sandbox.script.add(LISTS, {"data": [thread({"data": [case["run_1"]]}, message_count=1)]})
    yield
    newer = {"message_count": 2, "updated_time": case["run_2"][0]["created_time"]}
    sandbox.script.add(LISTS, {"data": [thread({"data": case["run_2"]}, **newer)]})
    yield


def bursts_in_one_second(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    items = messages(400, per_second=3)
    sandbox.script.add(LISTS, listed(items, message_count=400))
    sandbox.script.add(MESSAGES, edge(items))
    yield


def person_id_changes(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    """The messages of the second run name the new id too."""
    for run, count in (("run_1", 60), ("run_2", 61)):
        fields = {key: value for key, value in case[run].items() if key != "messages"}
        newest = NEWEST + timedelta(minutes=count - 60)
        items = messages(count, newest=newest, **{"from": fields["participants"]["data"][0]})
        sandbox.script.add(
            LISTS, listed(items, message_count=count, updated_time=graph_time(newest), **fields)
        )
        sandbox.script.add(MESSAGES, edge(items))
        yield


def facebook_user(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    for run, count in (("run_1", 1), ("run_2", 2)):
        newest = NEWEST + timedelta(minutes=count)
        fields = case[run] | {"updated_time": graph_time(newest), "message_count": count}
        sandbox.script.add(LISTS, {"data": [thread({"data": messages(count, newest=newest)}, **fields)]})
        yield


def one_190_in_an_outage(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    sandbox.script.add("/**", ScriptedAnswer(case["answer"], case["status"]))
    yield
    sandbox.script.clear()
    yield


def app_is_off(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    """Each of its texts is a run of its own."""
    for answer in case["answers"]:
        sandbox.script.add("/**", ScriptedAnswer(answer, case["status"]))
        yield


def every_call_is_refused(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    sandbox.script.add("/**", ScriptedAnswer(case["answer"], case["status"]))
    yield


def another_use_is_full(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    """The answers of the world, with these headers."""
    sandbox.faults.add(faults.headers(case["headers"]), times=None)
    yield


def one_thread_refused(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    items = messages(60)
    other = thread({"data": [{**messages(1)[0], "id": "m_other", "from": BEN}]})
    other |= {"id": "t_2", "participants": {"data": [BEN, SHOP]}, "message_count": 1}
    first = listed(items, message_count=60)
    sandbox.script.add(LISTS, lambda params: {"data": [*first(params)["data"], other]})
    sandbox.script.add(MESSAGES, ScriptedAnswer(case["answer"], case["status"]))
    yield


def time_paging(sandbox: SandboxServer, case: Json) -> Iterator[None]:
    """150 messages in six parts; only the parameters of `next` lead on."""
    items, parts = messages(150), "ABCDE"
    addresses = [
        f"until={1476721922 - number}&__paging_token=enc_{name}" for number, name in enumerate(parts)
    ]
    for number, address in enumerate(addresses):
        start, paging = 25 * (number + 1), dict(case["messages"]["paging"])
        if number + 1 < len(parts):
            paging["next"] = f"https://graph.facebook.com/t_1/messages?limit=25&{addresses[number + 1]}"
        else:
            del paging["next"]
        sandbox.script.add(f"{MESSAGES}?{address}", {"data": items[start : start + 25], "paging": paging})
    nested = {"data": items[:25], "paging": case["messages"]["paging"]}
    sandbox.script.add(MESSAGES + "?!until", nested)
    sandbox.script.add(LISTS, {"data": [thread(nested, message_count=150)]})
    yield


PLAYS: dict[str, Play] = {
    "01-endless-paging": endless_paging,
    "02-instagram-own-id": instagram_own_id,
    "04-minus2-2534084": sizes_that_time_out,
    "06-100-33-for-a-while": not_visible_for_a_while,
    "07-nested-without-next": nested_without_next,
    "08-unix-times": unix_times,
    "09-attachments-behind-a-cursor": attachments_behind_a_cursor,
    "10-edited-and-reacted": edited_and_reacted,
    "11-one-second-bursts": bursts_in_one_second,
    "12-person-id-changes": person_id_changes,
    "14-facebook-user": facebook_user,
    "15-one-190-in-an-outage": one_190_in_an_outage,
    "16-app-is-off": app_is_off,
    "17-checkpoint-490": every_call_is_refused,
    "18-code-104-no-token": every_call_is_refused,
    "19-page-migrated": every_call_is_refused,
    "20-another-use-is-full": another_use_is_full,
    "21-one-thread-refused": one_thread_refused,
    "22-time-paging": time_paging,
}
