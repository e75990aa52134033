"""The settings of commands that only sync: the models without pages, REST, admin and jobs.

Each installed app costs every start its imports. `manage.py` chooses these settings; nothing is configured
here. The models of apps that are left out do not exist in such a process: none of them refers to a row that a
sync deletes (`tests/inbox/test_starts.py`).
"""

from inbox.settings import *  # noqa: F403 - the same installation

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "conversations", "tags"]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
USE_I18N = False  # the command line is in English: no catalogue is read
