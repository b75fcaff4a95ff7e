"""Figures in words. Pure."""

from services.inference.training.figures import Figure


def amount(figure: Figure) -> str:
    """The value with its 95 % interval and what it was measured on."""
    unit = f" {figure.unit}" if figure.unit else ""
    return f"{number(figure.value)}{unit} [{number(figure.low)}, {number(figure.high)}] n={figure.images}"


def number(value: float) -> str:
    """With as many digits as the figure bears."""
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"


def verdict(figure: Figure) -> str:
    """Whether the aim was met, where there is one."""
    if figure.met is None:
        return "no aim"
    return "met" if figure.met else "missed"
