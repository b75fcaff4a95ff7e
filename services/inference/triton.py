"""Triton: calls within a deadline and a bound, and keeping the models loaded whatever happens to the server."""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from services.inference import metrics

_log = logging.getLogger(__name__)

Outputs = Mapping[str, NDArray[Any]]

_CHANNEL = [
    # After an outage the next attempt comes soon: gRPC's own back-off grows to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_send_message_length", 1 << 30),
    ("grpc.max_receive_message_length", 1 << 30),
]
_WITH_CHANNELS = 4  # axes: frames, rows, columns, channels
_NOT_SERVING = ("Stub process", "is not ready", "unknown model", "unload")
_NO_ANSWER = "the inference server does not answer"
_CONNECT_SECONDS = 1.0
_CONTROL_SECONDS = 5.0
_LOAD_SECONDS = 60.0
_UNLOAD_SECONDS = 3.0
_WATCH_SECONDS = 2.0


class Away(enum.Enum):
    """Why a model cannot answer now."""

    UNREACHABLE = "unreachable"  # nobody listens
    SLOW = "slow"  # no answer within the deadline
    NOT_SERVING = "not serving"  # the server is there, the model is not loaded or its process died


class TritonAway(Exception):
    """The server or the model cannot answer now; it may later."""

    def __init__(self, model: str, reason: str, away: Away) -> None:
        super().__init__(f"{model}: {reason}")
        self.model, self.reason, self.away = model, reason, away


class ModelFault(Exception):
    """The model refused the input or answered what its configuration does not promise; trying again would not help."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"{model}: {reason}")
        self.model, self.reason = model, reason


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model's configuration promises: its one input, and each output's type and shape (-1 = any)."""

    input_name: str
    channels: bool  # whether the input's last axis is that of the channels
    outputs: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

    def check(self, model: str, frames: int, outputs: Outputs) -> None:
        """Raises ModelFault unless every promised output is there, of its type and shape, one entry a frame, finite."""
        for name, (dtype, shape) in self.outputs.items():
            output = outputs.get(name)
            if output is None:
                raise ModelFault(model, f"the output {name} is missing")
            fits = len(output.shape) == len(shape) and all(
                want in (-1, have) for want, have in zip(shape, output.shape, strict=True)
            )
            if output.dtype != dtype or not fits or output.shape[0] != frames:
                raise ModelFault(
                    model, f"the output {name} is {output.dtype}{list(output.shape)}, not {dtype}{list(shape)}"
                )
            if output.dtype.kind == "f" and not np.isfinite(output).all():
                raise ModelFault(model, f"the output {name} holds values that are not numbers")


class Triton:
    """A connection to the server, for the named models; asked for their names again and again, for they come and go."""

    def __init__(self, address: str, models: Iterable[str], in_flight: int = 4, deadline_seconds: float = 10.0) -> None:
        self._address = address
        self._models = models
        self._deadline_seconds = deadline_seconds
        # Each model has its own: one that hangs must not keep the others' calls waiting.
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(in_flight))
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._loads: defaultdict[str, int] = defaultdict(int)
        self._signatures: dict[str, Signature] = {}
        self.loaded: frozenset[str] = frozenset()  # those that could be asked when last looked at
        self._client = InferenceServerClient(address, channel_args=_CHANNEL)

    async def close(self) -> None:
        await self._client.close()

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs:
        """The outputs for grey frames [n, rows, columns]. Raises TritonAway or ModelFault."""
        signature = self._signatures.get(model) or await self._read_signature(model)
        given = frames[..., np.newaxis] if signature.channels else frames
        tensor = InferInput(signature.input_name, list(given.shape), "UINT8")
        tensor.set_data_from_numpy(given)
        async with self._slots[model]:
            started = time.perf_counter()
            try:
                answer = await self._client.infer(model, [tensor], client_timeout=self._deadline_seconds)
            except InferenceServerException as error:
                raise self._sort(model, error) from error
            metrics.TRITON_SECONDS.labels(model=model).observe(time.perf_counter() - started)
        outputs = {output.name: answer.as_numpy(output.name) for output in answer.get_response().outputs}
        signature.check(model, len(frames), outputs)
        return outputs

    async def listens(self) -> bool:
        """Whether anybody takes connections at the server's address."""
        host, _, port = self._address.rpartition(":")
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    async def ready(self, model: str) -> bool:
        """Whether the server answers and says that the model can be called."""
        try:
            return bool(await self._client.is_model_ready(model, client_timeout=_CONTROL_SECONDS))
        except InferenceServerException:
            return False

    async def heal(self, model: str) -> None:
        """Load the model anew. Unloading is asynchronous: the index tells when it is over. Raises TritonAway.

        A stub that crashed leaves its model READY while every call fails, so READY alone proves nothing here.
        """
        seen = self._loads[model]
        async with self._locks[model]:
            if self._loads[model] != seen:
                return  # another caller mended it meanwhile
            self._signatures.pop(model, None)
            try:
                if (await self._states()).get(model) == "READY":
                    await self._client.unload_model(model, client_timeout=_CONTROL_SECONDS)
                    await self._until_unloaded(model)
                await self._client.load_model(model, client_timeout=_LOAD_SECONDS)
            except InferenceServerException as error:
                raise self._sort(model, error) from error
            self._loaded(model)

    async def watch(self, stop: asyncio.Event) -> None:
        """Load what is not loaded, at the start, when it is new and whenever the server came back empty, and unload what is
        gone, until `stop`."""
        watched: set[str] = set()
        while not stop.is_set():
            wanted = sorted(self._models)
            for gone in watched - set(wanted):
                await self._unload(gone)
            new, watched = set(wanted) - watched, set(wanted)
            for model in wanted:
                # What another process loaded may be older than the files; Triton loads them anew only if they have changed.
                is_ready = model not in new and await self.ready(model)
                if not is_ready:
                    try:
                        await self._load(model, model in new)
                        is_ready = True
                    except TritonAway as error:
                        _log.warning("the model waits: %s", error)
                    except ModelFault as error:
                        _log.error("the model cannot be loaded: %s", error)
                metrics.MODEL_READY.labels(model=model).set(is_ready)
                self.loaded = self.loaded | {model} if is_ready else self.loaded - {model}
            try:
                await asyncio.wait_for(stop.wait(), _WATCH_SECONDS)
            except TimeoutError:
                continue

    async def _load(self, model: str, though_ready: bool) -> None:
        async with self._locks[model]:
            if not though_ready and await self.ready(model):
                return
            self._signatures.pop(model, None)
            try:
                await self._client.load_model(model, client_timeout=_LOAD_SECONDS)
            except InferenceServerException as error:
                raise self._sort(model, error) from error
            self._loaded(model)

    async def _unload(self, model: str) -> None:
        """Let go of a model that is no longer installed; calls under way end first."""
        self._signatures.pop(model, None)
        self.loaded -= {model}
        metrics.MODEL_READY.remove(model)
        try:
            await self._client.unload_model(model, client_timeout=_CONTROL_SECONDS)
            _log.info("unloaded the model %s, which is no longer installed", model)
        except InferenceServerException as error:
            _log.warning("the model %s stays loaded: %s", model, error)

    def _loaded(self, model: str) -> None:
        self._loads[model] += 1
        metrics.MODEL_LOADS.labels(model=model).inc()
        _log.info("loaded the model %s", model)

    async def _states(self) -> dict[str, str]:
        index = await self._client.get_model_repository_index(client_timeout=_CONTROL_SECONDS)
        return {entry.name: entry.state for entry in index.models}

    async def _until_unloaded(self, model: str) -> None:
        """Wait for the end of an unloading, not forever: a stub that died with calls inside never lets its model go, and
        Triton loads the new one beside it."""
        until = time.monotonic() + _UNLOAD_SECONDS
        while (await self._states()).get(model, "UNAVAILABLE") not in ("UNAVAILABLE", "") and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _read_signature(self, model: str) -> Signature:
        try:
            metadata = await self._client.get_model_metadata(model, client_timeout=_CONTROL_SECONDS)
        except InferenceServerException as error:
            raise self._sort(model, error) from error
        if len(metadata.inputs) != 1 or metadata.inputs[0].datatype != "UINT8":
            raise ModelFault(model, "the model does not take exactly one uint8 input")
        signature = Signature(
            metadata.inputs[0].name,
            len(metadata.inputs[0].shape) == _WITH_CHANNELS,
            {out.name: (np.dtype(triton_to_np_dtype(out.datatype)), tuple(out.shape)) for out in metadata.outputs},
        )
        self._signatures[model] = signature
        return signature

    def _sort(self, model: str, error: InferenceServerException) -> TritonAway | ModelFault:
        """What an error of the client means."""
        status, message = str(error.status()), str(error.message() or "")
        # Triton says UNAVAILABLE of a model that is not ready, gRPC says it of a server that is not there.
        if "NOT_FOUND" in status or any(sign in message for sign in _NOT_SERVING):
            return TritonAway(model, message, Away.NOT_SERVING)
        if "UNAVAILABLE" in status:
            return TritonAway(model, _NO_ANSWER, Away.UNREACHABLE)
        if any(code in status for code in ("DEADLINE_EXCEEDED", "CANCELLED", "RESOURCE_EXHAUSTED")):
            return TritonAway(model, f"{_NO_ANSWER} within {self._deadline_seconds:g} s", Away.SLOW)
        return ModelFault(model, message or status)
