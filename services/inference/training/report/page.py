"""The page itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from services.inference.training.figures import Figures
from services.inference.training.report import plots
from services.inference.training.report.read import Model
from services.inference.training.report.words import number, verdict


def render(models: Sequence[Model], unmeasured: Sequence[str]) -> str:
    """One HTML page that needs nothing beside itself."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = _cell
    template = environment.get_template("page.html.jinja")
    return template.render(models=models, unmeasured=unmeasured, drawings=_drawings, verdict=verdict)


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else number(value)


def _drawings(figures: Figures) -> list[Markup]:
    drawn = [
        *([plots.roc(figures.roc)] if figures.roc else []),
        *([plots.froc(figures.froc)] if figures.froc else []),
        *([plots.risk_coverage(figures.risk_coverage)] if figures.risk_coverage else []),
        *(plots.reliability(one) for one in figures.reliability),
        *(plots.bland_altman(one) for one in figures.bland_altman),
        *(plots.confusion(one) for one in figures.confusion),
    ]
    return [Markup(svg) for svg in drawn]  # noqa: S704  made by matplotlib just now, labels escaped by it
