"""What the HTTP API takes."""

from pydantic import BaseModel, ConfigDict, Field

from services.reporting.model.content import Text
from services.reporting.model.findings import Decision, Review

_TEXT_CHARACTERS = 20_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DecisionBody(_Body):
    """What the expert decides about one finding."""

    finding_id: str
    state: Review
    corrected_value: float | None = Field(None, allow_inf_nan=False)


class DraftBody(_Body):
    """The draft. Findings not named stay as they are."""

    findings: list[DecisionBody] = []
    description: str = Field("", max_length=_TEXT_CHARACTERS)
    impression: str = Field("", max_length=_TEXT_CHARACTERS)
    recommendation: str = Field("", max_length=_TEXT_CHARACTERS)
    critical: bool = False

    def decisions(self) -> tuple[Decision, ...]:
        return tuple(Decision(one.finding_id, one.state, one.corrected_value) for one in self.findings)

    def text(self) -> Text:
        return Text(self.description, self.impression, self.recommendation, self.critical)


class SignBody(_Body):
    attestation: bool


class AddendumBody(DraftBody):
    attestation: bool
