"""The result as a DICOM SR: Comprehensive SR, TID 1500; what is outlined as TID 1410 groups, what is not as TID 1501 groups. A pure
function of its arguments, so that the same record gives the same bytes. Strict when writing, tolerant of what the source says."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import highdicom.sr as hd
import numpy as np
from highdicom import UID
from highdicom._standard_utils import get_sop_class_iod_map
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr.templates import ImageLibraryEntryDescriptors
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from services.inference import codes
from services.inference.finish import FromSource, file_of
from services.inference.heading import Heading, instance_uid, series_uid, tracking_uid
from services.inference.model import Code, Evaluation, FrameReading, Measurement, Mode, Observation, Stage, derived_uid
from services.inference.result import FAILED, Contradiction, Group, Result, Run, Silence

MANUFACTURER = "SonoBridge"
_SERIES_NUMBER = 9001  # far above a scanner's own


class _Document(FromSource, hd.ComprehensiveSR):
    """With the patient and the study as our own list has them."""


def write(heading: Heading, result: Result, evidence: Sequence[Dataset]) -> bytes:
    """The DICOM file of the shown groups; `evidence` holds a dataset of services.inference.evidence for each of their images."""
    classes = {image.SOPInstanceUID: image.SOPClassUID for image in evidence}
    evidence = [_with_current_class(image) for image in evidence]
    root = _report(heading, result, evidence)[0]
    # highdicom copies the tree twice and searches it three times, at half the cost of writing: it gets the root alone.
    items = root.ContentSequence
    root.ContentSequence = []
    when = heading.content_time
    document = _Document(
        evidence=list(evidence),
        content=root,
        series_instance_uid=series_uid(heading.analysis_id),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=instance_uid(heading.analysis_id),
        instance_number=heading.exam_revision,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="SonoBridge inference",
        software_versions=heading.software_version,
        series_description=_series_description(result),
        is_complete=True,
        is_final=False,
        previous_versions=_before(result, evidence[0].StudyInstanceUID),
        specific_character_set="ISO_IR 192",
        content_date=when.date(),
        content_time=when.time(),
        series_date=when.date(),
        series_time=when.time(),
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=codes.PRIVATE_SCHEME,
                name=codes.PRIVATE_SCHEME_NAME,
                responsible_organization=MANUFACTURER,
            )
        ],
    )
    document.ContentSequence = items
    # highdicom stamps the present; the record's time makes the second writing the same as the first.
    document.InstanceCreationDate, document.InstanceCreationTime = document.ContentDate, document.ContentTime
    for equipment in document.get("ContributingEquipmentSequence") or ():
        equipment.ContributionDateTime = when
    for item in _references(document):
        item.ReferencedSOPClassUID = classes.get(item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID)
    return file_of(document)


def _before(result: Result, study_instance_uid: str) -> list[Dataset] | None:
    """The document that this one comes after (PS3.3, C.17.2: Predecessor Documents)."""
    if result.predecessor is None:
        return None
    before = Dataset()
    before.StudyInstanceUID = study_instance_uid
    before.SeriesInstanceUID = series_uid(result.predecessor)
    before.SOPClassUID = ComprehensiveSRStorage
    before.SOPInstanceUID = instance_uid(result.predecessor)
    return [before]


def _with_current_class(image: Dataset) -> Dataset:
    """highdicom knows no retired classes, which real scanners still write: it gets the one that came after, and the
    finished document the true one."""
    current = copy.deepcopy(image)
    current.SOPClassUID = _current_class(image.SOPClassUID, int(image.get("NumberOfFrames", 1)))
    return current


def _current_class(sop_class_uid: str, number_of_frames: int) -> str:
    if sop_class_uid in get_sop_class_iod_map():
        return sop_class_uid
    return UltrasoundMultiFrameImageStorage if number_of_frames > 1 else UltrasoundImageStorage


def _references(dataset: Dataset) -> Iterator[Dataset]:
    """Every item, however deep, that refers to an instance."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                if "ReferencedSOPInstanceUID" in item:
                    yield item
                yield from _references(item)


def _report(heading: Heading, result: Result, evidence: Sequence[Dataset]) -> hd.MeasurementReport:
    observer = hd.ObserverContext(
        observer_type=_coded(Code("121007", "DCM", "Device")),
        observer_identifying_attributes=hd.DeviceObserverIdentifyingAttributes(
            uid=derived_uid("device", "inference"),
            name="SonoBridge inference",
            manufacturer_name=MANUFACTURER,
            model_name=", ".join(f"{run.model} {run.version}" for run in result.answering_runs),
        ),
    )
    ultrasound = all(image.Modality == "US" for image in evidence)
    report = hd.MeasurementReport(
        observation_context=hd.ObservationContext(observer_device_context=observer),
        procedure_reported=_coded(codes.ULTRASONOGRAPHY if ultrasound else codes.IMAGING_PROCEDURE),
        imaging_measurements=[_group(heading, result, group) for group in result.shown_groups],
        referenced_images=[image for image in evidence if _describable(image)] or None,
    )
    remarks = [investigational_notice(run) for run in result.answering_runs if run.mode is Mode.TRIAL]
    remarks += [contradiction_notice(one) for one in result.contradictions]
    remarks += failure_notices(result)
    remarks += silence_notices(result)
    for remark in remarks:
        report[0].ContentSequence.append(
            hd.TextContentItem(
                name=_coded(codes.COMMENT), value=remark, relationship_type=hd.RelationshipTypeValues.CONTAINS
            )
        )
    return report


def contradiction_notice(one: Contradiction) -> str:
    """What is said where image and exam name different anatomies."""
    image, seen = one.sop_instance_uid, one.view.meaning
    return f"The exam names the body part {one.body_part}; image {image} shows {seen} and was read as that."


def failure_notices(result: Result) -> list[str]:
    """The models that were called for and failed, so that what they do not say is not taken for nothing found."""
    failed = [run for run in result.shown_runs if run.outcome == FAILED]
    return [f"{run.model} {run.version} failed on this exam and says nothing: {run.reason}" for run in failed]


def silence_notices(result: Result) -> list[str]:
    """Of how much nothing is said, and why, so that nobody takes silence for a finding."""
    counted: dict[tuple[str, str], list[Silence]] = {}
    for one in result.shown_silences:
        counted.setdefault((one.model, one.reason), []).append(one)
    notices = []
    for (model, reason), silences in counted.items():
        frames, images = sum(one.frames for one in silences), len({one.source.sop_instance_uid for one in silences})
        who = f"{model} {result.run_of(model).version}" if model else "AI"
        notices.append(f"{who} says nothing of {frames} frame(s) of {images} image(s): {reason}")
    return notices


def investigational_notice(run: Run) -> str:
    """What every result of a trial says."""
    return f"Investigational: {run.model} {run.version} is used in a clinical trial under ethics protocol {run.ethics_protocol}."


Group1410 = hd.PlanarROIMeasurementsAndQualitativeEvaluations
Group1501 = hd.MeasurementsAndQualitativeEvaluations


def _group(heading: Heading, result: Result, group: Group) -> Group1410 | Group1501:
    run, reading = result.run_of(group.model), group.reading
    source, observation = group.source, group.reading.observation
    sop_class = _current_class(source.sop_class_uid, source.number_of_frames)
    clip = source.number_of_frames > 1
    frames = [group.frame] if clip else None
    image = hd.SourceImageForMeasurement(sop_class, source.sop_instance_uid, frames)
    anatomy = observation.view if observation.view and observation.view.scheme != codes.PRIVATE_SCHEME else None
    finding = observation.finding or (observation.view if run.stage is Stage.READ else None)
    common: dict[str, Any] = {
        "tracking_identifier": hd.TrackingIdentifier(
            uid=UID(tracking_uid(heading.analysis_id, group)),
            identifier=f"{group.model} {source.sop_instance_uid[-12:]} frame {group.frame}",
        ),
        "finding_type": _coded(finding) if finding else None,
        "finding_sites": [hd.FindingSite(anatomic_location=_coded(anatomy))] if anatomy else None,
        "algorithm_id": hd.AlgorithmIdentification(
            name=run.model,
            version=run.version,
            parameters=_parameters(run, reading),
            family=_coded(codes.ARTIFICIAL_INTELLIGENCE),
            manufacturer=MANUFACTURER,
        ),
        "measurements": [
            *(_measurement(figure, image) for figure in reading.measurements),
            hd.Measurement(
                name=_coded(codes.CERTAINTY),
                value=observation.certainty_percent,
                unit=_coded(codes.UNITS["%"]),
                referenced_images=[image],
            ),
        ],
        "qualitative_evaluations": [*_view(observation), *map(_evaluation, observation.evaluations)] or None,
    }
    if observation.contour:
        return Group1410(
            referenced_region=hd.ImageRegion(
                graphic_type=hd.GraphicTypeValues.POLYLINE,
                graphic_data=_closed_inside(observation, source.columns, source.rows),
                source_image=hd.SourceImageForRegion(sop_class, source.sop_instance_uid, frames),
            ),
            **common,
        )
    said = list(group.frames or (group.frame,)) if clip else None
    seen_on = hd.SourceImageForMeasurementGroup(sop_class, source.sop_instance_uid, said)
    return Group1501(source_images=[seen_on], **common)


def _view(observation: Observation) -> list[hd.QualitativeEvaluation]:
    view = observation.view
    return [hd.QualitativeEvaluation(name=_coded(codes.IMAGE_VIEW), value=_coded(view))] if view else []


def _evaluation(one: Evaluation) -> hd.QualitativeEvaluation:
    """The answer with its own certainty beneath it, and why there is none."""
    item = hd.QualitativeEvaluation(name=_coded(one.question), value=_coded(one.answer or codes.CANNOT_BE_JUDGED))
    beneath: list[Any] = []
    if one.answer and one.certainty_percent is not None:
        beneath.append(
            hd.NumContentItem(
                name=_coded(codes.CERTAINTY),
                value=one.certainty_percent,
                unit=_coded(codes.UNITS["%"]),
                relationship_type=hd.RelationshipTypeValues.HAS_PROPERTIES,
            )
        )
    beneath += [
        hd.TextContentItem(
            name=_coded(codes.COMMENT), value=text, relationship_type=hd.RelationshipTypeValues.HAS_PROPERTIES
        )
        for text in (one.why, one.source)
        if text
    ]
    if beneath:
        item[0].ContentSequence = beneath
    return item


def _measurement(figure: Measurement, image: hd.SourceImageForMeasurement) -> hd.Measurement:
    interval = None
    if figure.lower < figure.value or figure.upper > figure.value:
        interval = hd.MeasurementProperties(
            upper_measurement_uncertainty=round(figure.upper - figure.value, 3),
            lower_measurement_uncertainty=round(figure.value - figure.lower, 3),
        )
        for item in interval:  # highdicom writes them without a unit; they have the measurement's own (TID 310)
            item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [_coded(codes.UNITS[figure.unit])]
    return hd.Measurement(
        name=_coded(figure.code),
        value=figure.value,
        unit=_coded(codes.UNITS[figure.unit]),
        method=_coded(figure.method_code) if figure.method_code else None,
        properties=interval,
        referenced_images=[image],
    )


def _parameters(run: Run, reading: FrameReading) -> list[str]:
    parameters = [f"weights SHA-256 {run.digest_sha256}", f"regulatory mode {run.mode}"]
    for figure in reading.measurements:
        how = "; ".join(part for part in (figure.derivation, figure.method) if part)
        parameters.append(f"{figure.code.meaning}: {how}")
    if run.mode is Mode.TRIAL:
        parameters.append(investigational_notice(run))
    if reading.uncalibrated:
        parameters.append(f"No lengths: {reading.uncalibrated}")
    return parameters


def _closed_inside(observation: Observation, columns: int, rows: int) -> np.ndarray:
    """The contour as a closed polyline on the image; the outline may reach beyond a cut picture, its coordinates may not."""
    points = np.asarray(observation.contour, np.float32)
    points = np.clip(points, 0, (columns, rows))
    return np.vstack([points, points[:1]])


def _series_description(result: Result) -> str:
    names = ", ".join(run.model for run in result.answering_runs)
    return (f"AI measurements, investigational: {names}" if result.investigational else f"AI measurements: {names}")[
        :64
    ]


def _describable(image: Dataset) -> bool:
    """Whether TID 1602 has descriptors for the image; retired classes have none, the evidence names them all the same."""
    try:
        ImageLibraryEntryDescriptors(image)
    except (AttributeError, KeyError, ValueError):
        return False
    return True


def _coded(code: Code) -> hd.CodedConcept:
    return hd.CodedConcept(value=code.value, scheme_designator=code.scheme, meaning=code.meaning)
