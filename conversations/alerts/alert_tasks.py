"""Background jobs that notice problems of Pages, and tell of them."""

from django.db import connection
from procrastinate.contrib.django import app

QUEUE = "default"


@app.periodic(cron="* * * * * */15")
@app.task(name="watch_pages", queue=QUEUE, queueing_lock="watch_pages", pass_context=False)
def watch_pages(timestamp: int = 0) -> None:
    """Open and close alerts, and have sent what is due."""
    from conversations.alerts import notices, watch  # no process should load them that runs no jobs

    try:
        watch.watch()
        for notice_id in notices.claim_due():
            send_alert.defer(notice_id=notice_id)
    finally:
        connection.close()


@app.task(name="send_alert", queue=QUEUE)
def send_alert(notice_id: int) -> None:
    """Send one notice. If it fails, it is due again later."""
    from conversations.alerts import notices

    try:
        notices.deliver(notice_id)
    finally:
        connection.close()
