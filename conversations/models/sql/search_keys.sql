-- The keys of the search index.
--
-- Each three characters in a row are a key, and so are the first one and the first two characters of each word
-- of the name (the line before the first line break). In scripts that put no space between words, each two
-- characters in a row are a key as well (lib/folding.py has the same ranges). The Page is part of each key, so a
-- search reads only keys of its own Page. Keys are made of characters, not letters: pg_trgm knows only the
-- letters of the database's locale, in many servers ASCII. PostgreSQL distributes hash partitions by
-- hashtextextended: it does not change.

CREATE OR REPLACE FUNCTION conversations_keys(page bigint, words text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  unspaced CONSTANT text := '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af]';
  signs text[] := string_to_array(words, NULL);
  is_unspaced boolean[];
  keys bigint[];
  size integer := greatest(cardinality(signs) - 2, 0);
BEGIN
  FOR start IN 1 .. size LOOP
    keys[start] := hashtextextended(signs[start] || signs[start + 1] || signs[start + 2], page);
  END LOOP;
  -- Most texts are ASCII, and a pattern takes longer than all of the above.
  IF octet_length(words) > length(words) AND words ~ unspaced THEN
    FOR start IN 1 .. cardinality(signs) LOOP
      is_unspaced[start] := signs[start] ~ unspaced;
      IF start > 1 AND (is_unspaced[start - 1] OR is_unspaced[start]) THEN
        size := size + 1;
        keys[size] := hashtextextended(signs[start - 1] || signs[start], page);
      END IF;
    END LOOP;
  END IF;
  RETURN keys;
END $$;

-- The keys that a text must have to contain this term: of a longer term only those of three characters.
CREATE OR REPLACE FUNCTION conversations_term_keys(page bigint, term text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  signs text[] := string_to_array(term, NULL);
  keys bigint[];
BEGIN
  IF cardinality(signs) = 2 THEN
    RETURN ARRAY[hashtextextended(term, page)];
  END IF;
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
