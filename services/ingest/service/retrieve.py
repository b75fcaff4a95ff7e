"""Giving back what is stored: whole objects, frames by range reads, metadata by one read. Nothing is parsed again."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.ingest.dicom import pixels
from services.ingest.dicom.frames import FrameIndex, join_fragments
from services.ingest.dicom.pixels import Rendering, Undecodable
from services.ingest.dicom.syntax import BY_UID, EXPLICIT_LITTLE, TransferSyntax
from services.ingest.service.directory import Directory
from services.ingest.workers import WorkerDied, Workers
from services.shared.db import Database
from services.shared.errors import Conflict, NotAcceptable, NotFound
from services.shared.objects import ObjectStore

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Place:
    """A study of one organisation, as the caller sees it. The caller may be another one: then an agreement lets it cross."""

    caller_id: UUID
    organisation_id: UUID
    exam_id: UUID
    study_instance_uid: str


@dataclass(frozen=True)
class StoredInstance:
    """A stored object."""

    series_instance_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    object_key: str
    frames_key: str
    size_bytes: int
    number_of_frames: int
    modality: str
    derived: bool

    @property
    def syntax(self) -> TransferSyntax:
        return BY_UID[self.transfer_syntax_uid]


@dataclass(frozen=True)
class Details:
    """What was noted about one instance."""

    metadata: dict[str, Any]
    bulk: dict[str, list[int]]
    frame_fault: str
    frames: int


class Retriever:
    """Finds and reads."""

    def __init__(self, db: Database, objects: ObjectStore, workers: Workers, directory: Directory) -> None:
        self._db, self._objects, self._workers, self._directory = db, objects, workers, directory

    async def place(self, caller_id: UUID, study_instance_uid: str, alias: str | None) -> Place:
        """Whose study is meant. Raises NotFound, and Conflict when the caller sees it of more than one organisation."""
        owner = await self._directory.organisation_by_alias(alias) if alias else None
        if alias and owner is None:
            raise NotFound("there is no such study")
        async with self._db.tenant(caller_id) as tx:
            rows = await tx.all(
                "owners_of_study", study_instance_uid=study_instance_uid, owner=owner.id if owner else None
            )
        if not rows:
            raise NotFound("there is no such study")
        if len(rows) > 1:
            names = [(await self._directory.organisation(row["organisation_id"])).alias for row in rows]
            raise Conflict(
                "more than one hospital has this study: add organisation=<alias>", organisations=sorted(names)
            )
        return Place(caller_id, rows[0]["organisation_id"], rows[0]["id"], study_instance_uid)

    async def stored(
        self, place: Place, series: str | None = None, instance: str | None = None
    ) -> list[StoredInstance]:
        """The stored instances of the study, a series or one. Raises NotFound when there is none."""
        async with self._db.tenant(place.caller_id) as tx:
            rows = await tx.all(
                "list_stored",
                organisation_id=place.organisation_id,
                exam_id=place.exam_id,
                series_instance_uid=series,
                sop_instance_uid=instance,
            )
        if not rows:
            raise NotFound("there is no such series" if instance is None else "there is no such instance")
        return [StoredInstance(**row) for row in rows]

    async def metadata(self, place: Place, series: str | None, instance: str | None) -> list[str]:
        """The metadata as noted, each a JSON object. Raises NotFound when there is none."""
        async with self._db.tenant(place.caller_id) as tx:
            rows = await tx.all(
                "list_metadata",
                organisation_id=place.organisation_id,
                exam_id=place.exam_id,
                series_instance_uid=series,
                sop_instance_uid=instance,
            )
        if not rows:
            raise NotFound("there is no such series" if instance is None else "there is no such instance")
        return [row["metadata"] for row in rows]

    async def reference(self, organisation_id: UUID, exam_id: UUID, sop_instance_uid: str) -> dict[str, Any]:
        """The claim check of an instance in the organisation's own exam. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            row = await tx.one(
                "find_reference", organisation_id=organisation_id, exam_id=exam_id, sop_instance_uid=sop_instance_uid
            )
        if row is None:
            raise NotFound("there is no such instance")
        return row

    async def details(self, place: Place, instance: StoredInstance) -> Details:
        """Everything noted about the instance but its frames."""
        async with self._db.tenant(place.caller_id) as tx:
            row = await tx.one(
                "read_details", organisation_id=place.organisation_id, sop_instance_uid=instance.sop_instance_uid
            )
        if row is None:
            raise NotFound("there is no such instance")
        return Details(json.loads(row["metadata"]), row["bulk"], row["frame_fault"], row["frames"])

    async def spans(self, place: Place, instance: StoredInstance, numbers: list[int]) -> list[tuple[int, int]]:
        """Where the frames lie. Raises NotFound for a frame that is not there, NotAcceptable when frames cannot be told apart."""
        async with self._db.tenant(place.caller_id) as tx:
            rows = await tx.all(
                "read_frames",
                organisation_id=place.organisation_id,
                sop_instance_uid=instance.sop_instance_uid,
                numbers=numbers,
            )
        spans = []
        for row in rows:
            found = FrameIndex.unpack(bytes(row["span"]))
            if not found:
                fault = (await self.details(place, instance)).frame_fault
                if fault:
                    raise NotAcceptable(f"the frames of this instance cannot be told apart: {fault}")
                raise NotFound(f"the instance has no frame {row['number']}; it has {instance.number_of_frames}")
            spans.append(found[0])
        return spans

    async def frame(self, instance: StoredInstance, span: tuple[int, int]) -> bytes:
        """A frame's bytes as they are stored: one range read."""
        data = await self._objects.get_range(instance.frames_key, *span)
        return join_fragments(data) if instance.syntax.encapsulated else data

    async def frame_in_little_endian(
        self, instance: StoredInstance, number: int, span: tuple[int, int], image: dict[str, Any]
    ) -> bytes:
        """A frame in Explicit VR Little Endian. Raises NotAcceptable when it cannot be decoded."""
        data = await self.frame(instance, span)
        if not instance.syntax.encapsulated:
            pixel_bits = _frame_bits(image)
            return pixels.to_little_endian(
                data, image, instance.transfer_syntax_uid, (number - 1) * pixel_bits % 8 if pixel_bits else 0
            )
        return await self.in_worker(pixels.decode, data, image, instance.transfer_syntax_uid)

    async def rendered(self, place: Place, instance: StoredInstance, number: int, wanted: Rendering) -> bytes:
        """A frame as a picture. Raises NotFound, and NotAcceptable when there is nothing to see or no decoder."""
        if not instance.number_of_frames:
            raise NotAcceptable("this instance has no picture")
        (span,) = await self.spans(place, instance, [number])
        details = await self.details(place, instance)
        image = pixels.description(details.metadata)
        for tag in pixels.palettes_elsewhere(details.metadata):
            data = await self._objects.get_range(instance.frames_key, *details.bulk[tag])
            image[tag] = {"vr": "OW", "InlineBinary": base64.b64encode(data).decode()}
        if instance.syntax.encapsulated:
            data, syntax_uid = await self.frame(instance, span), instance.transfer_syntax_uid
        else:
            data, syntax_uid = await self.frame_in_little_endian(instance, number, span, image), EXPLICIT_LITTLE
        return await self.in_worker(pixels.render, data, image, syntax_uid, wanted)

    async def bulk(self, place: Place, instance: StoredInstance, tag: str) -> AsyncIterator[bytes]:
        """A long value as it is stored, in pieces. Raises NotFound."""
        span = (await self.details(place, instance)).bulk.get(tag.upper())
        if span is None:
            raise NotFound("the instance has no such bulk data")
        return self.part_of(instance, *span)

    async def bytes_of(self, key: str) -> AsyncIterator[bytes]:
        """A stored object in pieces."""
        async for chunk in self._objects.stream(key):
            yield chunk

    async def part_of(self, instance: StoredInstance, offset: int, length: int) -> AsyncIterator[bytes]:
        """Some of an instance's bytes in pieces, as its frames are counted: inflated where it is deflated."""
        end = offset + length
        while offset < end:
            size = min(_CHUNK_BYTES, end - offset)
            yield await self._objects.get_range(instance.frames_key, offset, size)
            offset += size

    async def in_worker(self, function: Any, *arguments: Any) -> bytes:
        """What `function` makes of bytes, in a process. Raises NotAcceptable when it cannot."""
        try:
            result: bytes = await self._workers.run(function, *arguments)
        except Undecodable as error:
            raise NotAcceptable(str(error)) from error
        except WorkerDied as error:
            raise NotAcceptable("this instance makes its decoder die") from error
        return result


def _frame_bits(image: dict[str, Any]) -> int:
    """Bits of a frame of one-bit pixels; 0 for all others, which begin at a byte."""
    value = {tag: (image.get(tag, {}).get("Value") or [0])[0] for tag in ("00280010", "00280011", "00280100")}
    return int(value["00280010"]) * int(value["00280011"]) if value["00280100"] == 1 else 0
