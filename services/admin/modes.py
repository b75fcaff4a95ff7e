"""Where agreements ask for more of a model than its card allows. Only a card that says shadow holds against an agreement."""

from collections.abc import Iterable, Iterator
from typing import Any

from services.admin.connection import Directory, Failed, Inference

_LEAST_SHOWN_FIRST = ("shadow", "trial", "approved")


def warnings(directory: Directory, inference: Inference) -> list[str]:
    """One sentence for each model of each agreement's latest version that goes beyond the card, or one that says why nobody looked."""
    try:
        most = {model["name"]: model["most"] for model in inference.get("models")["items"]}
        return list(_beyond(_agreements(directory), most))
    except Failed as error:
        return [f"whether the models' cards allow what the agreements ask for was not checked: {error}"]


def _agreements(directory: Directory) -> Iterator[dict[str, Any]]:
    page = directory.get("agreements")
    yield from page["items"]
    while page["next"]:
        page = directory.get(f"agreements?cursor={page['next']}")
        yield from page["items"]


def _beyond(agreements: Iterable[dict[str, Any]], most: dict[str, str]) -> Iterator[str]:
    for agreement in agreements:
        for one in agreement["models"]:
            allowed = most.get(one["model"])
            if allowed and _LEAST_SHOWN_FIRST.index(one["mode"]) > _LEAST_SHOWN_FIRST.index(allowed):
                yield (
                    f"agreement {agreement['number']} version {agreement['version']} asks for {one['model']} as {one['mode']}; "
                    f"its card allows {allowed} at most"
                )
