"""The installed models, every version of each, kept in step with their folders while the service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.inference.model import ModelCard
from services.inference.registry import BadModelFolder, InstalledModel, read_model

_log = logging.getLogger(__name__)
_SCAN_SECONDS = 3.0

# Change times and sizes of a folder's card and weights: what is the same need not be read again.
_Stamp = tuple[int, ...]


class Shelf(Mapping[str, InstalledModel]):
    """The installed models by their names in Triton, which are their folders' names: `name`, or `name@version` for a further
    version. A folder that comes is taken in, one that goes is dropped; one that is no good is named in `faults`."""

    def __init__(self, own: Path, *further: Path) -> None:
        """Raises BadModelFolder when something in the platform's `own` folder is no good; what others put into `further` ones, or
        comes later, is only named."""
        self._folders = (own, *further)
        self._looks: dict[Path, tuple[_Stamp, InstalledModel | None, str]] = {}
        self._models: dict[str, InstalledModel] = {}
        self.faults: dict[str, str] = {}
        self.scan()
        for name, fault in self.faults.items():
            if (own / name).exists():
                raise BadModelFolder(fault)

    def __getitem__(self, served_as: str) -> InstalledModel:
        return self._models[served_as]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._models))

    def __len__(self) -> int:
        return len(self._models)

    @property
    def names(self) -> list[str]:
        """The models, whatever their versions."""
        return sorted({model.card.name for model in self._models.values()})

    def versions(self, name: str) -> dict[str, InstalledModel]:
        """The installed versions of a model; the one in the folder of its own name first."""
        found = [(served_as != name, served_as, model) for served_as, model in self._models.items()]
        return {
            model.card.version: model for *_, model in sorted(found, key=lambda one: one[:2]) if model.card.name == name
        }

    def first_version(self, name: str) -> str:
        """What a model begins with: the version in the folder of its own name; empty when it is not installed."""
        return next(iter(self.versions(name)), "")

    @property
    def cards(self) -> dict[tuple[str, str], ModelCard]:
        """Every installed card by model and version."""
        return {(model.card.name, model.card.version): model.card for model in self._models.values()}

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again every few seconds until `stop`."""
        while not stop.is_set():
            await asyncio.to_thread(self.scan)
            try:
                await asyncio.wait_for(stop.wait(), _SCAN_SECONDS)
            except TimeoutError:
                continue

    def scan(self) -> None:
        """Look once; blocks while new weights are read."""
        models: dict[str, InstalledModel] = {}
        faults: dict[str, str] = {}
        for folder in self._found():
            model, fault = self._look(folder)
            if model is not None:
                if any(_identity(one)[:2] == _identity(model)[:2] for one in models.values()):
                    fault = f"{folder.name}: {model.card.name} {model.card.version} is installed already"
                else:
                    models[folder.name] = model
            if fault:
                faults[folder.name] = fault
        for name, fault in faults.items():
            if self.faults.get(name) != fault:
                _log.error("a model's folder is not used as it is: %s", fault)
        for name in sorted(models.keys() ^ self._models.keys()):
            _log.info("the model %s is %s", name, "installed" if name in models else "no longer installed")
        self._models, self.faults = models, faults

    def _found(self) -> list[Path]:
        """A folder whose name begins with a point is on its way."""
        cards = (card for folder in self._folders for card in sorted(folder.glob("*/card.yaml")))
        return [card.parent for card in cards if not card.parent.name.startswith(".")]

    def _look(self, folder: Path) -> tuple[InstalledModel | None, str]:
        """The folder's model and what is wrong with it."""
        stamp = _stamp(folder)
        if (before := self._looks.get(folder)) and before[0] == stamp:
            return before[1:]
        fault = ""
        try:
            model = read_model(folder)
        except BadModelFolder as error:
            model, fault = None, str(error)
        known = self._models.get(folder.name)
        if known is not None and (model is None or _identity(model) != _identity(known)):
            # Triton serves the old weights still, and analyses under way count on them.
            model, fault = (
                known,
                f"{folder.name}: it was changed under the running service; each version has a folder of its own",
            )
        self._looks[folder] = (stamp, model, fault)
        return model, fault


def _identity(model: InstalledModel) -> tuple[str, str, str]:
    return model.card.name, model.card.version, model.card.digest_sha256


def _stamp(folder: Path) -> _Stamp:
    stamps: list[int] = []
    for path in (folder / "card.yaml", *sorted(folder.glob("*/model.onnx"))):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        stamps += [found.st_mtime_ns, found.st_size]
    return tuple(stamps)
