"""Inference over HTTP: analyses for those who own or read the exam, the models and their versions, and how their answers change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI

from services.inference.breaker import Breaker
from services.inference.http import analyses, drift, models, versions
from services.inference.pinning import Pinning
from services.inference.quality import Quality
from services.inference.service import Analyses
from services.inference.shelf import Shelf
from services.inference.triton import Triton


class Directory(models.Directory, versions.Directory, drift.Directory, Protocol):
    """What the routes ask of the directory's copy."""


@dataclass(frozen=True)
class UseCases:
    """What the routes call."""

    analyses: Analyses
    directory: Directory
    shelf: Shelf
    pinning: Pinning
    breaker: Breaker
    quality: Quality
    triton: Triton


def build(app: FastAPI, given: UseCases) -> None:
    """Add the routes."""
    app.include_router(analyses.router(given.analyses))
    app.include_router(models.router(given.directory, given.shelf, given.pinning, given.breaker, given.triton))
    app.include_router(versions.router(given.directory, given.pinning))
    app.include_router(drift.router(given.directory, given.quality))
