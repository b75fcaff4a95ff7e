"""A pool of processes for what costs CPU: decoding and document writing. Damaged bytes may kill a worker, never the service."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from services.shared.supervise import end_with_parent

P = ParamSpec("P")
T = TypeVar("T")

_PRELOADED = [
    "services.inference.decode",
    "services.inference.document",
    "services.inference.seg",
    "services.inference.keynote",
]


class WorkerFailed(Exception):
    """The work killed its process or outlasted its time, twice."""


class Workers:
    """Runs functions in worker processes; a broken pool is replaced."""

    def __init__(self, processes: int, timeout_seconds: float = 120.0) -> None:
        self._processes = processes
        self._timeout_seconds = timeout_seconds
        # A server process without threads or connections forks the workers: quick, and nothing of the service is inherited.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._pool = self._make()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's answer, or its exception; raises WorkerFailed when it dies or hangs twice.

        A process that dies takes the pool's other work with it, which is innocent: everything is tried once more.
        """
        for last in (False, True):
            pool = self._pool
            try:
                future = asyncio.wrap_future(pool.submit(function, *args, **kwargs))
                return await asyncio.wait_for(future, self._timeout_seconds)
            except (BrokenProcessPool, TimeoutError) as error:
                self._replace(pool)
                if last:
                    raise WorkerFailed(f"{function.__name__}: {type(error).__name__}") from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the processes; waits for what they are doing."""
        self._pool.shutdown(cancel_futures=True)

    def _make(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(self._processes, mp_context=self._context, initializer=end_with_parent)
        for _ in range(self._processes):  # started now, so that the first exam does not wait for imports
            pool.submit(os.getpid)
        return pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is not broken:
            return
        self._pool = self._make()
        for process in list(
            (broken._processes or {}).values()
        ):  # the executor itself offers no way to end a hanging one
            process.kill()
        broken.shutdown(wait=False, cancel_futures=True)
