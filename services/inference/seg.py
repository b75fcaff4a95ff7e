"""An outline as a DICOM SEG: one binary segment on one frame. A pure function of its arguments, as the SR is."""

from __future__ import annotations

import copy

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage

from services.inference import codes
from services.inference.finish import FromSource, file_of, stamp
from services.inference.heading import Heading, seg_series_uid, seg_uid, tracking_uid
from services.inference.model import Code, Mode, derived_uid
from services.inference.polygon import filled
from services.inference.result import Group, Run
from services.inference.sr import MANUFACTURER, investigational_notice

_SERIES_NUMBER = 9002
# PS3.16 CID 7150: an anatomy is outlined whole, anything else is an altered structure.
_ANATOMY = Code("123037004", "SCT", "Anatomical Structure")
_ALTERED = Code("49755003", "SCT", "Morphologically Altered Structure")


class _Segmentation(FromSource, hd.seg.Segmentation):
    """With the patient and the study as our own list has them."""


def write(heading: Heading, run: Run, group: Group, number: int, evidence: Dataset) -> bytes | None:
    """The DICOM file of the group's outline, the `number`-th of its series; None where it holds no pixel's centre."""
    mask = filled(group.reading.observation.contour, group.source.rows, group.source.columns)
    if not mask.any():
        return None
    document = _Segmentation(
        # highdicom takes no multi-frames without a frame of reference: it gets the frame as an image of its own.
        source_images=[_as_still(evidence)],
        pixel_array=mask[np.newaxis],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_described(heading, run, group)],
        series_instance_uid=seg_series_uid(heading.analysis_id),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=seg_uid(heading.analysis_id, group),
        instance_number=number,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="SonoBridge inference",
        software_versions=heading.software_version,
        device_serial_number=run.digest_sha256[:16],
        content_label="AI_OUTLINE",
        content_description=_description(run),
        content_creator_name=f"{MANUFACTURER}^",
        series_description=_description(run),
        omit_empty_frames=False,
    )
    stamp(document, heading.content_time)
    document.SpecificCharacterSet = "ISO_IR 192"
    document.PatientOrientation = None  # what has no frame of reference says that it knows none, PS3.3 C.7.6.1.1.1
    organisation = derived_uid("seg-dimensions", heading.analysis_id)  # highdicom draws one anew each time
    for sequence in (document.DimensionOrganizationSequence, document.DimensionIndexSequence):
        for item in sequence:
            item.DimensionOrganizationUID = organisation
    _point_at(document, evidence, group)
    return file_of(document)


def _as_still(evidence: Dataset) -> Dataset:
    still = copy.deepcopy(evidence)
    still.SOPClassUID = UltrasoundImageStorage
    still.InstanceNumber = 1
    if "NumberOfFrames" in still:
        del still.NumberOfFrames
    return still


def _described(heading: Heading, run: Run, group: Group) -> hd.seg.SegmentDescription:
    observation = group.reading.observation
    view = observation.view
    kind = observation.finding or view or codes.LESION
    return hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=kind.meaning[:64],
        segmented_property_category=_coded(_ALTERED if observation.finding else _ANATOMY),
        segmented_property_type=_coded(kind),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=run.model, family=_coded(codes.ARTIFICIAL_INTELLIGENCE), version=run.version, source=MANUFACTURER
        ),
        tracking_uid=tracking_uid(heading.analysis_id, group),
        tracking_id=f"{group.model} {group.source.sop_instance_uid[-12:]} frame {group.frame}",
        anatomic_regions=[_coded(view)] if view and view.scheme != codes.PRIVATE_SCHEME else None,
    )


def _description(run: Run) -> str:
    return investigational_notice(run)[:64] if run.mode is Mode.TRIAL else f"AI outline: {run.model} {run.version}"[:64]


def _point_at(document: Dataset, evidence: Dataset, group: Group) -> None:
    """Every reference names the true class, and the frame of a clip."""
    for element in document:
        if element.VR != "SQ":
            continue
        for item in element.value:
            if item.get("ReferencedSOPInstanceUID") == group.source.sop_instance_uid:
                item.ReferencedSOPClassUID = evidence.SOPClassUID
                if group.source.number_of_frames > 1 and element.keyword == "SourceImageSequence":
                    item.ReferencedFrameNumber = group.frame
            _point_at(item, evidence, group)


def _coded(code: Code) -> hd.sr.CodedConcept:
    return hd.sr.CodedConcept(value=code.value, scheme_designator=code.scheme, meaning=code.meaning)
