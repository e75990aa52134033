"""Serves the static files of all packages."""

import threading

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):
    """Lists the files at the first request for one: a start does not wait for it, and a worker needs none."""

    def __init__(self, get_response):
        self._listing, self._is_listed = threading.Lock(), False
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(self.static_prefix):
            return self.get_response(request)
        self._list_once()
        return super().__call__(request)

    def add_files_from_finders(self) -> None:
        """The start of the middleware calls it: not yet."""

    def _list_once(self) -> None:
        with self._listing:
            if not self._is_listed and not self.autorefresh:
                super().add_files_from_finders()
            self._is_listed = True
