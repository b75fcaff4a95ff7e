"""Writes an analysis' documents in a worker process: reads the sources' headers, answers the files' bytes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from services.inference.evidence import of_source, read_evidence
from services.inference.heading import Heading, instance_uid, keynote_uid, seg_uid
from services.inference.model import Stage
from services.inference.result import Result, Source


@dataclass(frozen=True, slots=True)
class Document:
    """A DICOM file for the study."""

    sop_instance_uid: str
    data: bytes


def described(result: Result) -> list[Source]:
    """The sources whose headers the documents are written from: of one study, one of each modality says all."""
    return list({group.source.modality: group.source for group in reversed(result.shown_groups)}.values())


def write_documents(
    heading: Heading,
    result: Result,
    images: Sequence[tuple[Path, Source]],
    study_instance_uid: str,
    decoded: dict[str, str],
) -> list[Document]:
    """SR, SEGs and key-object note of the result's shown groups, the SR first; `images` are local copies of what `described` names."""
    # highdicom takes seconds and 60 MB that only a worker needs.
    from services.inference import keynote, seg, sr  # noqa: PLC0415

    read = {source.modality: read_evidence(path, source, study_instance_uid, decoded) for path, source in images}
    sources = {group.source.sop_instance_uid: group.source for group in result.shown_groups}
    evidence: dict[str, Dataset] = {
        uid: of_source(copy.deepcopy(read[source.modality]), source) for uid, source in sources.items()
    }
    documents = [Document(instance_uid(heading.analysis_id), sr.write(heading, result, list(evidence.values())))]
    outlined = [
        group
        for group in result.shown_groups
        if group.reading.observation.contour and result.run_of(group.model).stage is Stage.READ
    ]
    for number, group in enumerate(outlined, 1):
        image = evidence[group.source.sop_instance_uid]
        if segmentation := seg.write(heading, result.run_of(group.model), group, number, image):
            documents.append(Document(seg_uid(heading.analysis_id, group), segmentation))
    if note := keynote.write(heading, result, list(evidence.values())):
        documents.append(Document(keynote_uid(heading.analysis_id), note))
    return documents
