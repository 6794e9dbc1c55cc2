"""A job is a name, a pace and work."""

from chargecloud.infra.deadletters import JOBS as DEAD_LETTER_JOBS
from chargecloud.infra.http.idempotency import JOBS as HTTP_JOBS
from chargecloud.infra.inbox import JOBS as INBOX_JOBS


def test_the_infrastructure_declares_its_own_upkeep() -> None:
    jobs = (*INBOX_JOBS, *DEAD_LETTER_JOBS, *HTTP_JOBS)
    assert {job.name for job in jobs} == {"inbox.forget_seen", "deadletters.forget_oldest", "http.forget_answers"}
    assert all(job.every_s >= 60 for job in jobs)
