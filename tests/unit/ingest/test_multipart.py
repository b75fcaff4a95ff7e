"""multipart/related, however it is cut into chunks."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.multipart import MediaType, Parser, boundary_of
from services.shared.errors import Malformed

BOUNDARY = "b0undary"
# Bytes that are likely to look like the beginning of a boundary.
_TRICKY = st.lists(
    st.one_of(
        st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n--b0un", b"--b0undar"]),
        st.binary(max_size=9),
    ),
    max_size=8,
).map(b"".join)


async def _chunks(body: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    places = [0, *sorted({cut % (len(body) + 1) for cut in cuts}), len(body)]
    for start, end in pairwise(places):
        if start < end:
            yield body[start:end]


async def _parse(
    body: bytes, cuts: list[int] | None = None, boundary: str = BOUNDARY
) -> list[tuple[dict[str, str], bytes]]:
    found = []
    async for part in Parser(_chunks(body, cuts or []), boundary.encode()).parts():
        found.append((part.headers, b"".join([chunk async for chunk in part])))
    return found


def _body(*parts: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


@given(parts=st.lists(_TRICKY, min_size=1, max_size=4), cuts=st.lists(st.integers(0, 10_000), max_size=30))
async def test_every_part_comes_out_as_it_went_in_wherever_the_stream_is_cut(
    parts: list[bytes], cuts: list[int]
) -> None:
    whole = [part for part in parts if f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + part]
    found = await _parse(_body(*whole), cuts)
    assert [data for _, data in found] == whole


@given(st.data())
async def test_a_body_that_breaks_off_is_malformed_wherever_it_does(data: st.DataObject) -> None:
    body = _body(b"first", b"second").removesuffix(b"\r\n").removesuffix(b"-")
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(Malformed):
        await _parse(body[:cut])


async def test_preamble_and_epilogue_say_nothing() -> None:
    found = await _parse(b"hello\r\n" + _body(b"data") + b"bye")
    assert found == [({"content-type": "application/dicom"}, b"data")]


async def test_a_preamble_with_bare_line_feeds_hides_no_part() -> None:
    assert [data for _, data in await _parse(b"hello\nyou\n" + _body(b"first", b"second"))] == [b"first", b"second"]


async def test_a_bare_line_feed_inside_a_part_ends_nothing() -> None:
    data = f"pixels\n--{BOUNDARY}\r\nmore".encode()
    assert [found for _, found in await _parse(_body(data))] == [data]


async def test_a_header_may_go_on_in_the_next_line() -> None:
    folded = b"Content-Type: application/dicom;\r\n\ttransfer-syntax=1.2.840.10008.1.2.1\r\nContent-Location: here"
    ((headers, _),) = await _parse(f"--{BOUNDARY}\r\n".encode() + folded + f"\r\n\r\ndata\r\n--{BOUNDARY}--".encode())
    assert headers == {
        "content-type": "application/dicom; transfer-syntax=1.2.840.10008.1.2.1",
        "content-location": "here",
    }


async def test_a_part_without_headers_is_a_part() -> None:
    assert await _parse(f"--{BOUNDARY}\r\n\r\ndata\r\n--{BOUNDARY}--".encode()) == [({}, b"data")]


async def test_an_unread_part_does_not_disturb_the_next() -> None:
    sizes = []
    async for part in Parser(_chunks(_body(b"x" * 5000, b"second"), []), BOUNDARY.encode()).parts():
        sizes.append(part.headers)
    assert len(sizes) == 2


async def test_another_boundary_than_the_named_one_is_malformed() -> None:
    with pytest.raises(Malformed, match="boundary"):
        await _parse(_body(b"data"), boundary="another")


async def test_endless_headers_are_malformed() -> None:
    with pytest.raises(Malformed, match="headers"):
        await _parse(f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 10_000)


async def test_a_huge_part_is_passed_on_in_pieces() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield f"--{BOUNDARY}\r\n\r\n".encode()
        for _ in range(100):
            yield bytes(1 << 16)
        yield f"\r\n--{BOUNDARY}--".encode()

    async for part in Parser(body(), BOUNDARY.encode()).parts():
        sizes = [len(chunk) async for chunk in part]
    assert sum(sizes) == 100 << 16
    assert max(sizes) <= 1 << 17


@pytest.mark.parametrize(
    "text",
    [
        'multipart/related; type="application/dicom"; boundary=abc',
        "multipart/related;type=application/dicom;boundary=abc",
        'Multipart/Related; Boundary="abc"; TYPE=application/dicom',
        'multipart/related; boundary = "abc" ; type = "application/dicom"',
    ],
)
def test_parameters_are_read_with_and_without_quotes(text: str) -> None:
    media = MediaType.parse(text)
    assert (media.type, media.parameters["type"], boundary_of(media)) == (
        "multipart/related",
        "application/dicom",
        b"abc",
    )


@pytest.mark.parametrize(
    "text", ["multipart/related", "multipart/related; boundary=", 'multipart/related; boundary="a\u00e9"']
)
def test_no_boundary_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="boundary"):
        boundary_of(MediaType.parse(text))
