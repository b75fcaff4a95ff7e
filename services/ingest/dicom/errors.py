"""What can be wrong with a file that claims to be DICOM."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Which instance a file seems to be, as far as it could be read."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""


class Unreadable(Exception):
    """The file cannot be understood as DICOM; the message says what and at which byte."""

    identity = Identity()


class NotDicom(Unreadable):
    """There is no DICOM file here at all."""


class Truncated(Unreadable):
    """The file ends before its last element does."""


class UnsupportedSyntax(Unreadable):
    """The dataset is encoded in a way that is not known here."""


class TooLong(Unreadable):
    """An element, or the dataset once inflated, is longer than allowed."""
