"""HTTP of reporting: the API for the console, and FHIR R4."""

from fastapi import FastAPI

from services.reporting.http import api, fhir, quality
from services.reporting.service import Archive, Desk, Quality, Signing
from services.shared.clock import Clock


def build(
    app: FastAPI, desk: Desk, signing: Signing, archive: Archive, figures: Quality, clock: Clock, public_origin: str
) -> None:
    """Add the routes to `app`."""
    app.include_router(api.router(desk, signing, archive, clock))
    app.include_router(quality.router(figures, archive))
    app.include_router(fhir.router(archive, public_origin))
