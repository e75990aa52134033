"""The two formats of the log, LOG_FORMAT: lines for people, and JSON, one object a line."""

import copy
import json
import logging
from datetime import UTC, datetime
from typing import Any

from conversations.lib.log_ids import Id, current_ids
from conversations.lib.private import clean, describe, format_traceback

ACCESS = "uvicorn.access"
# What somebody sends must not look like a line of ours, or speak to a terminal.
CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(32), 127) if chr(code) != "\t"}
TRACE = "graph_trace"  # what Facebook calls fbtrace_id, for its support


class SafeFormatter(logging.Formatter):
    """Writes exceptions without what they quote, also where they are arguments of a message."""

    def prepared(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy that holds nothing private: other handlers still get the record as it was."""
        record = copy.copy(record)
        if record.name == ACCESS:
            record.args = without_query(record.args)
        record.msg, record.args = clean(safe_message(record)), None
        return record

    def formatException(self, ei: Any) -> str:
        return format_traceback(ei[1]) if ei and ei[1] else ""


class TextFormatter(SafeFormatter):
    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        ids = ids_of(record)
        record = self.prepared(record)
        record.msg = record.msg.translate(CONTROLS)
        if ids:
            record.msg += f" [{' '.join(f'{name}={value}' for name, value in ids.items())}]"
        record.exc_text = None  # another handler may have kept one that says more
        return super().format(record)


class JsonFormatter(SafeFormatter):
    def format(self, record: logging.LogRecord) -> str:
        ids = ids_of(record)
        record = self.prepared(record)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **ids,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


def ids_of(record: logging.LogRecord) -> dict[str, Id]:
    """Return the ids of the code that logs, and that of Facebook's answer if the record is about one."""
    ids = current_ids()
    if trace := trace_of(record):
        ids[TRACE] = trace
    return ids


def trace_of(record: logging.LogRecord) -> str:
    """Return the trace that Facebook gave a refused call which the record is about."""
    error = record.exc_info[1] if record.exc_info else None
    arguments = record.args if isinstance(record.args, tuple) else ()
    for each in (record, error, *arguments):
        trace = getattr(each, TRACE if each is record else "trace", None)
        if isinstance(trace, str) and trace:
            return trace
    return ""


def safe_message(record: logging.LogRecord) -> str:
    """Return the message. Exceptions among its arguments are described rather than quoted."""
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(map(safe_argument, arguments))
    message = str(record.msg)
    return message % arguments if arguments else message


def safe_argument(value: object) -> object:
    if not isinstance(value, BaseException):
        return value
    described = describe(value)
    return described.partition(": ")[2] or described  # the name of its class says less than its text


def without_query(arguments: Any) -> Any:
    """Leave out the query string of uvicorn's (address, method, path, version, status): it has searches."""
    if not isinstance(arguments, tuple) or len(arguments) != 5:
        return arguments
    address, method, path, version, status = arguments
    return address, method, str(path).partition("?")[0], version, status


def adopt(*names: str) -> None:
    """Let the handlers that others gave to these loggers, if any, write our format, and report errors."""
    console, *reports = logging.getLogger("inbox").handlers
    for logger in map(logging.getLogger, names):
        for handler in logger.handlers:
            handler.setFormatter(console.formatter)
        for report in reports if logger.handlers else ():
            logger.addHandler(report)
