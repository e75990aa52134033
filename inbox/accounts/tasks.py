"""Background jobs of accounts."""

from django.db import connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(name="send_password_mail", retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def send_password_mail(user_id: int, site: str, template: str) -> None:
    from inbox.accounts import mails  # no command should load it that sends no mail

    try:
        mails.send(user_id, site, template)
    finally:
        connection.close()
