-- The keys of the search index.
--
-- Each three characters in a row are a key, and so are the first one and the first two characters of each word
-- of the name (the line before the first line break). The Page is part of each key, so a search reads only keys
-- of its own Page. Keys are made of characters, not letters: pg_trgm knows only the letters of the database's
-- locale, in many servers ASCII. PostgreSQL distributes hash partitions by hashtextextended: it does not change.

CREATE OR REPLACE FUNCTION conversations_keys(page bigint, words text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  signs text[] := string_to_array(words, NULL);
  keys bigint[];
BEGIN
  FOR start IN 1 .. cardinality(signs) - 2 LOOP
    keys[start] := hashtextextended(signs[start] || signs[start + 1] || signs[start + 2], page);
  END LOOP;
  RETURN keys;
END $$;

CREATE OR REPLACE FUNCTION conversations_name_key(page bigint, beginning text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT hashtextextended('^' || beginning, page) $$;

CREATE OR REPLACE FUNCTION conversations_name_words(search text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ' ' || translate(split_part(search, E'\n', 1), '-_.,;:/()[]"''’&', '               ')
$$;

CREATE OR REPLACE FUNCTION conversations_search_keys(page bigint, search text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
SET search_path FROM CURRENT AS $$
DECLARE
  keys bigint[] := conversations_keys(page, search);
  word text;
BEGIN
  FOREACH word IN ARRAY string_to_array(conversations_name_words(search), ' ') LOOP
    IF word <> '' THEN
      keys := keys || conversations_name_key(page, left(word, 1)) || conversations_name_key(page, left(word, 2));
    END IF;
  END LOOP;
  RETURN keys;
END $$;
