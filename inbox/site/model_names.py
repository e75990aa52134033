"""The names of models and fields, which Django derives from the code, as texts of the catalogues.

Only the admin shows them. A name that stands in the model itself would be a part of the migrations.
"""

from collections.abc import Iterator

from django.db.models import Model
from django.utils.translation import gettext_lazy, override


def translate_names(model: type[Model]) -> None:
    """Let the model and its fields be called as the reader's language calls them."""
    with override(None):  # the English text is the key
        for thing, attribute in named(model):
            setattr(thing, attribute, gettext_lazy(str(getattr(thing, attribute))))


def named(model: type[Model]) -> Iterator[tuple[object, str]]:
    """Yield what has a name, and the attribute that holds it."""
    yield from ((model._meta, name) for name in ("verbose_name", "verbose_name_plural"))
    yield from ((field, "verbose_name") for field in model._meta.fields)
