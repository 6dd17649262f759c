"""Ticks: nothing is skipped in silence, nothing runs twice at once, and whatever fails is told and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.jobs import Jobs
from bot.trouble import StoreTrouble
from storage.exceptions import StoreUnavailable

SOON, NEVER, LONG = timedelta(seconds=0.05), timedelta(hours=1), timedelta(minutes=1)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


def unexpected(error: StoreUnavailable) -> None:
    raise AssertionError(error)


async def test_a_job_slower_than_its_interval_runs_on_and_never_twice_at_once():
    running = most = runs = 0

    async def slow() -> None:
        nonlocal running, most, runs
        running += 1
        most, runs = max(most, running), runs + 1
        await asyncio.sleep(0.12)
        running -= 1

    jobs = Jobs(unexpected)
    jobs.every("slow", SOON, slow, patience=LONG)
    jobs.start()
    await until(lambda: runs >= 4)
    await jobs.stop(LONG)
    assert most == 1


async def test_sixty_jobs_due_at_once_all_run():
    ran: set[int] = set()
    jobs = Jobs(unexpected)
    for number in range(60):

        async def one(number: int = number) -> None:
            await asyncio.sleep(0.01)
            ran.add(number)

        jobs.every(f"job {number}", NEVER, one, patience=LONG)
    jobs.start()
    await until(lambda: len(ran) == 60)
    await jobs.stop(LONG)
    assert len(ran) == 60


async def test_a_failing_job_is_told_counted_and_tried_again(caplog: pytest.LogCaptureFixture):
    async def broken() -> None:
        raise ValueError("broken")

    jobs = Jobs(unexpected)
    jobs.every("broken", SOON, broken, patience=LONG)
    jobs.start()
    await until(lambda: jobs.failures["broken"] >= 3)
    await jobs.stop(LONG)
    told = [record.__dict__["times_in_a_row"] for record in caplog.records if record.name == "bot.jobs"]
    assert told == [1, 2, 4, 8, 16][: len(told)]  # ever more seldom
    assert len(told) < jobs.failures["broken"]
    assert all(record.exc_info and getattr(record, "job", None) == "broken" for record in caplog.records if record.name == "bot.jobs")


async def test_a_job_that_is_woken_while_it_runs_runs_again_after_it():
    begun, go_on, runs = asyncio.Event(), asyncio.Event(), 0

    async def body() -> None:
        nonlocal runs
        runs += 1
        begun.set()
        await go_on.wait()

    jobs = Jobs(unexpected)
    jobs.every("body", NEVER, body, patience=LONG)
    jobs.start()
    await begun.wait()
    jobs.wake("body")
    await asyncio.sleep(0.1)
    go_on.set()
    await until(lambda: runs == 2)
    await jobs.stop(LONG)
    assert runs == 2


async def test_a_job_without_a_sign_of_life_counts_as_hung_and_is_cut_short_at_the_end(caplog: pytest.LogCaptureFixture):
    async def hangs() -> None:
        await asyncio.sleep(60)

    jobs = Jobs(unexpected)
    jobs.every("hangs", NEVER, hangs, patience=timedelta(seconds=0.1))
    jobs.start()
    assert jobs.hung() == []
    await until(jobs.hung)
    assert jobs.hung() == ["hangs"]
    await jobs.stop(timedelta(seconds=0.1))
    assert "cut short" in caplog.text


async def test_what_is_under_way_is_finished_when_stopping():
    begun, done = asyncio.Event(), False

    async def work() -> None:
        nonlocal done
        begun.set()
        await asyncio.sleep(0.2)
        done = True

    jobs = Jobs(unexpected)
    jobs.every("work", NEVER, work, patience=LONG)
    jobs.start()
    await begun.wait()
    await jobs.stop(LONG)
    assert done


async def test_trouble_with_the_store_is_told_once_and_ends_when_it_can_be_written_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("bot.trouble._FIRST_PAUSE", 0.1)
    works = False

    async def probe() -> None:
        if not works:
            raise StoreUnavailable("the disk is full")

    trouble = StoreTrouble(probe)
    assert await trouble.over()
    for _ in range(3):
        trouble.begin(StoreUnavailable("the disk is full"))
    assert not await trouble.over()  # it is not time to look yet
    await asyncio.sleep(0.12)
    assert not await trouble.over()  # looked, and still full
    works = True
    assert not await trouble.over()  # the next look comes later than the first
    await asyncio.sleep(0.25)
    assert await trouble.over()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
