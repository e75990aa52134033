"""A storage that is away, and says so with an error of its own, as a bucket does."""

from django.core.files.storage import FileSystemStorage


class EndpointError(Exception):
    pass


class AwayStorage(FileSystemStorage):
    def _open(self, name, mode="rb"):
        raise EndpointError

    def _save(self, name, content):
        raise EndpointError

    def exists(self, name):
        raise EndpointError

    def delete(self, name):
        raise EndpointError
