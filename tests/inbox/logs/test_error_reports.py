"""What is reported, beside what tests/live/test_logs.py sends for real."""

import logging

from inbox.logs.error_reports import event_of, is_fault


def record(message: str, **more) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, (), None)
    vars(made).update(more)
    return made


def test_a_full_server_is_not_reported_and_a_fault_is():
    reported = {status: is_fault(record("x", status_code=status)) for status in (500, 502, 503)}
    assert reported == {500: True, 502: False, 503: False}
    assert is_fault(record("x"))


def test_an_event_has_the_place_of_each_exception_and_no_variables(settings):
    secret = "hush-hush"
    try:
        try:
            int(secret)
        except ValueError as error:
            raise KeyError(secret) from error
    except KeyError as error:
        event = event_of(record("failed", exc_info=(KeyError, error, error.__traceback__)))
    first, last = event["exception"]["values"]
    assert (first["type"], last["type"], last["value"]) == ("ValueError", "KeyError", "KeyError")
    [frame] = last["stacktrace"]["frames"]
    assert frame["function"] == "test_an_event_has_the_place_of_each_exception_and_no_variables"
    assert secret not in str(event).replace(f'secret = "{secret}"', "")
    assert "vars" not in frame
