"""The origin of a job, which its arguments do not tell."""

import pytest
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import tasks
from conversations.lib.log_ids import log_ids
from conversations.models import JobOrigin

pytestmark = pytest.mark.django_db


def origin_of(job_id: int) -> dict | None:
    return JobOrigin.objects.filter(job_id=job_id).values_list("ids", flat=True).first()


def test_jobs_keep_the_ids_of_what_deferred_them_and_their_arguments_stay(django_assert_num_queries):
    alone = tasks.sync_page.defer(run_id=1)
    with log_ids(request="abc", job=5, task="keep_current"), django_assert_num_queries(1):
        below = tasks.sync_page.defer(run_id=2)
    with log_ids(request="abc"):
        several = tasks.sync_page.batch_defer({"run_id": 3}, {"run_id": 4})
    assert origin_of(alone) is None
    assert origin_of(below) == {"request": "abc", "from_job": 5}
    assert [origin_of(job_id) for job_id in several] == [{"request": "abc"}] * 2
    jobs = ProcrastinateJob.objects.filter(pk__in=[alone, below, *several]).order_by("pk")
    assert [job.args for job in jobs] == [{"run_id": number} for number in (1, 2, 3, 4)]
    assert app.worker_defaults["concurrency"]  # what the settings say goes on


def test_origins_go_with_their_jobs():
    with log_ids(request="abc"):
        kept, ended = (tasks.sync_page.defer(run_id=number) for number in (1, 2))
    ProcrastinateJob.objects.filter(pk=ended).delete()
    tasks.delete_expired()
    assert list(JobOrigin.objects.values_list("job_id", flat=True)) == [kept]
