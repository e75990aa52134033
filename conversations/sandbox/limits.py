"""Graph's limits: calls per second, per day and per app, and the size of one answer. All off by default."""

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from .responses.error_responses import GraphFailure, too_heavy

DAY, HOUR = 86400.0, 3600.0
Subject = tuple[str, str]  # the Page ID and platform that a call is about

MESSAGES = {
    4: "(#4) Application request limit reached",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80006: "(#80006) There have been too many messenger api calls to this Page account. Wait a bit.",
}


class Window:
    """The calls of a sliding window. Refused calls count: a client that continues to call stays refused."""

    def __init__(self, cap: int, seconds: float) -> None:
        self.cap, self.seconds = cap, seconds
        self.arrivals: deque[float] = deque(maxlen=cap + 1)

    def arrive(self, now: float) -> bool:
        """Count a call; True: it exceeds the cap."""
        self._forget(now)
        self.arrivals.append(now)
        return len(self.arrivals) > self.cap

    def percent(self, now: float) -> int:
        self._forget(now)
        return 100 * len(self.arrivals) // self.cap

    def regain(self, now: float) -> float:
        """Seconds until a call is accepted again, if one was refused."""
        self._forget(now)
        return self.arrivals[1] + self.seconds - now if len(self.arrivals) > self.cap else 0.0

    def _forget(self, now: float) -> None:
        while self.arrivals and now - self.arrivals[0] >= self.seconds:
            self.arrivals.popleft()


@dataclass
class Limits:
    calls_per_second: int | None = None  # per Page and platform, by arrival
    rate_code: Literal[613, 80006] = 613
    # A call over the cap blocks the platform of the Page for this long; each further call restarts the block.
    penalty_seconds: float = 0
    calls_per_day: int | None = None  # per Page and platform; code 80006
    app_calls_per_hour: int | None = None  # code 4, status 403
    sends_per_second: int | None = None  # per Page, 300 at Facebook; code 613, on Instagram 613/2534040
    media_sends_per_second: int | None = None  # of audio and video, 10 at Facebook
    max_weight: int | None = None  # conversations x messages requested in one call
    # Overrides in the usage headers, for example call_count=96.
    announced: dict[str, int] = field(default_factory=dict)
    announced_others: dict[str, Any] = field(default_factory=dict)  # rows of other ids: {"112": [{…}]}
    announced_types: list[dict[str, Any]] = field(default_factory=list)  # rows of other products of the Page
    announced_to_page: dict[str, int] = field(default_factory=dict)  # the old header X-Page-Usage
    _windows: dict[tuple[str, int, float], Window] = field(default_factory=dict)
    _blocks: dict[Subject, tuple[float, float, int]] = field(default_factory=dict)

    def weigh(self, conversations: int, messages: int) -> None:
        if self.max_weight is not None and conversations * messages > self.max_weight:
            raise too_heavy()

    def block(self, page_id: str, platform: str, seconds: float, now: float, code: int = 80006) -> None:
        """Refuse every call until `seconds` have passed without one."""
        self._blocks[page_id, platform] = (now + seconds, seconds, code)

    def arrive_at_app(self, now: float) -> None:
        if self.app_calls_per_hour and self._window("app", self.app_calls_per_hour, HOUR).arrive(now):
            raise GraphFailure(4, MESSAGES[4], status=403, is_transient=True)

    def arrive(self, subject: Subject, now: float) -> None:
        """Count a call to the Conversations API; refuse it if it exceeds a limit."""
        key = "/".join(subject)
        over_second = bool(self.calls_per_second) and self._window(key, self.calls_per_second or 0, 1).arrive(
            now
        )
        over_day = bool(self.calls_per_day) and self._window(key, self.calls_per_day or 0, DAY).arrive(now)
        until, seconds, code = self._blocks.get(subject, (0.0, 0.0, 0))
        if now < until:
            self.block(*subject, seconds, now, code)
            raise self._refusal(code)
        if over_day:
            raise self._refusal(80006)
        if over_second:
            if self.penalty_seconds:
                self.block(*subject, self.penalty_seconds, now, self.rate_code)
            raise self._refusal(self.rate_code)

    def arrive_to_send(self, page_id: str, platform: str, now: float, *, has_media: bool) -> None:
        """Count a call to the Send API, which has its own rate but shares the quota of the day."""
        over_day = bool(self.calls_per_day) and self._window(
            f"{page_id}/{platform}", self.calls_per_day or 0, DAY
        ).arrive(now)
        caps = {"sends": self.sends_per_second} | (
            {"media": self.media_sends_per_second} if has_media else {}
        )
        over = [self._window(f"{page_id}/{name}", cap, 1).arrive(now) for name, cap in caps.items() if cap]
        if over_day:
            raise self._refusal(80006)
        if any(over):
            raise self._refusal(613, 2534040 if platform == "instagram" else None)

    def headers(self, subject: Subject | None, now: float) -> dict[str, str]:
        headers = {}
        if self.app_calls_per_hour:
            percent = self._window("app", self.app_calls_per_hour, HOUR).percent(now)
            headers["X-App-Usage"] = json.dumps(_usage(percent))
        if subject and self.announced_to_page:
            headers["X-Page-Usage"] = json.dumps(_usage(0) | self.announced_to_page)
        if subject and (self._has_announcement() or self.calls_per_day or subject in self._blocks):
            own = {subject[0]: [*self.announced_types, self._business_usage(subject, now)]}
            headers["X-Business-Use-Case-Usage"] = json.dumps({**self.announced_others, **own})
        return headers

    def _has_announcement(self) -> bool:
        return bool(self.announced or self.announced_others or self.announced_types)

    def _business_usage(self, subject: Subject, now: float) -> dict[str, Any]:
        percent, regain = 0, max(0.0, self._blocks.get(subject, (0.0,))[0] - now)
        if self.calls_per_day:
            window = self._window("/".join(subject), self.calls_per_day, DAY)
            percent, regain = window.percent(now), max(regain, window.regain(now))
        usage = {"type": subject[1], **_usage(100 if regain else percent)}
        return {**usage, "estimated_time_to_regain_access": math.ceil(regain / 60), **self.announced}

    def _window(self, key: str, cap: int, seconds: float) -> Window:
        # The cap is part of the name: a test that changes it starts with an empty window.
        name = (key, cap, seconds)
        if name not in self._windows:
            self._windows[name] = Window(cap, seconds)
        return self._windows[name]

    def _refusal(self, code: int, subcode: int | None = None) -> GraphFailure:
        return GraphFailure(code, MESSAGES[code], subcode=subcode)


def _usage(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_cputime": percent * 2 // 3, "total_time": percent * 3 // 4}
