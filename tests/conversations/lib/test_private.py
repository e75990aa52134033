"""What a log or a row says of an exception: where it was and its type, and no text that it quotes."""

import smtplib

import pytest
import requests
from django.db import DataError, IntegrityError, connection, transaction

from conversations.graph.errors import GraphError
from conversations.lib.private import clean, describe, describe_shortly, format_traceback
from tags.models import Tag

TEXT = "Anna wants 3 lamps"


def raised(act) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any, the tests look at it
        act()
    return caught.value


@pytest.mark.django_db
def test_errors_of_postgresql_name_code_and_constraint_but_no_values():
    Tag.objects.create(name=TEXT, slug="lamps")

    @transaction.atomic
    def twice() -> None:
        Tag.objects.create(name=TEXT, slug="others")

    @transaction.atomic
    def no_number() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text::int", [TEXT])

    double, wrong = raised(twice), raised(no_number)
    assert isinstance(double, IntegrityError)
    assert isinstance(wrong, DataError)
    assert TEXT.lower() in str(double)  # else nothing is tested
    assert TEXT in str(wrong)
    assert "23505" in describe(double)
    assert "tags_tag" in describe(double)
    assert describe(wrong) == "django.db.utils.DataError: (22P02)"
    assert describe_shortly(double).startswith("UniqueViolation (23505, ")
    assert describe_shortly(wrong) == "InvalidTextRepresentation (22P02)"
    for error in (double, wrong):
        text = format_traceback(error)
        assert "lamps" not in text.lower()
        assert "psycopg.errors" in text  # the cause
        assert "test_private.py" in text


def test_other_exceptions_keep_their_message_only_if_it_quotes_nothing():
    def first() -> None:
        int(TEXT)

    def second() -> None:
        try:
            first()
        except ValueError as error:
            raise KeyError(TEXT) from error

    text = format_traceback(raised(second))
    assert TEXT not in text
    assert text.index("\nValueError") < text.index("\nKeyError")
    assert describe(requests.ConnectionError(f"https://x.test/?q={TEXT}")) == (
        "requests.exceptions.ConnectionError"
    )
    refused = smtplib.SMTPRecipientsRefused({"ana@example.com": (550, b"no")})
    assert describe(refused) == "smtplib.SMTPRecipientsRefused"
    assert describe(OSError(28, "No space left on device")).endswith("No space left on device")
    assert describe(GraphError("Busy.", code=2, trace="AbC")).endswith("Busy. (code 2, trace AbC)")
    assert describe(AttributeError("'NoneType' object has no attribute 'pk'")).endswith("'pk'")
    assert describe_shortly(ValueError(TEXT)) == "ValueError"
    assert describe_shortly(OSError(28, "No space left on device")) == (
        "OSError [Errno 28] No space left on device"
    )


@pytest.mark.parametrize(
    "secret",
    [
        "EAAG" + "x1" * 20,
        "0123456789abcdef" * 4,
        "a" * 40,
        "postgresql://inbox:hush-hush@db/inbox",
        "/login/new-password/MQ/cz6ycx-0123456789abcdef0123456789abcdef",
        "/privacy/requests/9f8e7d",
    ],
)
def test_what_looks_like_a_secret_is_left_out(secret):
    cleaned = clean(f"GET {secret} 200")
    assert secret not in cleaned
    assert not {"hush-hush", "9f8e7d", "cz6ycx"} & set(cleaned.replace("/", ":").replace("@", ":").split(":"))
    assert cleaned.endswith(" 200")
