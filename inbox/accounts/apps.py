from pathlib import Path

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "inbox.accounts"
    label = "accounts"
    sql_files = (Path(__file__).with_name("sql") / "streams.sql",)
