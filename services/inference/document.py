"""Writes the SR in a worker process: reads the sources' headers, answers the file's bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.inference import sr
from services.inference.evidence import read_evidence
from services.inference.result import Result, Source


def write_document(
    heading: sr.Heading,
    result: Result,
    images: Sequence[tuple[Path, Source]],
    study_instance_uid: str,
    decoded: dict[str, str],
) -> bytes:
    """The DICOM file of the result's shown groups; `images` are local copies of the instances that they are anchored to."""
    evidence = [read_evidence(path, source, study_instance_uid, decoded) for path, source in images]
    return sr.write(heading, result, evidence)
