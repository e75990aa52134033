"""The ASGI application: `uvicorn inbox.asgi:application` serves requests, listens and runs jobs."""

import gc
import os
import warnings

import django
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

# Static files are read in a thread, as Django would do.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")

try:
    django.setup(set_prefix=False)
except (ImproperlyConfigured, EnvError) as error:
    raise SystemExit(f"inbox: {error}") from None

from inbox.process.lifespan import lifespan  # noqa: E402 - its models need Django to be set up
from inbox.web.handler import RequestHandler  # noqa: E402

serve = RequestHandler()
# What the start has created stays. Otherwise each full collection of garbage would look through all of it;
# a response of 10,000 rows causes some.
gc.freeze()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await serve(scope, receive, send)
