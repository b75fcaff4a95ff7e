"""The DICOM node: C-ECHO and C-STORE (PS3.4 Annexes A and B). pynetdicom's threads on one side, the event loop on the other."""

import asyncio
import logging
import socket
import weakref
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar
from uuid import UUID

from opentelemetry.trace import SpanKind
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, _config, dimse_messages, evt, register_uid
from pynetdicom.presentation import build_context
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from services.ingest import metrics
from services.ingest.dicom.syntax import BY_UID
from services.ingest.model import refusals
from services.ingest.model.refusals import FAILURE_COMMENT_CHARACTERS, Refused
from services.ingest.service.directory import Directory
from services.ingest.service.receive import Receiver, Sender
from services.ingest.settings import Settings
from services.shared import telemetry
from services.shared.errors import SonoBridgeError, StorageFull
from services.shared.objects import Spool

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Retired storage classes that old scanners still send (PS3.6 Annex A).
_RETIRED = tuple(
    f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("3", "5", "6", "8", "9", "10", "11", "12.3", "77.1", "77.2", "129")
)
_MAX_PDU_BYTES = 128 << 10
_MAX_ASSOCIATIONS = 300
_REJECTED_PERMANENT, _SERVICE_USER, _CALLING_AE_UNKNOWN = 0x01, 0x01, 0x03  # PS3.8 table 9-21
_REJECTED_TRANSIENT, _PRESENTATION, _CONGESTION = 0x02, 0x03, 0x01
_SUCCESS = 0x0000
_PROCESSING_FAILURE = 0xC211
_SLACK_BYTES = 1 << 16  # File Meta, which is not the sender's


class IncomingFile:
    """What pynetdicom writes a received dataset to: a spool of the object store instead of a temporary file.

    It never raises: a full disk or an instance too large becomes an answer, where an exception would end the association.
    """

    def __init__(self, spool: Spool, max_bytes: int) -> None:
        self.spool = spool
        self.name = str(spool.path)
        self.file = self  # pynetdicom flushes the file inside its temporary file
        self.fault: Refused | SonoBridgeError | None = None
        self._max_bytes = max_bytes
        # An association that breaks off leaves its file to nobody.
        weakref.finalize(self, spool.discard)

    def write(self, chunk: bytes) -> int:
        if self.fault is None:
            try:
                self.spool.write(chunk)
            except (StorageFull, OSError) as error:
                self.fault = error if isinstance(error, SonoBridgeError) else StorageFull(str(error))
            if self.spool.size_bytes > self._max_bytes:
                self.fault = Refused(refusals.TOO_LARGE, f"the instance has more than {self._max_bytes} bytes")
        return len(chunk)

    def tell(self) -> int:
        return self.spool.size_bytes

    def flush(self) -> None:
        """Nothing: who reads it flushes the spool first."""

    def close(self) -> None:
        self.spool.discard()


class _Nowhere(IncomingFile):
    """Where a dataset goes when not even a file can be opened."""

    def __init__(self, fault: SonoBridgeError) -> None:
        self.name = ""
        self.file = self
        self.fault = fault
        self._written = 0

    def write(self, chunk: bytes) -> int:
        self._written += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self._written

    def close(self) -> None:
        """Nothing to forget."""


class DicomNode:
    """Listens for associations of known devices and stores what they send."""

    def __init__(self, settings: Settings, receiver: Receiver, directory: Directory) -> None:
        self._settings, self._receiver, self._directory = settings, receiver, directory
        self._loop: asyncio.AbstractEventLoop | None = None
        self._owners: weakref.WeakKeyDictionary[Any, UUID] = weakref.WeakKeyDictionary()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`. Raises RuntimeError when the port is taken."""
        self._loop = asyncio.get_running_loop()
        _config.STORE_RECV_CHUNKED_DATASET = True
        setattr(dimse_messages, "NamedTemporaryFile", self._incoming_file)  # noqa: B010
        node = self._node()
        address = (self._settings.dicom_host, self._settings.dicom_port)
        handlers: list[tuple[Any, ...]] = [
            (evt.EVT_CONN_OPEN, _send_at_once),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda event: _SUCCESS),
            (evt.EVT_CONN_CLOSE, _forget_unfinished),
        ]
        try:
            server = node.start_server(address, block=False, evt_handlers=handlers)
        except OSError as error:
            raise RuntimeError(
                f"the DICOM node did not start on {address[0]}:{address[1]}: {error.strerror}"
            ) from error
        try:
            await stop.wait()
        finally:
            if server is not None:
                await asyncio.to_thread(server.shutdown)
            for association in node.active_associations:
                await asyncio.to_thread(association.abort)

    def _node(self) -> AE:
        node = AE(ae_title=self._settings.dicom_ae_title)
        syntaxes = list(BY_UID)
        for number, uid in enumerate(_RETIRED):
            register_uid(uid, f"RetiredStorage{number}", StorageServiceClass)
        classes = {str(context.abstract_syntax) for context in AllStoragePresentationContexts} | set(_RETIRED)
        node.supported_contexts = [
            *(build_context(uid, syntaxes) for uid in sorted(classes)),
            build_context(Verification),
        ]
        node.maximum_pdu_size = _MAX_PDU_BYTES
        node.maximum_associations = _MAX_ASSOCIATIONS
        return node

    def _incoming_file(self, **_: Any) -> IncomingFile:
        try:
            return IncomingFile(self._receiver.spool(), self._receiver.max_instance_bytes + _SLACK_BYTES)
        except (StorageFull, OSError) as error:
            return _Nowhere(error if isinstance(error, SonoBridgeError) else StorageFull(str(error)))

    def _requested(self, event: evt.Event) -> None:
        """Only a device that the directory knows may come in; it says whose the instances are."""
        association = event.assoc
        request: Any = association.requestor.primitive
        title = str(request.calling_ae_title).strip()
        try:
            owner = self._wait(self._directory.organisation_of_device(title))
        except SonoBridgeError as error:
            _log.warning("an association from %s is put off: %s", title, error)
            self._reject(association, _REJECTED_TRANSIENT, _PRESENTATION, _CONGESTION, "unavailable")
            return
        if owner is None:
            _log.warning("an association from the unknown AE title %s is rejected", title)
            self._reject(association, _REJECTED_PERMANENT, _SERVICE_USER, _CALLING_AE_UNKNOWN, "unknown_ae")
            return
        metrics.ASSOCIATIONS.labels("accepted").inc()
        self._owners[association] = owner.id

    def _reject(self, association: Any, result: int, source: int, diagnostic: int, outcome: str) -> None:
        metrics.ASSOCIATIONS.labels(outcome).inc()
        association.acse.send_reject(result, source, diagnostic)
        association.kill()

    def _store(self, event: evt.Event) -> int | Dataset:
        request: Any = event.request
        incoming = request._dataset_file  # the file itself, which its public path only names
        sender = Sender(
            organisation_id=self._owners[event.assoc],
            protocol="c_store",
            name=str(event.assoc.requestor.ae_title).strip(),
            sop_class_uid=str(request.AffectedSOPClassUID),
            sop_instance_uid=str(request.AffectedSOPInstanceUID),
        )
        if not isinstance(incoming, IncomingFile):
            return _failure(_PROCESSING_FAILURE, "the request has no dataset")
        try:
            self._wait(self._accept(incoming, sender))
        except Refused as refused:
            return _failure(refused.reason.status, refused.comment)
        except StorageFull as error:
            return _failure(refusals.STORAGE_FULL.status, str(error))
        except SonoBridgeError as error:
            return _failure(refusals.UNAVAILABLE_STATUS, str(error))
        return _SUCCESS

    async def _accept(self, incoming: IncomingFile, sender: Sender) -> None:
        with telemetry.tracer.start_as_current_span("C-STORE", kind=SpanKind.SERVER):
            if isinstance(incoming.fault, Refused):
                await self._receiver.refuse(incoming.fault, sender)
            if incoming.fault is not None:
                metrics.RECEIVED.labels(sender.protocol).inc()
                if isinstance(incoming.fault, StorageFull):
                    metrics.REFUSED.labels(sender.protocol, refusals.STORAGE_FULL.code).inc()
                raise incoming.fault
            await self._receiver.accept(incoming.spool, sender)

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work` on the event loop from a thread of pynetdicom."""
        if self._loop is None:
            raise RuntimeError("the node is not running")
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()


def _failure(status: int, comment: str) -> Dataset:
    answer = Dataset()
    answer.Status = status
    answer.ErrorComment = comment.encode("ascii", "replace").decode()[:FAILURE_COMMENT_CHARACTERS]
    return answer


def _forget_unfinished(event: evt.Event) -> None:
    """A connection that ends amid a dataset leaves no file, whenever the memory is tidied."""
    message = event.assoc.dimse.message
    incoming = message._data_set_file if message is not None else None
    if isinstance(incoming, IncomingFile):
        incoming.close()


def _send_at_once(event: evt.Event) -> None:
    """Without this, an answer waits for the peer's delayed acknowledgement: 19 instances a second, whatever their size."""
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
