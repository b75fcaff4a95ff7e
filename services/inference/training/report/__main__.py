"""Writes one page of every model's figures and prints them: `make models-report`."""

import argparse
import sys
from pathlib import Path

from services.inference.training.report.page import render
from services.inference.training.report.read import Model, read_all
from services.inference.training.report.words import amount, verdict

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[1] / "models"


def print_figures(models: list[Model]) -> None:
    """Each model's command and headline figures, one line each, for a terminal."""
    for model in models:
        print(f"\n{model.name} {model.version} ({model.figures.command})")
        for figure in model.figures.headline:
            aim = f"aim {figure.aim}: {verdict(figure)}" if figure.aim else ""
            beside = f"published {figure.published.value}" if figure.published else ""
            print(f"  {figure.name:<52} {amount(figure):<34} {aim:<26} {beside}".rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder with a folder for each model")
    parser.add_argument("--page", type=Path, default=Path(".local/models-report.html"))
    asked = parser.parse_args()
    models, unmeasured = read_all(asked.models)
    print_figures(models)
    asked.page.parent.mkdir(parents=True, exist_ok=True)
    asked.page.write_text(render(models, unmeasured), encoding="utf-8")
    print(f"\nAll of it, with plots: {asked.page}")
    for name in unmeasured:
        print(f"{name} has no figures: make evaluate-{name}", file=sys.stderr)
    return 1 if unmeasured else 0


if __name__ == "__main__":
    sys.exit(main())
