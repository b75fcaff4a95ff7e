"""What is noted about a file, and what is refused."""

import contextlib
import json
import tempfile
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from services.ingest.dicom.errors import Identity, NotDicom, TooLong, Truncated, Unreadable, UnsupportedSyntax
from services.ingest.dicom.frames import FrameIndex
from services.ingest.dicom.inspection import inspect
from tests.unit.ingest import files

_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
_EXAMPLES = sorted(Path(pydicom.__file__).parent.glob("data/test_files/*.dcm"))


def _nested() -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "1", "one"
    return item


@pytest.mark.parametrize("syntax", _SYNTAXES)
def test_the_same_dataset_is_noted_alike_in_every_encoding(tmp_path: Path, syntax: str) -> None:
    found = files.dataset(syntax, ConceptNameCodeSequence=[_nested()])
    noted = inspect(str(files.write(tmp_path, found)), 1 << 30)
    assert noted.metadata["0040A043"]["Value"][0]["00080104"]["Value"] == ["one"]
    assert noted.metadata["00100010"]["Value"] == [{"Alphabetic": "Wang^Fang"}]
    assert noted.metadata["7FE00010"]["BulkDataURI"].endswith("/instances/1.2.3.4/bulkdata/7FE00010")
    assert noted.number_of_frames == 1
    (span,) = FrameIndex.unpack(noted.frame_spans)
    data = Path(noted.inflated or tmp_path / "file.dcm").read_bytes()
    assert data[span[0] : sum(span)] == bytes(range(24))


@pytest.mark.parametrize("syntax", _SYNTAXES)
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, syntax: str) -> None:
    whole = files.encode(files.dataset(syntax, ConceptNameCodeSequence=[_nested()]))
    path = tmp_path / "cut.dcm"
    for cut in range(0, len(whole) - 2, 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(Unreadable):
            inspect(str(path), 1 << 30)


@pytest.mark.parametrize("syntax", _SYNTAXES)
def test_a_file_cut_short_is_named_as_soon_as_its_header_is_there(tmp_path: Path, syntax: str) -> None:
    whole = files.encode(files.dataset(syntax))
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole[:-8])
    with pytest.raises(Truncated) as cut:
        inspect(str(path), 1 << 30)
    # A deflated dataset that breaks off is known by its File Meta alone.
    study = "" if syntax == DeflatedExplicitVRLittleEndian else "1.2.3"
    assert cut.value.identity == Identity(files.US, "1.2.3.4", study)
    path.write_bytes(whole[:200])
    with pytest.raises(Unreadable) as header:
        inspect(str(path), 1 << 30)
    assert header.value.identity == Identity()


def test_a_file_in_an_unknown_transfer_syntax_is_named_by_its_file_meta(tmp_path: Path) -> None:
    path = tmp_path / "unknown.dcm"
    path.write_bytes(files.encode(files.dataset()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.9\0"))
    with pytest.raises(UnsupportedSyntax) as unknown:
        inspect(str(path), 1 << 30)
    assert unknown.value.identity == Identity(files.US, "1.2.3.4")


def test_a_file_cut_in_its_pixels_says_where_it_ends(tmp_path: Path) -> None:
    whole = files.encode(files.dataset())
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole[:-5])
    with pytest.raises(Truncated, match=rf"ends at byte {len(whole) - 5}, inside \(7FE0,0010\)"):
        inspect(str(path), 1 << 30)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_otherwise_than_by_refusing(noise: bytes) -> None:
    head = files.encode(files.dataset())[:400]
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        file.write(head + noise)
        file.flush()
        with contextlib.suppress(Unreadable):
            inspect(file.name, 1 << 20)


def test_what_is_no_dicom_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"<html>" * 100)
    with pytest.raises(NotDicom, match="DICM"):
        inspect(str(path), 1 << 30)


def test_an_unknown_transfer_syntax_is_named(tmp_path: Path) -> None:
    data = files.encode(files.dataset()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.9\0")
    path = tmp_path / "odd.dcm"
    path.write_bytes(data)
    with pytest.raises(UnsupportedSyntax, match=r"1\.2\.840\.10008\.1\.9\.9"):
        inspect(str(path), 1 << 30)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID"])
def test_a_dataset_without_its_identity_is_refused(tmp_path: Path, keyword: str) -> None:
    found = files.dataset()
    delattr(found, keyword)
    with pytest.raises(Unreadable, match="UID"):
        inspect(str(files.write(tmp_path, found)), 1 << 30)


def test_a_deflated_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    found = files.dataset(DeflatedExplicitVRLittleEndian, Rows=4000, Columns=4000)
    found.PixelData = bytes(4000 * 4000)
    path = files.write(tmp_path, found)
    with pytest.raises(TooLong, match="inflates"):
        inspect(str(path), 1 << 20)
    assert list(tmp_path.iterdir()) == [path]


def test_the_digest_is_of_the_dataset_alone(tmp_path: Path) -> None:
    found = files.dataset()
    first = inspect(str(files.write(tmp_path, found)), 1 << 30)
    found.file_meta.ImplementationVersionName = "ANOTHER"
    second = inspect(str(files.write(tmp_path, found)), 1 << 30)
    assert first.dataset_digest == second.dataset_digest
    assert first.size_bytes != second.size_bytes


def test_what_a_sender_rewrites_on_the_way_does_not_make_another_dataset(tmp_path: Path) -> None:
    """dcmtk does: group lengths, lengths of sequences, padding."""
    found = files.dataset(ConceptNameCodeSequence=[_nested()])
    first = inspect(str(files.write(tmp_path, found)), 1 << 30)
    found["ConceptNameCodeSequence"].is_undefined_length = True
    found.ConceptNameCodeSequence[0].is_undefined_length_sequence_item = True
    found.add_new(0x00280000, "UL", 1234)
    found.add_new(0xFFFCFFFC, "OB", bytes(64))
    second = inspect(str(files.write(tmp_path, found)), 1 << 30)
    assert first.size_bytes != second.size_bytes
    assert first.dataset_digest == second.dataset_digest


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("PatientID", "P-2"), ("PixelData", bytes(24)), ("PatientComments", "new"), ("InstanceNumber", 2)],
)
def test_any_other_difference_makes_another_dataset(tmp_path: Path, keyword: str, value: object) -> None:
    found = files.dataset(ConceptNameCodeSequence=[_nested()])
    first = inspect(str(files.write(tmp_path, found)), 1 << 30)
    setattr(found, keyword, value)
    assert inspect(str(files.write(tmp_path, found)), 1 << 30).dataset_digest != first.dataset_digest


def test_a_difference_inside_a_sequence_makes_another_dataset(tmp_path: Path) -> None:
    found = files.dataset(ConceptNameCodeSequence=[_nested()])
    first = inspect(str(files.write(tmp_path, found)), 1 << 30)
    found.ConceptNameCodeSequence[0].CodeMeaning = "two"
    assert inspect(str(files.write(tmp_path, found)), 1 << 30).dataset_digest != first.dataset_digest


def test_long_values_are_referred_to(tmp_path: Path) -> None:
    found = files.dataset()
    found.add_new(0x00420011, "OB", b"%PDF" * 5000)
    noted = inspect(str(files.write(tmp_path, found)), 1 << 30)
    offset, length = noted.bulk["00420011"]
    assert (tmp_path / "file.dcm").read_bytes()[offset : offset + length] == b"%PDF" * 5000
    assert "InlineBinary" not in noted.metadata["00420011"]


def test_a_broken_value_hides_no_other(tmp_path: Path) -> None:
    data = files.encode(files.dataset(InstanceNumber="17", PatientAge="030Y")).replace(b"17", b"1x")
    path = tmp_path / "broken.dcm"
    path.write_bytes(data)
    noted = inspect(str(path), 1 << 30)
    assert "00200013" not in noted.metadata
    assert noted.metadata["00101010"]["Value"] == ["030Y"]


@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda path: path.name)
def test_real_files_are_read_or_refused_with_a_reason(path: Path) -> None:
    """pydicom's own test files, many of them broken on purpose."""
    try:
        noted = inspect(str(path), 1 << 30)
    except Unreadable as error:
        assert str(error)
        return
    assert json.loads(noted.metadata_text)["0020000D"]["Value"] == [noted.study_instance_uid]
    Path(noted.inflated).unlink() if noted.inflated else None
