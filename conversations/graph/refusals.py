"""Fields that Facebook refuses: one unknown field refuses the whole request."""

import re
from collections.abc import Callable

from conversations.graph.errors import RefusedRequestError, in_short

REFUSED_FIELDS = "refused_fields"  # in what is learnt
NAMED = re.compile(r"\((\w{1,50})\)")
PARAMETERS = {"folder", "updated_after_ms", "updated_before_ms"}  # which may be refused themselves


class Refusals:
    """Asks for all fields that we know, and where one is refused, from then on for the documented ones."""

    def __init__(self, learnt: dict):
        self._learnt = learnt

    def ask(self, ask: Callable[[bool], dict], params: dict) -> dict:
        """`ask(core)`. RefusedRequestError: it was not the fields, or not only."""
        if self._learnt[REFUSED_FIELDS]:
            return ask(True)
        try:
            return ask(False)
        except RefusedRequestError as error:
            if not _is_about_fields(error, params):
                raise
            answer = ask(True)
            self._learnt[REFUSED_FIELDS] = [_name(error)]  # only now: it may have been something else
            return answer


def _is_about_fields(error: RefusedRequestError, params: dict) -> bool:
    """Where something else was asked for that may be refused, only if the answer says so."""
    return not (PARAMETERS & params.keys()) or "field" in error.words.lower()


def _name(error: RefusedRequestError) -> str:
    named = NAMED.search(error.words)
    return named[1] if named else in_short(error.words, "")
