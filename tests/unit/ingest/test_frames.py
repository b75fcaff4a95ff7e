"""Frame offsets, held against pydicom's own reading."""

import tempfile
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from services.ingest.dicom.frames import FrameIndex, join_fragments
from services.ingest.dicom.inspection import Inspection, inspect
from tests.unit.ingest import files


def _inspect(found: pydicom.FileDataset) -> tuple[Inspection, bytes]:
    data = files.encode(found)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.dcm"
        path.write_bytes(data)
        return inspect(str(path), 1 << 30), data


def _frames(inspection: Inspection, data: bytes) -> list[bytes]:
    spans = FrameIndex.unpack(inspection.frame_spans)
    return [data[offset : offset + length] for offset, length in spans]


@settings(deadline=None, max_examples=40)
@given(
    frames=st.integers(1, 5), rows=st.integers(1, 9), columns=st.integers(1, 9), samples=st.sampled_from([1, 3]),
    bits=st.sampled_from([8, 16]),
)  # fmt: skip
def test_native_frames_are_where_pydicom_finds_them(
    frames: int, rows: int, columns: int, samples: int, bits: int
) -> None:
    found = files.dataset(
        NumberOfFrames=frames, Rows=rows, Columns=columns, SamplesPerPixel=samples, BitsAllocated=bits, BitsStored=bits,
        HighBit=bits - 1, PhotometricInterpretation="RGB" if samples == 3 else "MONOCHROME2",
    )  # fmt: skip
    if samples == 3:
        found.PlanarConfiguration = 0
    size = rows * columns * samples * bits // 8
    pixels = bytes(n % 251 for n in range(size * frames))
    found.PixelData = pixels + b"\0" * (len(pixels) % 2)
    inspection, data = _inspect(found)
    assert _frames(inspection, data) == [pixels[n * size : (n + 1) * size] for n in range(frames)]


def _picture(body: bytes) -> bytes:
    """Something that begins and ends as a JPEG does."""
    picture = b"\xff\xd8\xff\xe0" + body.replace(b"\xff", b"\0") + b"\xff\xd9"
    return picture + b"\0" * (len(picture) % 2)


@settings(deadline=None, max_examples=60)
@given(
    pictures=st.lists(st.binary(min_size=8, max_size=40).map(_picture), min_size=1, max_size=6),
    pieces=st.integers(1, 3),
    table=st.sampled_from(["none", "basic", "extended"]),
)
def test_encapsulated_frames_are_what_pydicom_finds(pictures: list[bytes], pieces: int, table: str) -> None:
    found = files.dataset(JPEGBaseline8Bit, NumberOfFrames=len(pictures))
    if table == "extended":
        found.PixelData, found.ExtendedOffsetTable, found.ExtendedOffsetTableLengths = encapsulate_extended(pictures)
    else:
        found.PixelData = encapsulate(pictures, fragments_per_frame=pieces, has_bot=table == "basic")
    found["PixelData"].is_undefined_length = True
    inspection, data = _inspect(found)
    ours = [join_fragments(span) for span in _frames(inspection, data)]
    assert ours == pictures
    theirs = generate_frames(found.PixelData, number_of_frames=len(pictures))
    assert ours == list(theirs)


def test_frames_that_cannot_be_told_apart_are_said_to_be_so() -> None:
    found = files.dataset(RLELossless, NumberOfFrames=2)
    found.PixelData = encapsulate([b"ab" * 20], fragments_per_frame=3, has_bot=False)
    found["PixelData"].is_undefined_length = True
    inspection, _ = _inspect(found)
    assert "cannot be told apart" in inspection.frame_fault
    assert inspection.frame_spans == b""


def test_pixels_too_short_for_their_frames_are_said_to_be_so() -> None:
    inspection, _ = _inspect(files.dataset(ExplicitVRLittleEndian, NumberOfFrames=3))
    assert "3 frames" in inspection.frame_fault


@pytest.mark.parametrize("length", [192, 128])
def test_native_422_is_measured_by_what_is_there(length: int) -> None:
    found = files.dataset(
        Rows=8, Columns=8, SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation="YBR_FULL_422"
    )
    found.PixelData = bytes(length)
    inspection, data = _inspect(found)
    assert [len(frame) for frame in _frames(inspection, data)] == [length]
