"""What the HTTP API takes."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.reporting.model.content import Text
from services.reporting.model.findings import Decision, Review

_TEXT_CHARACTERS = 20_000
_ANSWER_CHARACTERS = 200
# Line breaks of word processors, and the characters that XML 1.0 (FHIR's narrative) and SR text (PS3.5, 6.1.3) cannot hold.
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNWRITABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def _written(text: str) -> str:
    return _UNWRITABLE.sub("", _LINE_BREAK.sub("\n", text))


Prose = Annotated[str, Field(max_length=_TEXT_CHARACTERS), AfterValidator(_written)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DecisionBody(_Body):
    """What the expert decides about one finding."""

    finding_id: str
    state: Review
    corrected_value: float | None = Field(None, allow_inf_nan=False)
    corrected_answer: str | None = None
    corrected_text: Annotated[str, Field(max_length=_ANSWER_CHARACTERS), AfterValidator(_written)] | None = None

    def decision(self) -> Decision:
        return Decision(
            self.finding_id, self.state, self.corrected_value, self.corrected_answer or "", self.corrected_text or ""
        )


class DraftBody(_Body):
    """The draft. Findings not named stay as they are."""

    findings: list[DecisionBody] = []
    description: Prose = ""
    impression: Prose = ""
    recommendation: Prose = ""
    critical: bool = False

    def decisions(self) -> tuple[Decision, ...]:
        return tuple(one.decision() for one in self.findings)

    def text(self) -> Text:
        return Text(self.description, self.impression, self.recommendation, self.critical)


class SignBody(_Body):
    attestation: bool


class AddendumBody(DraftBody):
    attestation: bool
