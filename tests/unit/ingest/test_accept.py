"""Accept headers of DICOMweb clients."""

import pytest

from services.ingest.http.accept import choose, parse
from services.shared.errors import NotAcceptable

_JSON = ("application/dicom+json", "application/json")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/dicom+xml, application/json;q=0.5", "application/json"),
        ("application/json;q=0.1, application/dicom+json;q=0.9", "application/dicom+json"),
        ("application/*", "application/dicom+json"),
    ],
)
def test_the_best_liked_type_that_is_offered_is_taken(header: str | None, expected: str) -> None:
    assert choose(header, _JSON) == (expected, False)


@pytest.mark.parametrize(
    "header", ["text/html", "application/json;q=0", "multipart/related; type=application/json", "image/*"]
)
def test_nothing_that_is_offered_is_not_acceptable(header: str) -> None:
    with pytest.raises(NotAcceptable, match=r"application/dicom\+json"):
        choose(header, _JSON)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('multipart/related; type="application/dicom+xml"', ("application/dicom+xml", True)),
        ("multipart/related", ("application/dicom+xml", True)),
        (
            'application/dicom+json;q=0.5, multipart/related; type="application/dicom+xml"',
            ("application/dicom+xml", True),
        ),
        (None, ("application/dicom+json", False)),
    ],
)
def test_what_comes_in_parts_only_is_given_to_those_who_take_parts(
    header: str | None, expected: tuple[str, bool]
) -> None:
    assert choose(header, _JSON, ("application/dicom+xml",)) == expected


def test_whoever_takes_anything_takes_parts_when_there_is_nothing_else() -> None:
    assert choose("*/*", (), ("image/jpeg",)) == ("image/jpeg", True)
    with pytest.raises(NotAcceptable):
        choose("image/jpeg", (), ("image/jpeg",))


def test_multipart_ranges_carry_the_type_and_transfer_syntax_of_their_parts() -> None:
    (first, second) = parse('multipart/related; type="application/octet-stream"; transfer-syntax=*, image/jpeg;q=0.3')
    assert (first.type, first.transfer_syntax, first.multipart) == ("application/octet-stream", "*", True)
    assert first.takes_syntax("1.2.840.10008.1.2.4.50")
    assert (second.type, second.multipart) == ("image/jpeg", False)


def test_a_comma_inside_quotes_does_not_separate() -> None:
    assert len(parse('multipart/related; type="a,b"')) == 1
