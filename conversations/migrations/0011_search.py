from django.db import migrations

# Three letters in a row, wherever they stand, make a key; so do the first one and two of each word of the
# name (the line before the first line break). The Page is part of each key: what a search reads is the
# Page's own. Characters, not letters: pg_trgm knows no others than the database's locale does, in many
# servers ASCII alone. The hash is the one that PostgreSQL distributes partitions by: it stays the same.
FUNCTIONS = """
CREATE FUNCTION conversations_keys(page bigint, words text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(hashtextextended(first || second || third, page)) FROM (
    SELECT lag(sign, 2) OVER () AS first, lag(sign) OVER () AS second, sign AS third
    FROM string_to_table(words, NULL) AS sign
  ) AS three WHERE first IS NOT NULL
$$;

CREATE FUNCTION conversations_name_key(page bigint, beginning text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT hashtextextended('^' || beginning, page) $$;

CREATE FUNCTION conversations_name_words(search text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ' ' || translate(split_part(search, E'\\n', 1), '-_.,;:/()[]"''’&', '               ')
$$;

-- Since PostgreSQL 17 an index is built with a search_path of pg_catalog alone.
CREATE FUNCTION conversations_search_keys(page bigint, search text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
  SELECT conversations_keys(page, search) || array_agg(conversations_name_key(page, left(word, size)))
  FROM string_to_table(conversations_name_words(search), ' ') AS word, generate_series(1, 2) AS size
  WHERE word <> ''
$$;
"""
NO_FUNCTIONS = """
DROP FUNCTION conversations_search_keys, conversations_name_words, conversations_name_key, conversations_keys;
"""

INDEX = """
CREATE INDEX conversation_search ON conversations_conversation
USING gin (conversations_search_keys(page_id, search)) WITH (gin_pending_list_limit = 1024);
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0010_reads")]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(INDEX, "DROP INDEX conversation_search"),
    ]
