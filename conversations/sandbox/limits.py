"""How much Graph takes: calls per second, day and app, and the weight of one answer. All off by default."""

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import GraphFailure, too_heavy

DAY, HOUR = 86400.0, 3600.0
Asked = tuple[str, str]  # Page id and platform

MESSAGES = {
    4: "(#4) Application request limit reached",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    80006: "(#80006) There have been too many messenger api calls to this Page account. Wait a bit.",
}


class Window:
    """The last calls of a sliding span. Refused calls count too: whoever goes on calling stays refused."""

    def __init__(self, cap: int, seconds: float) -> None:
        self.cap, self.seconds = cap, seconds
        self.arrivals: deque[float] = deque(maxlen=cap + 1)

    def arrive(self, now: float) -> bool:
        """Whether this call is one too many."""
        self._forget(now)
        self.arrivals.append(now)
        return len(self.arrivals) > self.cap

    def percent(self, now: float) -> int:
        self._forget(now)
        return 100 * len(self.arrivals) // self.cap

    def regain(self, now: float) -> float:
        """Seconds until a call would be taken again, where one was refused."""
        self._forget(now)
        return self.arrivals[1] + self.seconds - now if len(self.arrivals) > self.cap else 0.0

    def _forget(self, now: float) -> None:
        while self.arrivals and now - self.arrivals[0] >= self.seconds:
            self.arrivals.popleft()


@dataclass
class Limits:
    calls_per_second: int | None = None  # per Page and platform, by arrival
    rate_code: Literal[613, 80006] = 613
    penalty_seconds: float = (
        0  # a call over the cap closes the Page's platform this long, each further call anew
    )
    calls_per_day: int | None = None  # per Page and platform; code 80006
    app_calls_per_hour: int | None = None  # code 4, status 403
    max_weight: int | None = None  # conversations x messages asked in one call
    announced: dict[str, int] = field(
        default_factory=dict
    )  # overrides in the usage headers, e.g. call_count=96
    announced_to_page: dict[str, int] = field(default_factory=dict)  # the old header X-Page-Usage
    _windows: dict[tuple[str, int, float], Window] = field(default_factory=dict)
    _blocks: dict[Asked, tuple[float, float, int]] = field(default_factory=dict)

    def weigh(self, conversations: int, messages: int) -> None:
        if self.max_weight is not None and conversations * messages > self.max_weight:
            raise too_heavy()

    def block(self, page_id: str, platform: str, seconds: float, now: float, code: int = 80006) -> None:
        """Refuse every call until `seconds` have passed without one."""
        self._blocks[page_id, platform] = (now + seconds, seconds, code)

    def arrive_at_app(self, now: float) -> None:
        if self.app_calls_per_hour and self._window("app", self.app_calls_per_hour, HOUR).arrive(now):
            raise GraphFailure(4, MESSAGES[4], status=403, is_transient=True)

    def arrive(self, asked: Asked, now: float) -> None:
        """Count a call to the Conversations API; refuse it where a limit says so."""
        key = "/".join(asked)
        over_second = bool(self.calls_per_second) and self._window(key, self.calls_per_second or 0, 1).arrive(
            now
        )
        over_day = bool(self.calls_per_day) and self._window(key, self.calls_per_day or 0, DAY).arrive(now)
        until, seconds, code = self._blocks.get(asked, (0.0, 0.0, 0))
        if now < until:
            self.block(*asked, seconds, now, code)
            raise self._refusal(code)
        if over_day:
            raise self._refusal(80006)
        if over_second:
            if self.penalty_seconds:
                self.block(*asked, self.penalty_seconds, now, self.rate_code)
            raise self._refusal(self.rate_code)

    def headers(self, asked: Asked | None, now: float) -> dict[str, str]:
        headers = {}
        if self.app_calls_per_hour:
            percent = self._window("app", self.app_calls_per_hour, HOUR).percent(now)
            headers["X-App-Usage"] = json.dumps(_usage(percent))
        if asked and self.announced_to_page:
            headers["X-Page-Usage"] = json.dumps(_usage(0) | self.announced_to_page)
        if asked and (self.calls_per_day or self.announced or asked in self._blocks):
            headers["X-Business-Use-Case-Usage"] = json.dumps({asked[0]: [self._business_usage(asked, now)]})
        return headers

    def _business_usage(self, asked: Asked, now: float) -> dict[str, Any]:
        percent, regain = 0, max(0.0, self._blocks.get(asked, (0.0,))[0] - now)
        if self.calls_per_day:
            window = self._window("/".join(asked), self.calls_per_day, DAY)
            percent, regain = window.percent(now), max(regain, window.regain(now))
        usage = {"type": asked[1], **_usage(100 if regain else percent)}
        return {**usage, "estimated_time_to_regain_access": math.ceil(regain / 60), **self.announced}

    def _window(self, key: str, cap: int, seconds: float) -> Window:
        # The cap is part of the name: a test that changes it starts with an empty window.
        name = (key, cap, seconds)
        if name not in self._windows:
            self._windows[name] = Window(cap, seconds)
        return self._windows[name]

    def _refusal(self, code: int) -> GraphFailure:
        return GraphFailure(code, MESSAGES[code])


def _usage(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_cputime": percent * 2 // 3, "total_time": percent * 3 // 4}
