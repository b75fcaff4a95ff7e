"""Puts the state of a stack aside, so that a new one begins empty; the one before that is removed."""

import contextlib
import shutil
from pathlib import Path

from infra.local.control import Control, NotRunning
from infra.local.paths import State


def set_aside(state: State) -> Path | None:
    """Stops what runs on the state and renames its folder to `….previous`; that folder, None where there was no state."""
    with contextlib.suppress(NotRunning):
        Control(state).down()
    if not state.folder.exists():
        return None
    former = state.folder.with_name(f"{state.folder.name}.previous")
    remove(State(former))
    state.folder.rename(former)
    return former


def remove(state: State) -> None:
    """Removes a state that nothing runs on, with what of it lies elsewhere."""
    elsewhere = state.folder / "postgres" / "elsewhere"
    if elsewhere.exists():
        shutil.rmtree(elsewhere.read_text().strip(), ignore_errors=True)
    shutil.rmtree(state.folder, ignore_errors=True)
