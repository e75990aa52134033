"""Settings of web processes with a second language, whose catalogues a test has made."""

import os
from pathlib import Path

from inbox.setting_values import with_languages
from inbox.settings import *  # noqa: F403 - all of them, whatever they are
from inbox.settings import MIDDLEWARE as OF_ENGLISH

LANGUAGES = [("en", "English"), ("eo", "Esperanto")]
LOCALE_PATHS = [Path(os.environ["SECOND_LANGUAGE"])]
MIDDLEWARE = with_languages(OF_ENGLISH, LANGUAGES)
