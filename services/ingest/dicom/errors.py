"""What can be wrong with a file that claims to be DICOM."""


class Unreadable(Exception):
    """The file cannot be understood as DICOM; the message says what and at which byte."""


class NotDicom(Unreadable):
    """There is no DICOM file here at all."""


class Truncated(Unreadable):
    """The file ends before its last element does."""


class UnsupportedSyntax(Unreadable):
    """The dataset is encoded in a way that is not known here."""


class TooLong(Unreadable):
    """An element, or the dataset once inflated, is longer than allowed."""
