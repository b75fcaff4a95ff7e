"""The report's plots, as SVG that stands in the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from services.inference.training.figures import BlandAltman, Confusion, Curve, Reliability

mpl.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",  # text stays text: searchable, and small
        "svg.hashsalt": "sonobridge",  # the same figures give the same page
        "legend.frameon": False,
    }
)
_SIZE = (4.6, 3.6)
_LIGHT, _DARK = "#9aa5b1", "#1f5fa8"


def _svg(draw: Callable[[Axes], None], size: tuple[float, float] = _SIZE) -> str:
    canvas = Canvas(size, layout="constrained")
    draw(canvas.subplots())
    text = StringIO()
    canvas.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def roc(curves: Sequence[Curve]) -> str:
    """Sensitivity against false positive rate."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], ":", color=_LIGHT)
        _lines(axes, curves)
        axes.set(xlabel="1 - specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.02), title="ROC")

    return _svg(draw)


def froc(curves: Sequence[Curve]) -> str:
    """Sensitivity against false alarms an image."""

    def draw(axes: Axes) -> None:
        _lines(axes, curves)
        axes.set(xlabel="false alarms an image", ylabel="sensitivity", ylim=(0, 1.02), title="FROC")

    return _svg(draw)


def risk_coverage(curves: Sequence[Curve]) -> str:
    """Errors among the answered against the share that is answered: what "not sure" costs and gains."""

    def draw(axes: Axes) -> None:
        _lines(axes, curves)
        axes.set(
            xlabel="coverage (share answered)", ylabel="risk (errors among them)", xlim=(0, 1), title="Risk-coverage"
        )
        axes.set_ylim(bottom=0)

    return _svg(draw)


def _lines(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve in curves:
        axes.plot(curve.x, curve.y, label=curve.name, linewidth=1.4)
    if len(curves) > 1 or (curves and curves[0].name):
        axes.legend(fontsize=7)


def reliability(one: Reliability) -> str:
    """How often right against how sure; the area of a dot is the number of cases."""

    def draw(axes: Axes) -> None:
        counts = np.asarray(one.counts, float)
        axes.plot([0, 1], [0, 1], ":", color=_LIGHT)
        axes.plot(one.confidence, one.accuracy, color=_DARK, linewidth=1)
        axes.scatter(one.confidence, one.accuracy, s=10 + 190 * counts / max(1.0, counts.max()), color=_DARK, alpha=0.6)
        title = f"{one.name}: ECE {one.expected_calibration_error:.3f}"
        axes.set(xlabel="certainty", ylabel="right", xlim=(0, 1), ylim=(0, 1.02), title=title)

    return _svg(draw)


def bland_altman(one: BlandAltman) -> str:
    """Difference from the reference against the mean of both, with bias and limits of agreement."""

    def draw(axes: Axes) -> None:
        axes.scatter(one.mean, one.difference, s=8, color=_DARK, alpha=0.6)
        for value, style in ((one.bias, "-"), (one.lower, "--"), (one.upper, "--")):
            axes.axhline(value, linestyle=style, color="#b3402a", linewidth=1)
        title = f"{one.name}: bias {one.bias:+.2f}, limits {one.lower:.2f} to {one.upper:.2f} {one.unit}"
        axes.set(xlabel=f"mean of both ({one.unit})", ylabel=f"model - reference ({one.unit})")
        axes.set_title(title, fontsize=8)

    return _svg(draw)


def confusion(one: Confusion) -> str:
    """Counts on a field whose darkness is the share of the row."""
    counts = np.asarray(one.counts, float)
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    side = 1.6 + 0.42 * max(len(one.columns), len(one.rows))

    def draw(axes: Axes) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(one.columns)), one.columns, rotation=45, ha="right", fontsize=7)
        axes.set_yticks(range(len(one.rows)), one.rows, fontsize=7)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, f"{count:g}", ha="center", va="center", color=colour, fontsize=7)
        axes.set(xlabel="answer", ylabel="reference", title=one.name)

    return _svg(draw, (max(4.6, side + 0.8), max(3.6, side)))
