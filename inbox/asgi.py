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

gc.disable()  # what is imported stays, yet would be searched for garbage again and again
try:
    django.setup(set_prefix=False)
except (ImproperlyConfigured, EnvError) as error:
    raise SystemExit(f"inbox: {error}") from None

from inbox.process.lifespan import lifespan  # noqa: E402 - its models need Django to be set up
from inbox.process.loading import loading  # noqa: E402
from inbox.web.handler import RequestHandler  # noqa: E402

serve = RequestHandler()
gc.freeze()  # what the start has created stays: no later collection looks at it
gc.enable()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await loading.wait(scope["path"])
        await serve(scope, receive, send)
