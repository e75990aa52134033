"""The three doors bring the same rows, and what cannot be read is refused before anything is written."""

import gzip
from collections import Counter
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from conversations.imports.legacy.csv_folder import CsvFolder
from conversations.imports.legacy.dump_file import DumpFile
from conversations.imports.legacy.live_database import LiveDatabase
from conversations.imports.legacy.source import TABLES, SourceError, WrongSource
from tests.conversations.imports.legacy.conftest import url_of_copy
from tests.conversations.imports.legacy.forms import dump_of, write_csv
from tests.conversations.imports.legacy.pooler import TransactionPooler


def rows_of(source) -> dict[str, Counter]:
    found: dict[str, Counter] = {}
    with closing(source):
        for block in source.blocks():
            found.setdefault(block.table, Counter()).update(map(with_words, block.rows))
    return found


def with_words(row):
    """Dumps have letters for true and false."""
    return row and tuple({"t": "true", "f": "false"}.get(value, value) for value in row)


@pytest.fixture
def expected(database) -> dict[str, Counter]:
    return rows_of(LiveDatabase(database))


def dump(tmp_path: Path, text: str | bytes) -> DumpFile:
    path = tmp_path / "legacy.sql"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return DumpFile(path)


# -- the live database --------------------------------------------------------------------------------------
def test_live_database_has_all_tables_and_no_token(expected):
    assert expected.keys() == set(TABLES)
    assert sum(expected["messenger_conversations"].values()) == 10
    assert "EAAB" not in str(expected)


def test_missing_tables_and_columns_are_no_error(database, changed_database):
    changed_database.execute("DROP TABLE contact_interaction_events, pipeline_opportunities, pipeline_stages")
    changed_database.execute("ALTER TABLE messenger_conversations DROP COLUMN updated_at")
    rows = rows_of(LiveDatabase(url_of_copy(database)))
    assert rows.keys() == {"facebook_pages", "messenger_conversations", "tags", "conversation_tags"}
    assert {row[-1] for row in rows["messenger_conversations"]} == {None}


def test_row_security_that_hides_rows_is_an_error_before_reading(stranger):
    with pytest.raises(SourceError, match="Row level security hides rows") as error:
        LiveDatabase(stranger)
    assert "bypassrls" in str(error.value)


def test_tables_that_a_role_may_not_read_are_an_error(server, database, stranger):
    with psycopg.connect(database, autocommit=True) as legacy:
        legacy.execute("ALTER ROLE legacy_stranger BYPASSRLS")
        legacy.execute("REVOKE SELECT ON tags FROM legacy_stranger")
    with pytest.raises(SourceError, match="may not read tags"):
        LiveDatabase(stranger)


def test_another_database_is_refused(server):
    with server.connect() as admin, pytest.raises(WrongSource, match="no table"):
        LiveDatabase(server.url("postgres", admin.info.user))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://u:s3cret@127.0.0.1:1/postgres", "cannot be reached"),
        ("postgresql://u:s3cret@part@127.0.0.1:1/postgres", "cannot be reached"),
        ("host=127.0.0.1 port=1 password=s3cret", "cannot be reached"),
        ("s3cret", "cannot be understood"),
        ("postgresql://u:s3cret@127.0.0.1/postgres?nonsense=1", "cannot be understood"),
    ],
)
def test_errors_never_hold_a_part_of_the_address(address, words):
    with pytest.raises(SourceError, match=words) as error:
        LiveDatabase(address)
    assert "s3cret" not in str(error.value) + repr(error.value.__cause__)
    assert error.value.__suppress_context__


def test_a_pooler_that_gives_each_transaction_another_connection_suffices(database, server, expected):
    with psycopg.connect(database) as legacy:
        path, user = f"{server.socket_folder}/.s.PGSQL.{legacy.info.port}", legacy.info.user
        name = legacy.info.dbname
    with TransactionPooler(path) as pooler:
        source = LiveDatabase(
            f"postgresql://{user}@127.0.0.1:{pooler.port}/{name}?pgbouncer=true&sslmode=disable"
        )
        assert rows_of(source) == expected
        assert pooler.backends == 1, "everything is one transaction"


# -- dumps --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("quoted", [False, True])
def test_dump_brings_the_rows_of_the_database(tmp_path, database, expected, quoted):
    assert rows_of(dump(tmp_path, dump_of(database, quoted=quoted))) == expected


def test_gzipped_dump_with_other_line_ends_brings_them_too(tmp_path, database, expected):
    text = "\ufeff" + dump_of(database).replace("\n", "\r\n")
    assert rows_of(dump(tmp_path, gzip.compress(text.encode()))) == expected


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"PGDMP\x01\x0e", "pg_restore --data-only"),
        (b"x" * 257 + b"ustar" + b"\0" * 300, "tar file"),
        ("\ufeffCOPY".encode("utf-16"), "UTF-16"),
        (b"\x00\x01", "neither plain SQL nor gzip"),
        (b"PGDMP" + b"\0" * 600, "custom format"),
        (b"-- nothing\n", "no rows of messenger_conversations"),
        (b"SET client_encoding = 'LATIN1';\n", "not in UTF-8"),
        (b"INSERT INTO public.tags VALUES ('1', 'VIP');\n", "without --inserts"),
        (b'INSERT INTO "public"."tags" ("id") VALUES (1);\n', "without --inserts"),
        (b"COPY public.tags FROM stdin;\n", "not in the form of pg_dump"),
        (b"COPY public.tags (id, name) FROM stdin WITH (FORMAT csv);\n", "not in the form of pg_dump"),
        (b"COPY public.tags (title) FROM stdin;\n\\.\n", "no column id, name"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_other_files_are_refused_with_the_right_command(tmp_path, head, words, packed):
    with pytest.raises(WrongSource) as error:
        rows_of(dump(tmp_path, gzip.compress(head) if packed else head))
    assert words in str(error.value)


@pytest.mark.parametrize("packed", [False, True])
def test_cut_dump_is_refused(tmp_path, database, packed):
    text = dump_of(database).encode()
    cut = gzip.compress(text)[:-200] if packed else text[: text.index(b"Facebook User")]
    with pytest.raises(SourceError, match="ends"):
        rows_of(dump(tmp_path, cut))


def test_lines_that_are_too_long_or_too_short_are_unreadable(tmp_path):
    rows = ["1\tVIP", "2\t" + "x" * 3_000_000, "3", "4\ta\tb", "5\t\\N", "6\t\\x\\101\\n"]
    text = "COPY public.tags (id, name) FROM stdin;\n" + "\n".join(rows) + "\n\\.\n"
    text += "COPY public.messenger_conversations (page_id, sender_id) FROM stdin;\n\\.\n"
    found = rows_of(dump(tmp_path, text))
    assert found["tags"] == Counter(
        {
            None: 3,
            ("1", "VIP", None, None): 1,
            ("5", None, None, None): 1,
            ("6", "x101\n", None, None): 1,
        }
    )


def test_long_line_beside_the_rows_is_never_held(tmp_path, monkeypatch):
    path = tmp_path / "bomb.sql.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for _ in range(40):
            stream.write(b"x" * 1_000_000)
        stream.write(b"\nCOPY public.messenger_conversations (page_id, sender_id) FROM stdin;\n1\t2\n\\.\n")
    assert sum(rows_of(DumpFile(path))["messenger_conversations"].values()) == 1


# -- CSV files ----------------------------------------------------------------------------------------------
def test_csv_files_bring_the_rows_and_nothing_for_null(tmp_path, database, expected):
    source = CsvFolder(write_csv(database, tmp_path))
    found = rows_of(source)
    without_empty = {
        table: Counter({tuple(value or None for value in row): number for row, number in rows.items()})
        for table, rows in expected.items()
    }
    assert found == without_empty
    assert source.notes == [
        "facebook_pages_rows.csv holds access tokens, which were not read. Delete the file."
    ]
    assert source.done == source.total


def test_folder_needs_the_conversations(tmp_path, database):
    write_csv(database, tmp_path, ("messenger_conversations",))
    assert CsvFolder(tmp_path).absent == ["facebook_pages", "tags", "conversation_tags"]
    (tmp_path / "messenger_conversations_rows.csv").unlink()
    with pytest.raises(WrongSource, match=r"has no messenger_conversations\.csv"):
        CsvFolder(tmp_path)
    with pytest.raises(WrongSource, match="does not exist"):
        CsvFolder(tmp_path / "none")


def test_second_download_is_a_part_of_the_table(tmp_path):
    (tmp_path / "messenger_conversations.csv").write_text("page_id,sender_id\n1,2\n")
    (tmp_path / "messenger_conversations_rows (1).csv").write_text("sender_id,page_id\n3,1\n4\n")
    found = [row and row[1:3] for row in rows_of(CsvFolder(tmp_path))["messenger_conversations"]]
    assert sorted(found, key=str) == [("1", "2"), ("1", "3"), None]


@pytest.mark.parametrize("text", ['page_id,sender_id\n1,"' + "x\n" * 1_000_000, "page_id," + "x" * 2_000_000])
def test_value_without_an_end_is_refused(tmp_path, text):
    (tmp_path / "messenger_conversations.csv").write_text(text)
    with pytest.raises(SourceError, match="cannot be read"):
        rows_of(CsvFolder(tmp_path))


def test_file_of_another_spreadsheet_is_refused(tmp_path):
    (tmp_path / "messenger_conversations.csv").write_text("page_id;sender_id\n1;2\n")
    with pytest.raises(WrongSource, match="no column page_id, sender_id"):
        rows_of(CsvFolder(tmp_path))
