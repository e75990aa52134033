import json
import logging

from conversations.graph.errors import GraphError
from conversations.lib.log_ids import log_ids
from inbox.logs.formatters import JsonFormatter, TextFormatter


def record(message: str, *arguments, name: str = "conversations.sync", **more) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, None)
    vars(made).update(more)
    return made


def test_json_is_one_object_a_line_with_ids():
    with log_ids(request="abc", run=7):
        line = JsonFormatter().format(record("two\nlines of %s", "Ünï"))
    assert "\n" not in line
    values = json.loads(line)
    assert values.pop("time").endswith("+00:00")
    assert values == {
        "level": "WARNING",
        "logger": "conversations.sync",
        "message": "two\nlines of Ünï",
        "request": "abc",
        "run": 7,
    }


def test_text_ends_with_the_ids_if_there_are_any():
    assert TextFormatter().format(record("100 %")).endswith(" WARNING conversations.sync 100 %")
    with log_ids(job=3):
        line = TextFormatter().format(record("failed: %s", GraphError("Busy.", trace="AbC")))
    assert line.endswith(" failed: Busy. (trace AbC) [job=3 graph_trace=AbC]")


def test_what_somebody_sends_is_no_line_of_its_own():
    line = TextFormatter().format(record("Refused %s", "/x\n2026 ERROR inbox \x1b[31mforged"))
    assert line.endswith(r"Refused /x\n2026 ERROR inbox \x1b[31mforged")


def test_exceptions_in_a_message_are_described_and_the_record_stays_as_it_was():
    error = ValueError("Anna wants 3 lamps")
    made = record("An item: %s", error, exc_info=(ValueError, error, None), exc_text="Anna wants 3 lamps")
    text, values = TextFormatter().format(made), json.loads(JsonFormatter().format(made))
    assert "Anna" not in text + str(values)
    assert values["exception"].endswith("ValueError")
    assert made.getMessage() == "An item: Anna wants 3 lamps"


def test_access_log_has_no_query_string():
    arguments = ("127.0.0.1:5", "GET", "/api/conversations?search=lamps", "1.1", 200)
    made = record('%s - "%s %s HTTP/%s" %d', *arguments, name="uvicorn.access")
    assert json.loads(JsonFormatter().format(made))["message"] == (
        '127.0.0.1:5 - "GET /api/conversations HTTP/1.1" 200'
    )
