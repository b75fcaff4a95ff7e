"""A report as an expert would sign it, for tests."""

from dataclasses import replace
from datetime import UTC, datetime

from services.reporting.model.content import Content, ExamFacts, Hospital, Kind, Patient, Signature, Text
from services.reporting.model.findings import Anchor, Code, Finding, Model, Review, ReviewedFinding

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CONTOUR = ((200.0, 150.0), (320.0, 90.0), (440.0, 150.0), (440.0, 280.0), (320.0, 340.0), (200.0, 280.0))


HEAD_CIRCUMFERENCE = Code("11984-2", "LN", "Head Circumference")


def finding(
    number: int = 1,
    code: Code = HEAD_CIRCUMFERENCE,
    value: float = 265.3,
    unit: str = "mm",
    half_interval: float = 3.1,
    mode: str = "trial",
    contour: tuple[tuple[float, float], ...] = CONTOUR,
) -> Finding:
    return Finding(
        finding_id=f"00000000-0000-5000-8000-{number:012d}",
        code=code,
        value=value,
        unit=unit,
        lower=value - half_interval,
        upper=value + half_interval,
        method="ellipse perimeter",
        certainty_percent=97.0,
        anchor=Anchor("1.2.3.4", "1.2.3.4.1", 1, 1, Code("11841-1", "SCT", "Head"), contour),
        model=Model("fetal_head", "1.0.0", mode, "ab" * 32),
        tracking_uid="2.25.12345",
    )


HC = finding(1)
BPD = finding(2, Code("11820-8", "LN", "Biparietal Diameter"), 73.2, half_interval=1.2)
AGE = finding(3, Code("18185-9", "LN", "Gestational Age"), 203.0, "d", 9.0)

CONTENT = Content(
    report_id="0190f0f0-0000-7000-8000-000000000001",
    version=1,
    kind=Kind.REPORT,
    exam=ExamFacts(
        exam_id="0190f0f0-0000-7000-8000-000000000002",
        study_instance_uid="1.2.826.0.1.3680043.8.498.1",
        accession_number="A2026030401",
        modality="US",
        body_part="HEAD",
        study_description="胎儿超声 Fetal ultrasound",
        study_time="2026-03-04T10:20:00",
        service_date="2026-03-04",
        revision=1,
        priority="ROUTINE",
        referring_physician="Zhao^Min",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        agreement_id="0190f0f0-0000-7000-8000-000000000003",
        agreement_number="HT-2026-001",
        agreement_version=2,
    ),
    patient=Patient("Wang^Xiaodong", "王^小东", "P-0001", "1994-05-06", "F"),
    requester=Hospital(
        "0190f0f0-0000-7000-8000-00000000000a",
        "青溪县人民医院",
        "Qingxi County Hospital",
        "12330000MB1234567A",
        "Asia/Shanghai",
    ),
    reader=Hospital(
        "0190f0f0-0000-7000-8000-00000000000b",
        "东江市中心医院",
        "Dongjiang Central Hospital",
        "12330000MB7654321B",
        "Asia/Shanghai",
    ),
    findings=(
        ReviewedFinding(HC, Review.ACCEPTED, None, "expert-1"),
        ReviewedFinding(BPD, Review.CORRECTED, 74.0, "expert-1"),
        ReviewedFinding(AGE, Review.REJECTED, None, "expert-1"),
    ),
    text=Text("胎头呈椭圆形，颅骨光环完整。\nSkull outline complete.", "头围符合孕周。", "四周后复查。", False),
    signed=Signature("expert-1", "李明 主任医师", NOW),
    instances=("1.2.3.4.1", "1.2.3.4.2"),
)

ADDENDUM = replace(CONTENT, version=2, kind=Kind.ADDENDUM)
