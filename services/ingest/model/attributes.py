"""Which attributes are kept and answered at each level of a query: PS3.18 tables 10.6.3-3 to 10.6.3-5, and a few that people ask for."""

from typing import Any

STUDY = (
    "00080020",  # Study Date
    "00080030",  # Study Time
    "00080050",  # Accession Number
    "00080080",  # Institution Name
    "00080090",  # Referring Physician's Name
    "00080201",  # Timezone Offset From UTC
    "00081030",  # Study Description
    "00100010",  # Patient's Name
    "00100020",  # Patient ID
    "00100021",  # Issuer of Patient ID
    "00100030",  # Patient's Birth Date
    "00100040",  # Patient's Sex
    "00101010",  # Patient's Age
    "00200010",  # Study ID
)
SERIES = (
    "00080021",  # Series Date
    "00080031",  # Series Time
    "00080060",  # Modality
    "00080070",  # Manufacturer
    "0008103E",  # Series Description
    "00081010",  # Station Name
    "00081090",  # Manufacturer's Model Name
    "00180015",  # Body Part Examined
    "00200011",  # Series Number
    "00200060",  # Laterality
    "00400244",  # Performed Procedure Step Start Date
    "00400245",  # Performed Procedure Step Start Time
    "00400275",  # Request Attributes Sequence
)
INSTANCE = (
    "00080008",  # Image Type
    "00080016",  # SOP Class UID
    "00080018",  # SOP Instance UID
    "00080023",  # Content Date
    "00080033",  # Content Time
    "00083002",  # Available Transfer Syntax UID
    "00181063",  # Frame Time
    "00200013",  # Instance Number
    "00280008",  # Number of Frames
    "00280010",  # Rows
    "00280011",  # Columns
    "00280100",  # Bits Allocated
    "0040A043",  # Concept Name Code Sequence
)
BY_LEVEL = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}


def pick(metadata: dict[str, Any], tags: tuple[str, ...]) -> dict[str, Any]:
    """The part of an instance's metadata that a level keeps."""
    return {tag: metadata[tag] for tag in tags if tag in metadata}
