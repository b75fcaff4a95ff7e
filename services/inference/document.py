"""Writes the SR in a worker process: reads the sources' headers, answers the file's bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.inference.evidence import read_evidence
from services.inference.heading import Heading
from services.inference.result import Result, Source


def write_document(
    heading: Heading,
    result: Result,
    images: Sequence[tuple[Path, Source]],
    study_instance_uid: str,
    decoded: dict[str, str],
) -> bytes:
    """The DICOM file of the result's shown groups; `images` are local copies of the instances that they are anchored to."""
    from services.inference import sr  # noqa: PLC0415 - highdicom takes seconds and 60 MB that only a worker needs

    evidence = [read_evidence(path, source, study_instance_uid, decoded) for path, source in images]
    return sr.write(heading, result, evidence)
