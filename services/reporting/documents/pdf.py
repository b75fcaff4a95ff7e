"""The report as PDF/A-3 with its facts attached, sealed by the reading hospital (PAdES)."""

import json
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

import typst
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from services.reporting import codec
from services.reporting.documents.page import page
from services.reporting.documents.seal import Seals
from services.reporting.documents.signer import DIGEST, signer_of
from services.reporting.model.content import Content

_TEMPLATE = Path(__file__).with_name("report.typ")
FACTS = "report-facts.json"
FIELD = "ReportSeal"


@cache
def _fonts(folder: Path) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])


def typeset(content: Content, key_image_png: bytes | None, fonts_dir: Path) -> bytes:
    """The report as unsigned PDF/A-3b."""
    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(_TEMPLATE.read_bytes())
        (folder / "report.json").write_text(
            json.dumps(page(content, key_image_png is not None), ensure_ascii=False), encoding="utf-8"
        )
        (folder / "facts.json").write_text(
            json.dumps(codec.content_to_json(content), ensure_ascii=False, indent=1), encoding="utf-8"
        )
        if key_image_png is not None:
            (folder / "key.png").write_bytes(key_image_png)
        made = typst.compile(
            folder / "report.typ",
            root=folder,
            font_paths=_fonts(fonts_dir),
            ignore_system_fonts=True,
            pdf_standards="a-3b",
            timestamp=content.signed.at.replace(microsecond=0),  # PDF dates end with the second
        )
    if not isinstance(made, bytes):
        raise TypeError("typst made no single PDF")
    return made


def seal(pdf: bytes, content: Content, signer: signers.Signer) -> bytes:
    """The PDF with a certifying signature that allows no change after it."""
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=DIGEST,
        name=content.reader.name_zh,
        reason=f"Report {content.report_id} version {content.version}, signed by {content.signed.display_name}",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        signer_key_usage={"digital_signature", "non_repudiation"},
    )
    sealed: BytesIO = signers.sign_pdf(
        IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer, new_field_spec=fields.SigFieldSpec(FIELD)
    )
    return sealed.getvalue()


def make(content: Content, key_image_png: bytes | None, seals: Seals, fonts_dir: Path) -> bytes:
    """The sealed report."""
    signer = signer_of(seals.of(content.reader), seals)
    return seal(typeset(content, key_image_png, fonts_dir), content, signer)
