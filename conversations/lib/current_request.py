"""The HTTP request in whose context code runs; None in jobs and commands. A middleware sets it."""

from contextvars import ContextVar

from django.http import HttpRequest

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
