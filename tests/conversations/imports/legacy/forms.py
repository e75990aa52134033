"""The old database in the forms in which people bring it: a dump as pg_dump writes it, and CSV files."""

from pathlib import Path

import psycopg
from psycopg import sql

TABLES = (  # in the order of pg_dump, by name and by what refers to what
    "users",
    "facebook_pages",
    "messenger_conversations",
    "contact_interaction_events",
    "tags",
    "conversation_tags",
    "pipeline_stages",
    "pipeline_opportunities",
)
# What else a dump has: a function with lines like those of the dump, and a comment with quotes.
PREAMBLE = """--
-- PostgreSQL database dump; somebody's comment isn't a quote
--

SET client_encoding = 'UTF8';
SET row_security = off;

CREATE FUNCTION public.seed() RETURNS void LANGUAGE plpgsql AS $_$
BEGIN
INSERT INTO public.tags (id, name) VALUES ('x', 'invented by a function');
COPY public.tags (id, name) FROM stdin;
END;
$_$;

COMMENT ON TABLE public.tags IS 'It''s a table;
INSERT INTO public.tags VALUES (1);';

COPY auth.users (id, email) FROM stdin;
1\tINSERT INTO public.tags VALUES (2);
\\.

"""


def columns_of(database: psycopg.Connection, table: str) -> list[str]:
    question = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table))
    return [column.name for column in database.execute(question).description or ()]


def dump_of(url: str, *, quoted: bool = False, tables: tuple[str, ...] = TABLES) -> str:
    """A plain dump with COPY blocks. Supabase's own command quotes all names."""
    quote = '"{}"'.format if quoted else str
    with psycopg.connect(url) as database:
        parts = [PREAMBLE]
        for table in tables:
            names = ", ".join(map(quote, columns_of(database, table)))
            with database.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
                rows = b"".join(map(bytes, copy)).decode()
            parts.append(f"COPY {quote('public')}.{quote(table)} ({names}) FROM stdin;\n{rows}\\.\n\n")
    return "".join(parts)


def write_csv(url: str, folder: Path, tables: tuple[str, ...] = TABLES) -> Path:
    """Files as the dashboard writes them: null is nothing."""
    with psycopg.connect(url) as database:
        for table in tables:
            query = f"COPY {table} TO STDOUT (FORMAT csv, HEADER)"
            with database.cursor() as cursor, cursor.copy(query) as copy:
                (folder / f"{table}_rows.csv").write_bytes(b"".join(map(bytes, copy)))
    return folder
