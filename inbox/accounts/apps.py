from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "inbox.accounts"
    label = "accounts"
