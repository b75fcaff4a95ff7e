"""DICOM JSON as the Native DICOM Model in XML: PS3.19 Annex A.1."""

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from pydicom.datadict import keyword_for_tag

_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
# What XML 1.0 has no way to write (section 2.2).
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")


def to_xml(dataset: dict[str, Any]) -> bytes:
    """`dataset` as an XML document in UTF-8."""
    root = Element("NativeDicomModel", {"xmlns": _NAMESPACE, "xml:space": "preserve"})
    _fill(root, dataset)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(tostring(root, encoding="utf-8"))


def _fill(parent: Element, dataset: dict[str, Any]) -> None:
    for tag, attribute in sorted(dataset.items()):
        node = SubElement(parent, "DicomAttribute", {"tag": tag, "vr": attribute["vr"]})
        if keyword := keyword_for_tag(int(tag, 16)):
            node.set("keyword", keyword)
        if "BulkDataURI" in attribute:
            SubElement(node, "BulkData", {"uri": attribute["BulkDataURI"]})
        if "InlineBinary" in attribute:
            SubElement(node, "InlineBinary").text = attribute["InlineBinary"]
        for number, value in enumerate(attribute.get("Value", []), 1):
            _value(node, attribute["vr"], number, value)


def _value(node: Element, vr: str, number: int, value: Any) -> None:
    place = {"number": str(number)}
    if vr == "SQ":
        _fill(SubElement(node, "Item", place), value or {})
    elif vr == "PN":
        person = SubElement(node, "PersonName", place)
        for group in _NAME_GROUPS:
            if group in (value or {}):
                part = SubElement(person, group)
                for name, text in zip(_NAME_PARTS, value[group].split("^"), strict=False):
                    SubElement(part, name).text = _text(text)
    else:
        SubElement(node, "Value", place).text = "" if value is None else _text(str(value))


def _text(value: str) -> str:
    return _UNWRITABLE.sub("\ufffd", value)
