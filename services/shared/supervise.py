"""One process, several parts: a crash of one ends them all and the process with a non-zero status."""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)

Part = Callable[[asyncio.Event], Awaitable[None]]


async def run(parts: dict[str, Part], stop: asyncio.Event) -> None:
    """Run the parts until `stop`, then wait for each to end by itself. A part that ends early without `stop` is a crash."""

    async def watched(name: str, part: Part) -> None:
        await part(stop)
        if not stop.is_set():
            raise RuntimeError(f"the part {name} ended by itself")

    async with asyncio.TaskGroup() as group:
        for name, part in parts.items():
            group.create_task(watched(name, part), name=name)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def end_with_parent() -> None:
    """For worker processes: end when the service does, however that happens. A worker holds the other end of its own queue
    and would wait for work forever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
