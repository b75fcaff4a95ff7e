"""The HTTP face: DICOMweb, the exams' own routes, and browser uploads."""

from dataclasses import dataclass

from fastapi import FastAPI

from services.ingest.http import exams, qido, stow, uploads, wado
from services.ingest.service.exams import Exams
from services.ingest.service.query import Queries
from services.ingest.service.receive import Receiver
from services.ingest.service.refusals import Refusals
from services.ingest.service.retrieve import Retriever
from services.ingest.service.uploads import Uploads


@dataclass(frozen=True)
class UseCases:
    """What the routes call."""

    receiver: Receiver
    exams: Exams
    refusals: Refusals
    queries: Queries
    retriever: Retriever
    uploads: Uploads
    origin: str  # what addresses in answers begin with


def add_routes(app: FastAPI, use_cases: UseCases) -> None:
    """Add every route of ingest."""
    app.include_router(stow.routes(use_cases.receiver, use_cases.origin))
    app.include_router(qido.routes(use_cases.queries, use_cases.origin))
    app.include_router(wado.routes(use_cases.retriever, use_cases.origin))
    app.include_router(exams.routes(use_cases.exams, use_cases.refusals))
    app.include_router(uploads.routes(use_cases.uploads, use_cases.origin))
