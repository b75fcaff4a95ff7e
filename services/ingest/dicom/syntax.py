"""Transfer syntaxes as data: PS3.5 section 10 and Annex A, PS3.6 Annex A; media types from PS3.18 section 8.7.3."""

from dataclasses import dataclass

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

OCTET_STREAM = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """How a dataset is encoded, and the media type of one of its frames."""

    uid: str
    media_type: str = OCTET_STREAM
    explicit: bool = True
    little_endian: bool = True
    encapsulated: bool = False
    deflated: bool = False
    video: bool = False


def _encapsulated(uid: str, media_type: str, video: bool = False) -> TransferSyntax:
    return TransferSyntax(uid, media_type, encapsulated=True, video=video)


_BASE = "1.2.840.10008.1.2."
_ALL = (
    TransferSyntax(IMPLICIT_LITTLE, explicit=False),
    TransferSyntax(EXPLICIT_LITTLE),
    TransferSyntax(EXPLICIT_BIG, little_endian=False),
    TransferSyntax(DEFLATED, deflated=True),
    *(_encapsulated(_BASE + f"4.{n}", "image/jpeg") for n in (50, 51, 57, 70)),
    *(_encapsulated(_BASE + f"4.{n}", "image/jls") for n in (80, 81)),
    *(_encapsulated(_BASE + f"4.{n}", "image/jp2") for n in (90, 91)),
    *(_encapsulated(_BASE + f"4.{n}", "image/jpx") for n in (92, 93)),
    *(_encapsulated(_BASE + f"4.{n}", "image/jxl") for n in (110, 111, 112)),
    *(_encapsulated(_BASE + f"4.{n}", "image/jphc") for n in (201, 202, 203)),
    *(_encapsulated(_BASE + f"4.{n}", "video/mpeg", video=True) for n in ("100", "100.1", "101", "101.1")),
    *(
        _encapsulated(_BASE + f"4.{n}", "video/mp4", video=True)
        for n in ("102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1", "106", "106.1", "107", "108")
    ),
    _encapsulated(_BASE + "5", "image/dicom-rle"),
    _encapsulated(_BASE + "8.1", OCTET_STREAM),  # Deflated Image Frame Compression
)
BY_UID = {syntax.uid: syntax for syntax in _ALL}
