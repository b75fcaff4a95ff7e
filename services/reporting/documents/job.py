"""What a signed report's documents are made from, and what a worker process does with it."""

import multiprocessing
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from services.reporting.model.content import Content


@dataclass(frozen=True)
class Picture:
    """The instance that holds the key image, as a file, and the frame in it (counted from 1)."""

    path: Path
    sop_instance_uid: str
    frame: int


@dataclass(frozen=True)
class Job:
    content: Content
    exam: bytes  # sonobridge.ingest.v1.Exam
    picture: Picture | None
    seal_dir: Path
    fonts_dir: Path


@dataclass(frozen=True)
class Documents:
    pdf: bytes
    encapsulated: bytes
    sr: bytes
    picture_error: str  # why the key image could not be drawn; the report goes on without it


def make(job: Job) -> Documents:
    """Make all documents of one signed version."""
    # Only a worker loads what makes documents: some 150 MB that the service itself never needs.
    from services.reporting.documents.making import make_documents  # noqa: PLC0415

    return make_documents(job)


def end_with_parent() -> None:
    """Run first in a worker: end when the service does, however it ends."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
