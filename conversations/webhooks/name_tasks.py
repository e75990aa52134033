"""The background task that asks for names of people and applications. No answer to Facebook waits for it."""

from procrastinate.contrib.django import app

from conversations.lib.steps import run_in_steps

QUEUE = "default"


@app.periodic(cron="* * * * * */5")
@app.task(name="name_people", queue=QUEUE, queueing_lock="name_people", pass_context=False)
async def name_people(timestamp: int = 0) -> None:
    """Ask for some names. If the task is cancelled, it ends after the present call."""
    from conversations.webhooks import app_names, person_names  # a start does not need the client

    await run_in_steps(person_names.name_people)
    await run_in_steps(app_names.name_apps)
