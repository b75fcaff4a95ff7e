"""The making of a signed version's documents, in a worker process."""

from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.documents import encapsulated, key_image, pdf, sr
from services.reporting.documents.job import Documents, Job
from services.reporting.documents.seal import Seals


def make_documents(job: Job) -> Documents:
    """Make all documents of one signed version."""
    instances = list(ingest_pb.Exam.FromString(job.exam).instances)
    drawn, error = _drawn(job)
    sealed = pdf.make(job.content, drawn, Seals(job.seal_dir), job.fonts_dir)
    shown = (job.picture.sop_instance_uid, job.picture.frame) if job.picture and drawn else None
    return Documents(
        pdf=sealed,
        encapsulated=encapsulated.encapsulate(job.content, sealed),
        sr=sr.report_sr(job.content, instances, shown),
        picture_error=error,
    )


def _drawn(job: Job) -> tuple[bytes | None, str]:
    if job.picture is None:
        return None, ""
    contours = key_image.contours_on(job.content.findings, job.picture.sop_instance_uid, job.picture.frame)
    try:
        return key_image.draw(job.picture.path, job.picture.frame, contours), ""
    except Exception as error:  # decoders raise anything; a picture that cannot be decoded must not keep a report back
        return None, f"{type(error).__name__}: {error}"
