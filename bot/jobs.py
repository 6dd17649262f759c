"""The daemon's recurring work: APScheduler ticks, and what is due stands in the database.

A tick that is late still comes (``misfire_grace_time=None``), several late ones come as one, and no two of one kind run at once: measured
with the scheduler's defaults, 50 of 60 jobs due together were skipped in silence. The scheduler cancels running coroutines when it shuts
down, so a tick only starts the body, in a task of its own that the scheduler cannot reach and that ``stop`` waits for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from storage.exceptions import StoreUnavailable

log = logging.getLogger(__name__)

Body = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Job:
    body: Body
    patience: timedelta  # a run that takes longer than this is taken for hung
    beat: float = 0.0  # loop time of the last sign of life
    failures: int = 0
    in_a_row: int = 0
    again: bool = False  # it was asked for while it ran
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Jobs:
    """Runs named bodies at intervals. ``on_store_trouble`` is told when one of them found the store unavailable."""

    def __init__(self, on_store_trouble: Callable[[StoreUnavailable], None]) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
        self._jobs: dict[str, _Job] = {}
        self._on_store_trouble = on_store_trouble

    def every(self, name: str, interval: timedelta, body: Body, *, patience: timedelta) -> None:
        """Run ``body`` at every interval, beginning at once."""
        self._jobs[name] = _Job(body, patience)
        self._scheduler.add_job(self._tick, "interval", [name], id=name, seconds=interval.total_seconds(), next_run_time=datetime.now(UTC))

    def start(self) -> None:
        now = asyncio.get_running_loop().time()
        for job in self._jobs.values():
            job.beat = now
        self._scheduler.start()

    def wake(self, name: str) -> None:
        """Run a job now rather than at its next tick."""
        if self._scheduler.running and self._scheduler.get_job(name) is not None:
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def hung(self) -> list[str]:
        """Names of the jobs that gave no sign of life for longer than they may take."""
        now = asyncio.get_running_loop().time()
        return [name for name, job in self._jobs.items() if now - job.beat > job.patience.total_seconds()]

    @property
    def failures(self) -> Mapping[str, int]:
        """How often each job ended by an error that nothing expected."""
        return {name: job.failures for name, job in self._jobs.items()}

    async def stop(self, within: timedelta) -> None:
        """Start nothing more and wait for what is under way; cancel what takes longer."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        running = [job.task for job in self._jobs.values() if job.task is not None and not job.task.done()]
        await finish(running, within)

    async def _tick(self, name: str) -> None:
        job = self._jobs[name]
        if job.task is not None and not job.task.done():
            job.again = True
        else:
            job.task = asyncio.create_task(self._guarded(name, job), name=f"job {name}")

    async def _guarded(self, name: str, job: _Job) -> None:
        """Run the body; whatever it raises is told and never ends the daemon. The next tick tries again."""
        job.again = True
        while job.again:
            job.again = False
            try:
                await job.body()
                job.in_a_row = 0
            except StoreUnavailable as error:
                self._on_store_trouble(error)
            except Exception:
                job.failures += 1
                job.in_a_row += 1
                # The first, second, fourth, eighth …: a tick that fails twice a second must not fill the disk with its log.
                if job.in_a_row.bit_count() == 1:
                    log.exception("a job failed", extra={"job": name, "times_in_a_row": job.in_a_row})
            finally:
                job.beat = asyncio.get_running_loop().time()


async def finish(tasks: list[asyncio.Task[None]], within: timedelta) -> None:
    """Wait for tasks; cancel those that take longer and wait until they have let go."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=within.total_seconds())
    for task in late:
        log.warning("work under way was cut short", extra={"task": task.get_name()})
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=1)
