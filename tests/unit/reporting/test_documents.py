"""The documents of a signed report: sealed PDF, SR, encapsulated PDF, key image."""

import json
import multiprocessing
import re
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from highdicom.sr import srread
from PIL import Image
from pydicom import dcmread
from pydicom.valuerep import PersonName
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.reporting import codec
from services.reporting.documents import key_image
from services.reporting.documents.job import Documents, Job, Picture, begin_worker, make
from services.reporting.documents.page import page, person
from services.reporting.documents.pdf import FACTS, typeset
from services.reporting.documents.seal import Seals
from services.reporting.model.content import INVESTIGATIONAL_ZH, Content
from services.reporting.model.findings import OTHER, Code, Review, ReviewedFinding
from services.reporting.model.sentences import quantity
from tests.integration.reporting.picture import SOP_CLASS, head_image
from tests.unit.reporting.samples import ADDENDUM, CONTENT, CONTOUR

FONTS = Path("/usr/share/fonts")


def on_picture(content: Content, sop_instance_uid: str) -> Content:
    """The content with its findings on a picture that there is."""
    moved = [
        replace(
            one, finding=replace(one.finding, anchor=replace(one.finding.anchor, sop_instance_uid=sop_instance_uid))
        )
        for one in content.findings
    ]
    return replace(content, findings=tuple(moved))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    data, sop = head_image(CONTENT.exam.study_instance_uid)
    (folder / "picture.dcm").write_bytes(data)
    instance = ingest.InstanceReference(
        series_instance_uid="1.2.3.4", sop_instance_uid=sop, sop_class_uid=SOP_CLASS, number_of_frames=1, modality="US"
    )
    return Job(
        on_picture(CONTENT, sop),
        ingest.Exam(instances=[instance]).SerializeToString(),
        Picture(folder / "picture.dcm", sop, 1),
        folder / "seal",
        FONTS,
    )


@pytest.fixture(scope="module")
def documents(job: Job) -> Documents:
    return make(job)


def trust(folder: Path) -> ValidationContext:
    """Nothing but the local authority's certificate, and no network."""
    authority = load_cert_from_pemder(str(Seals(folder).authority_certificate))  # type: ignore[no-untyped-call]
    return ValidationContext(trust_roots=[authority], allow_fetching=False)


def test_the_seal_validates_offline_against_the_authority(documents: Documents, job: Job) -> None:
    (signature,) = PdfFileReader(BytesIO(documents.pdf)).embedded_signatures
    status = validate_pdf_signature(signature, trust(job.seal_dir))
    assert status.bottom_line, status.summary()
    assert status.signing_cert.subject.native["organization_name"] == CONTENT.reader.name_zh


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_one_changed_byte_breaks_the_seal(documents: Documents, job: Job, share: float) -> None:
    changed = bytearray(documents.pdf)
    # A byte inside a compressed stream or a text of the signed range, so that the file can still be opened.
    start = next(found.end() for found in re.finditer(rb"stream\r?\n", documents.pdf))
    position = start + int((documents.pdf.index(b"endstream", start) - start) * share)
    changed[position] ^= 0x01
    (signature,) = PdfFileReader(BytesIO(bytes(changed))).embedded_signatures
    status = validate_pdf_signature(signature, trust(job.seal_dir))
    assert not status.bottom_line
    assert not status.intact


def test_another_authority_does_not_vouch_for_the_seal(documents: Documents, tmp_path: Path) -> None:
    Seals(tmp_path / "other").open()
    (signature,) = PdfFileReader(BytesIO(documents.pdf)).embedded_signatures
    assert not validate_pdf_signature(signature, trust(tmp_path / "other")).bottom_line


def test_the_sealed_file_is_still_a_pdf_that_pdf_a_3_allows(documents: Documents) -> None:
    reader = PdfFileReader(BytesIO(documents.pdf))
    assert reader.input_version == (1, 7)
    metadata = reader.root["/Metadata"].data
    assert b'pdfaid:part="3"' in metadata
    assert b'pdfaid:conformance="B"' in metadata


def test_the_facts_are_attached_as_json_with_their_relationship(documents: Documents, job: Job) -> None:
    catalog = PdfFileReader(BytesIO(documents.pdf)).root
    (attached,) = [one.get_object() for one in catalog["/AF"]]
    assert (attached["/F"], attached["/AFRelationship"]) == (FACTS, "/Data")
    stream = attached["/EF"]["/F"].get_object()
    assert codec.content_from_json(json.loads(stream.data)) == job.content


def test_the_page_names_both_hospitals_the_patient_and_where_each_value_comes_from() -> None:
    shown = page(CONTENT, key_image=True)
    text = json.dumps(shown, ensure_ascii=False)
    for expected in (
        "东江市中心医院",
        "青溪县人民医院",
        "王小东 Wang Xiaodong",
        "原值 73.2 mm",
        INVESTIGATIONAL_ZH,
    ):
        assert expected in text
    assert [one["value"] for one in shown["images"][0]["findings"]] == ["265.3 mm", "74.0 mm"], (
        "a rejected finding is not stated"
    )
    assert shown["signers"][0][3] == "2026-03-04 13:06:07 (UTC+0800)"


def test_findings_of_several_images_are_grouped_under_the_images_number_in_the_exam() -> None:
    moved = on_picture(CONTENT, "1.2.3.4.2").findings[0]
    shown = page(replace(CONTENT, findings=(moved, *CONTENT.findings)), key_image=False)
    assert [(one["name"], len(one["findings"])) for one in shown["images"]] == [
        ("图像 Image 1 · 帧 frame 1", 2),
        ("图像 Image 2 · 帧 frame 1", 1),
    ]


def test_no_heading_is_left_at_the_foot_of_a_page(job: Job, tmp_path: Path) -> None:
    lonely = []
    for rows in range(13, 21):  # by and by every heading comes to the end of the first page
        content = replace(job.content, findings=job.content.findings[:1] * rows)
        (tmp_path / "report.pdf").write_bytes(typeset(content, None, FONTS))
        said = subprocess.run(["pdftotext", str(tmp_path / "report.pdf"), "-"], capture_output=True, check=True).stdout
        for text in said.decode().split("\f"):
            body = [line for line in text.split("\n") if line and not re.match(r"报告 Report|\d+ ?/ ?\d+", line)]
            lonely += [(rows, line) for line in body[-1:] if re.search("Description|Impression|Recommendation", line)]
    assert lonely == []


def test_days_of_gestation_are_shown_as_weeks_and_days() -> None:
    assert quantity(203, "d") == "29 周 0 天 (29w 0d)"
    assert person(replace(CONTENT.patient, name="", name_ideographic="")) == "—"


def test_keys_are_private_and_drawn_once(job: Job, documents: Documents) -> None:
    keys = sorted(job.seal_dir.glob("*.key"))
    assert [one.stat().st_mode & 0o777 for one in keys] == [0o600, 0o600]
    before = [one.read_bytes() for one in keys]
    make(job)
    assert [one.read_bytes() for one in keys] == before


def test_the_sr_reads_back_with_values_contour_and_ideographs(documents: Documents, job: Job) -> None:
    found = srread(BytesIO(documents.sr))
    assert PersonName(str(found.PatientName)).ideographic == "王^小东"
    assert (found.VerificationFlag, found.CompletionFlag) == ("VERIFIED", "COMPLETE")
    findings = found.ContentSequence[4].ContentSequence
    head, biparietal = (one for one in findings if one.ValueType == "NUM")
    assert head.MeasuredValueSequence[0].NumericValue == pytest.approx(265.3)
    assert biparietal.MeasuredValueSequence[0].NumericValue == pytest.approx(74.0)
    (region,) = (one for one in head.ContentSequence if one.ValueType == "SCOORD")
    assert len(region.GraphicData) == 2 * (len(CONTOUR) + 1)
    image = region.ContentSequence[0].ReferencedSOPSequence[0]
    assert image.ReferencedSOPInstanceUID == job.picture.sop_instance_uid if job.picture else None


def test_the_sr_states_the_experts_answer_and_says_what_ai_judged(job: Job) -> None:
    nature, benign = Code("nature", "99SONOBRIDGE", "Nature"), Code("30807003", "SCT", "Benign")
    answered = replace(job.content.findings[0].finding, code=nature, coded=True, answer=benign)
    malignant = ReviewedFinding(answered, Review.CORRECTED, None, "li", Code("21594007", "SCT", "Malignant"))
    cyst = replace(malignant, corrected_answer=OTHER, corrected_text="单纯囊肿")
    found = srread(BytesIO(make(replace(job, content=replace(job.content, findings=(malignant, cyst)))).sr))
    first, second = (one for one in found.ContentSequence[4].ContentSequence if one.ValueType == "CODE")
    assert [one.ConceptCodeSequence[0].CodeValue for one in (first, second)] == ["21594007", "other"]
    assert first.ContentSequence[0].TextValue == "Corrected by the expert; AI judged Benign"
    assert second.ContentSequence[0].TextValue == "Corrected by the expert to: 单纯囊肿; AI judged Benign"
    assert [one for one in first.ContentSequence if one.ValueType == "SCOORD"], "the outline is still what was judged"


def test_making_the_sr_again_makes_the_same_bytes_and_an_addendum_points_back(documents: Documents, job: Job) -> None:
    assert make(job).sr == documents.sr
    amended = dcmread(BytesIO(make(replace(job, content=replace(job.content, version=2, kind=ADDENDUM.kind))).sr))
    first = dcmread(BytesIO(documents.sr))
    before = amended.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert before.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert amended.SOPInstanceUID != first.SOPInstanceUID


def test_the_encapsulated_pdf_is_the_sealed_one(documents: Documents) -> None:
    found = dcmread(BytesIO(documents.encapsulated))
    assert found.EncapsulatedDocument[: found.EncapsulatedDocumentLength] == documents.pdf
    assert found.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert found.StudyInstanceUID == CONTENT.exam.study_instance_uid


def test_the_contour_is_drawn_on_the_key_image_and_a_rejected_one_is_not(job: Job) -> None:
    assert job.picture is not None
    contours = key_image.contours_on(job.content.findings, job.picture.sop_instance_uid, 1)
    assert contours == (CONTOUR,)
    drawn = Image.open(BytesIO(key_image.draw(job.picture.path, 1, contours)))
    plain = Image.open(BytesIO(key_image.draw(job.picture.path, 1, ())))
    along = [(260, row) for row in range(115, 125)]  # across the edge from (200, 150) to (320, 90)
    assert [drawn.getpixel(one) for one in along] != [plain.getpixel(one) for one in along]
    rejected = tuple(replace(one, state=Review.REJECTED) for one in job.content.findings)
    assert key_image.contours_on(rejected, job.picture.sop_instance_uid, 1) == ()


def test_a_worker_says_nothing_of_patients(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    named = replace(job.content, patient=replace(job.content.patient, name="Onlyonename", name_ideographic="李娜"))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), begin_worker) as pool:
        pool.submit(make, replace(job, content=named)).result()
    said = "".join(capfd.readouterr())
    assert "李娜" not in said
    assert "Onlyonename" not in said


def test_a_picture_that_cannot_be_decoded_does_not_keep_the_report_back(job: Job, tmp_path: Path) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"nothing")
    assert job.picture is not None
    made = make(replace(job, picture=replace(job.picture, path=broken)))
    assert made.picture_error
    assert made.pdf.startswith(b"%PDF")
