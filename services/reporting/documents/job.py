"""What a signed report's documents are made from, and what a worker process does with it."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from services.reporting.model.content import Content
from services.shared import supervise


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


def begin_worker() -> None:
    """Run first in a worker: end when the service does, however it ends, and say nothing of patients."""
    # What pydicom and highdicom warn of names the value that they doubt, such as a patient's name.
    warnings.simplefilter("ignore")
    supervise.end_with_parent()
