"""Encrypts all stored secrets again with the first of TOKEN_ENCRYPTION_KEYS: `manage.py rotatekeys`."""

from collections.abc import Iterator

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from conversations.lib.encryption import EncryptedTextField, UndecryptableToken
from conversations.models.audit import Action, record


class Command(BaseCommand):
    help = (
        "Encrypts the access tokens again with the first of TOKEN_ENCRYPTION_KEYS, in the present way. "
        "Afterwards the other keys can be removed."
    )

    def handle(self, **options):
        number, left = 0, []
        for model, field in encrypted_columns():
            for pk in model._base_manager.order_by("pk").values_list("pk", flat=True):
                if rotate(model, field, pk):
                    number += 1
                else:
                    left.append(f"{model._meta.verbose_name} {pk}")
        record(Action.KEYS_ROTATED, secrets=number, left=len(left))
        self.stdout.write(f"Encrypted {number} secret{'s' * (number != 1)} with the first key.")
        if left:
            names = ", ".join(left)
            advice = "Add the old key, or connect the Pages again and set the second factors up again."
            raise CommandError(f"No key decrypts {names}. {advice}")


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


@transaction.atomic
def rotate(model: type[models.Model], field: str, pk: object) -> bool:
    """Encrypt one value again. Return False if no key decrypts it."""
    row = model._base_manager.select_for_update().only(field).filter(pk=pk).first()
    if row is None:  # a job has deleted it meanwhile
        return True
    value = getattr(row, field)
    if isinstance(value, UndecryptableToken):
        return False
    if value:
        model._base_manager.filter(pk=pk).update(**{field: value})
    return True
