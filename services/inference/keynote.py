"""The frames that decided, as a key-object note (Key Object Selection, TID 2010). A pure function of its arguments, as the SR is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from highdicom import sr
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset

from services.inference.finish import FromSource, file_of, stamp
from services.inference.heading import Heading, keynote_series_uid, keynote_uid
from services.inference.model import Mode, Scope, Stage, derived_uid
from services.inference.result import Result
from services.inference.sr import MANUFACTURER, investigational_notice

_SERIES_NUMBER = 9003
_OF_INTEREST = sr.CodedConcept("113000", "DCM", "Of Interest")  # PS3.16 CID 7010


def deciding_frames(result: Result) -> dict[str, list[int]]:
    """By image, the frames on which what is shown was read; screening models read nothing, nor does who is not sure."""
    found: dict[str, set[int]] = {}
    for group in result.shown_groups:
        run = result.run_of(group.model)
        if run.stage is Stage.READ and group.says_something:
            frames = group.frames if run.scope is Scope.CLIP and group.frames else (group.frame,)
            found.setdefault(group.source.sop_instance_uid, set()).update(frames)
    return {image: sorted(frames) for image, frames in sorted(found.items())}


class _KeyObjects(FromSource, KeyObjectSelectionDocument):
    """With the patient and the study as our own list has them."""


def write(heading: Heading, result: Result, evidence: Sequence[Dataset]) -> bytes | None:
    """The DICOM file; None where nothing was read. `evidence` as the SR has it."""
    frames = deciding_frames(result)
    images = [image for image in evidence if image.SOPInstanceUID in frames]
    if not images:
        return None
    content = KeyObjectSelection(
        document_title=_OF_INTEREST,
        referenced_objects=images,
        observer_device_context=sr.ObserverContext(
            observer_type=sr.CodedConcept("121007", "DCM", "Device"),
            observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                uid=derived_uid("device", "inference"), name="SonoBridge inference", manufacturer_name=MANUFACTURER
            ),
        ),
        description=_description(result),
    )
    _name_frames(content, images, frames)
    document = _KeyObjects(
        evidence=images,
        content=content,
        series_instance_uid=keynote_series_uid(heading.analysis_id),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=keynote_uid(heading.analysis_id),
        instance_number=heading.exam_revision,
        manufacturer=MANUFACTURER,
        series_description="AI key images, investigational" if result.investigational else "AI key images",
    )
    stamp(document, heading.content_time)
    document.SpecificCharacterSet = "ISO_IR 192"
    return file_of(document)


def _name_frames(content: KeyObjectSelection, images: Sequence[Dataset], frames: Mapping[str, Sequence[int]]) -> None:
    clips = {image.SOPInstanceUID for image in images if int(image.get("NumberOfFrames", 1)) > 1}
    for item in content[0].ContentSequence:
        for reference in item.get("ReferencedSOPSequence") or ():
            if reference.ReferencedSOPInstanceUID in clips:
                reference.ReferencedFrameNumber = list(frames[reference.ReferencedSOPInstanceUID])


def _description(result: Result) -> str:
    shown = [run for run in result.answering_runs if run.stage is Stage.READ]
    names = ", ".join(f"{run.model} {run.version}" for run in shown)
    notices = [investigational_notice(run) for run in shown if run.mode is Mode.TRIAL]
    return " ".join([f"Frames on which AI findings rest: {names}.", *notices])
