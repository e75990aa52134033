"""Bodies of webhooks: items in their frame, in the forms of the options, and the signature."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .payloads import Item
from .sending_options import SendingOptions

IDS = ("mid", "mids")


@dataclass(frozen=True)
class Outgoing:
    """One item on its way: whose it is, and in which list of the entry it comes."""

    object: str  # "page" or "instagram"
    account_id: str
    item: Item
    where: str = "messaging"
    due: float = 0.0


def body_of(batch: Iterable[Outgoing], now: float, options: SendingOptions) -> str:
    """Return the body with these items, all of one object."""
    entries: list[dict[str, Any]] = []
    object_name = "page"
    for number, each in enumerate(batch):
        object_name = each.object
        item = each.item if each.where == "changes" else shaped(each.item, number, options)
        last = entries[-1] if entries else None
        if last is None or last["id"] != each.account_id:
            last = {"id": each.account_id, "time": round(now * 1000)}
            entries.append(last)
        last.setdefault(each.where, []).append(item)
    if options.numeric_ids:
        entries = [entry | {"id": _number(entry["id"])} for entry in entries]
    whole: Any = {"object": object_name, "entry": entries}
    return json.dumps([whole] if options.as_array else whole, ensure_ascii=options.escape_unicode)


def signature_of(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


# -- forms -------------------------------------------------------------------------------------------------
def shaped(item: Item, number: int, options: SendingOptions) -> Item:
    """Return the item in the form of the options."""
    is_bare = options.mid_form == "bare" or (options.mid_form == "mixed" and number % 2 == 1)
    shown = _with_mids(item, is_bare=is_bare)
    if "timestamp" in shown and options.time_unit != "ms":
        seconds = int(shown["timestamp"]) // 1000
        shown["timestamp"] = str(seconds) if options.time_unit == "text" else seconds
    if options.numeric_ids:
        for role in ("sender", "recipient"):
            if "id" in shown.get(role, {}):
                shown[role] = shown[role] | {"id": _number(shown[role]["id"])}
    return shown


def _with_mids(value: Any, *, is_bare: bool) -> Any:
    if isinstance(value, list):
        return [_with_mids(each, is_bare=is_bare) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _mids(each, is_bare=is_bare) if name in IDS else _with_mids(each, is_bare=is_bare)
        for name, each in value.items()
    }


def _mids(value: Any, *, is_bare: bool) -> Any:
    """Return IDs of messages as webhooks show them. The old form never has `m_` there."""
    if isinstance(value, list):
        return [_mids(each, is_bare=is_bare) for each in value]
    if isinstance(value, str) and (is_bare or value.startswith("m_mid.")):
        return value.removeprefix("m_")
    return value


def _number(value: str) -> int | str:
    return int(value) if value.isdecimal() else value
