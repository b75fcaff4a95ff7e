"""Why an instance is refused, and how each protocol says so.

Status of C-STORE: PS3.4 B.2.3 and PS3.7 annex C. Failure Reason (0008,1197) of STOW-RS: PS3.18 section 10.5.3 and I.2.2.
"""

from dataclasses import dataclass

FAILURE_COMMENT_CHARACTERS = 64  # Error Comment (0000,0902) is LO


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `code` is stable, for metrics and the list of refusals; `advice` says what the sender can do."""

    code: str
    status: int  # C-STORE
    failure_reason: int  # STOW-RS
    advice: str


NOT_DICOM = Reason("not_dicom", 0xC000, 0xC000, "send DICOM files (PS3.10)")
TRUNCATED = Reason("truncated", 0xC001, 0xC000, "the file is incomplete: send it again whole")
MALFORMED = Reason(
    "malformed", 0xC002, 0xC000, "the file breaks the rules of DICOM: have its maker's service look at it"
)
UNSUPPORTED_SYNTAX = Reason(
    "unsupported_transfer_syntax", 0xC122, 0xC122, "send it in a transfer syntax that the platform accepts"
)
TOO_LARGE = Reason("too_large", 0xA700, 0xA700, "the instance is larger than this platform takes")
STORAGE_FULL = Reason("storage_full", 0xA700, 0xA700, "the store is full for now: send it again later")
ANOTHER_DATASET = Reason(
    "uid_with_another_dataset",
    0xC111,
    0x0111,
    "this SOP Instance UID is stored with other content: give the changed instance a UID of its own",
)
ANOTHER_STUDY = Reason(
    "another_study", 0xA900, 0xA900, "the request names another study: send it to that study's address"
)
ANOTHER_INSTANCE = Reason("another_instance", 0xA900, 0xA900, "the request names another SOP Instance or SOP Class UID")

UNAVAILABLE_STATUS = 0xA701  # out of resources for now, nothing is wrong with the instance


@dataclass
class Refused(Exception):
    """An instance that was not stored; `detail` says what was found."""

    reason: Reason
    detail: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""

    def __str__(self) -> str:
        return f"{self.detail}; {self.reason.advice}"

    @property
    def comment(self) -> str:
        """As Error Comment: at most 64 characters of ASCII."""
        return self.detail.encode("ascii", "replace").decode()[:FAILURE_COMMENT_CHARACTERS]
