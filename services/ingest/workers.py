"""Processes for what takes the processor long: reading files, decoding frames. The event loop never waits for either."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar, TypeVarTuple

from services.shared import supervise
from services.shared.errors import SonoBridgeError

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class WorkerDied(SonoBridgeError):
    """A process that reads files died twice over the same work."""


class Workers:
    """A pool of processes that comes back when one of them dies."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._executor = self._new()

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Call `function` in a process. Raises what it raises, and WorkerDied when it kills its process twice."""
        loop = asyncio.get_running_loop()
        for _ in range(2):
            executor = self._executor
            try:
                return await loop.run_in_executor(executor, function, *arguments)
            except BrokenProcessPool:
                # A decoder may die on a hostile file; and whoever shared the pool with it tries again.
                if self._executor is executor:
                    self._executor = self._new()
        raise WorkerDied

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["services.ingest.dicom.inspection"])
        return ProcessPoolExecutor(self._processes, context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Leave interrupts to the parent, and end when it ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervise.end_with_parent()
