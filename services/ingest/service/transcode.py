"""Whole instances in Explicit VR Little Endian, for those who cannot read what is stored; frame by frame, never held whole."""

from collections.abc import AsyncIterator

from services.ingest.dicom import pixels, transcoding
from services.ingest.dicom.syntax import TransferSyntax
from services.ingest.service.retrieve import Place, Retriever, StoredInstance
from services.shared.errors import NotAcceptable

_PIXEL_DATA = "7FE00010"
# All but pixels is held while it is rewritten.
_MAX_HEAD_BYTES = 64 << 20
_MAX_PIXEL_BYTES = 0xFFFFFFFE  # PS3.5 section 7.1.2: a length that is defined


def transcodable(syntax: TransferSyntax) -> bool:
    """Whether there is a way to Explicit VR Little Endian here: not from video, nor from the retired big endian."""
    return syntax.little_endian and not syntax.video


async def in_explicit_little_endian(
    retriever: Retriever, place: Place, instance: StoredInstance
) -> AsyncIterator[bytes]:
    """The instance's file in pieces. Raises NotAcceptable."""
    if instance.syntax.deflated:
        # Its inflated copy is just that.
        async for chunk in retriever.bytes_of(instance.frames_key):
            yield chunk
        return
    details = await retriever.details(place, instance)
    offset, length = details.bulk.get(_PIXEL_DATA, (instance.size_bytes, 0))
    if offset > _MAX_HEAD_BYTES or (instance.number_of_frames and not length):
        raise NotAcceptable("this instance is given only as it was stored")
    image = pixels.description(details.metadata)
    spans: list[tuple[int, int]] = []
    if instance.syntax.encapsulated and instance.number_of_frames:
        # Before anything is given: what cannot be decoded is told in time.
        spans = await retriever.spans(place, instance, list(range(1, instance.number_of_frames + 1)))
        first = await retriever.frame_in_little_endian(instance, 1, spans[0], image)
        length = len(first) * len(spans)
    if length > _MAX_PIXEL_BYTES:
        raise NotAcceptable(f"the decoded pixels have {length} bytes, more than one value can hold")
    head = b"".join([chunk async for chunk in retriever.part_of(instance, 0, offset)])
    yield await retriever.in_worker(transcoding.explicit_head, head, bool(spans))
    if length:
        yield transcoding.pixel_header(length, image)
    if not spans:
        async for chunk in retriever.part_of(instance, offset, length):
            yield chunk
    else:
        yield first
        for number, span in enumerate(spans[1:], 2):
            frame = await retriever.frame_in_little_endian(instance, number, span, image)
            if len(frame) != len(first):
                raise NotAcceptable("the frames of this instance are not alike")
            yield frame
    if length % 2:
        yield b"\0"
