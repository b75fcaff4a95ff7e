"""Everything a signed report's documents need, and the making of them: a pure function for a worker process."""

import logging
import multiprocessing
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.documents import encapsulated, key_image, pdf, sr
from services.reporting.documents.seal import Seals
from services.reporting.model.content import Content

_log = logging.getLogger(__name__)


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
    instances = list(ingest_pb.Exam.FromString(job.exam).instances)
    drawn, error = _drawn(job)
    sealed = pdf.make(job.content, drawn, Seals(job.seal_dir), job.fonts_dir)
    shown = (job.picture.sop_instance_uid, job.picture.frame) if job.picture and drawn else None
    return Documents(
        pdf=sealed,
        encapsulated=encapsulated.encapsulate(job.content, sealed),
        sr=sr.report_sr(job.content, instances, shown),
        picture_error=error,
    )


def _drawn(job: Job) -> tuple[bytes | None, str]:
    if job.picture is None:
        return None, ""
    contours = key_image.contours_on(job.content.findings, job.picture.sop_instance_uid, job.picture.frame)
    try:
        return key_image.draw(job.picture.path, job.picture.frame, contours), ""
    except Exception as error:  # decoders raise anything; a picture that cannot be decoded must not keep a report back
        return None, f"{type(error).__name__}: {error}"


def end_with_parent() -> None:
    """Run first in a worker: end when the service does, however it ends."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
