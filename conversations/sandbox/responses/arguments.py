"""The arguments of the conversations edge, checked as Graph checks them."""

import math

from conversations.sandbox.data.world import Page
from conversations.sandbox.request import Request
from conversations.sandbox.switches import Switches

from .error_responses import GraphFailure, bad_parameter

Arguments = dict[str, str]


def platform_of(page: Page, arguments: Arguments) -> str:
    platform = arguments.get("platform", "messenger").lower()
    if platform not in ("messenger", "instagram"):  # Facebook reports it like a missing permission
        raise GraphFailure(10, "(#10) Application does not have permission for this action")
    if platform not in page.identities:
        message = "(#100) No Instagram professional account is linked to this Page"
        raise GraphFailure(100, message, subcode=2534013)
    return platform


def folder_of(arguments: Arguments, switches: Switches) -> str:
    folder = arguments.get("folder", "inbox").lower()
    if "folder" in arguments and folder not in switches.folders:
        raise bad_parameter(f"Param folder must be one of {{{', '.join(sorted(switches.folders)).upper()}}}")
    return "inbox" if folder in switches.ignored_folders else folder


def time_bounds(
    arguments: Arguments, request: Request, switches: Switches
) -> tuple[float | None, float | None]:
    """`updated_after_ms` and `updated_before_ms` as the half-open span of a ThreadEdge."""
    given = [arguments.get(name) for name in ("updated_after_ms", "updated_before_ms")]
    if given == [None, None] or switches.updated_ms == "ignored" or not request.is_version_at_least("v26.0"):
        return None, None
    if switches.updated_ms == "refused" or not all(value is None or value.isdecimal() for value in given):
        raise bad_parameter("Invalid parameter: updated_after_ms, updated_before_ms")
    after, before = (None if value is None else int(value) / 1000 for value in given)
    if after is not None and not switches.updated_after_inclusive:
        after = math.nextafter(after, math.inf)
    if before is not None and switches.updated_before_inclusive:
        before = math.nextafter(before, math.inf)
    return after, before
