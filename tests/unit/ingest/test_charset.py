"""Character sets as files declare them, or fail to: one and the same name is read from each."""

from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from services.ingest.dicom.charset import to_utf8

NAME = "李娜"


def as_read(declared: str | None, name: bytes) -> Dataset:
    """A dataset as read from a file whose PatientName has these bytes, and one in an item of a sequence."""
    placeholder = b"\x01" * (len(name) + len(name) % 2)
    item = Dataset()
    item.PersonName = placeholder.decode()
    dataset = Dataset()
    if declared is not None:
        dataset.SpecificCharacterSet = declared.split("\\")
    dataset.PatientName = placeholder.decode()
    dataset.PersonIdentificationCodeSequence = []
    dataset.OtherPatientIDsSequence = [item]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=False, implicit_vr=False, little_endian=True)
    padded = name + b" " * (len(name) % 2)
    return pydicom.dcmread(BytesIO(buffer.getvalue().replace(placeholder, padded)), force=True)


@pytest.mark.parametrize(
    ("declared", "name", "detected"),
    [
        ("GB18030", NAME.encode("gb18030"), ""),
        ("\\GB18030", NAME.encode("gb18030"), ""),
        ("GBK", NAME.encode("gbk"), ""),
        ("ISO_IR 192", NAME.encode(), ""),
        ("\\ISO 2022 IR 58", b"\x1b$)A" + NAME.encode("gb2312"), ""),
        ("\\ISO 2022 IR 58", NAME.encode("gb2312"), ""),
        ("ISO 2022 IR 58", b"\x1b$)A" + NAME.encode("gb2312") + b"\x1b(B", ""),
        (None, b"\x1b$)A" + NAME.encode("gb2312"), "ISO 2022 IR 58"),
        ("NOBODYS SET", NAME.encode("gb18030"), "GB18030"),
        (None, NAME.encode("gb18030"), "GB18030"),
        (None, NAME.encode(), "ISO_IR 192"),
        ("ISO_IR 6", NAME.encode("gb18030"), "GB18030"),
        ("ISO_IR 192", NAME.encode("gb18030"), "GB18030"),
    ],
)
def test_a_chinese_name_is_read_whatever_the_file_declares(declared: str | None, name: bytes, detected: str) -> None:
    dataset = as_read(declared, name)
    assert to_utf8(dataset).detected == detected
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert str(dataset.PatientName).strip() == NAME
    assert str(dataset.OtherPatientIDsSequence[0].PersonName).strip() == NAME
    assert dataset.to_json_dict()["00100010"]["Value"][0]["Alphabetic"].strip() == NAME
