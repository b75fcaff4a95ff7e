"""Parts of a data set that never share a subject: the part follows from the subject's name alone."""

import hashlib
from typing import Literal

Part = Literal["train", "validation", "test"]

VALIDATION_PERCENT = 10
TEST_PERCENT = 15


def part_of(dataset: str, subject: str) -> Part:
    """Part of a subject (exam or patient); the same on every machine and for every later image of the subject."""
    percent = int.from_bytes(hashlib.sha256(f"{dataset}/{subject}".encode()).digest()[:8]) % 100
    if percent < TEST_PERCENT:
        return "test"
    return "validation" if percent < TEST_PERCENT + VALIDATION_PERCENT else "train"
