"""`sonobridge admin models …`: which version of a model each hospital is shown, and which runs in the shadow beside it."""

import argparse
from collections import Counter
from typing import Any
from urllib.parse import quote

from services.admin import modes
from services.admin.connection import Directory, Failed, Inference
from services.admin.table import table

_Pair = tuple[str, str, str, str]  # model, version in the shadow, the one beside it, what was compared


def run(api: Inference, directory: Directory, given: argparse.Namespace) -> int:
    """Do what the command line says. Raises Failed."""
    match given.action:
        case "list":
            _list(api, directory, given.organisation)
        case "changes":
            _changes(api, given.model)
        case "shadow":
            if bool(given.version) == given.end:
                raise Failed("say which: a version, or --end for none")
            _decide(api, given, given.version or "")
        case "promote":
            _decide(api, given, given.version or "")
        case "rollback":
            _decide(api, given, "")
    return 0


def _list(api: Inference, directory: Directory, organisation: str | None) -> None:
    page = api.get("models")
    installed = [
        (
            model["name"],
            one["version"],
            one["most"],
            one["state"] if one["loaded"] else "not loaded",
            one["reason"],
        )
        for model in page["items"]
        for one in model["versions"]
    ]
    faults = [("", folder, "", "not used as it is", fault) for folder, fault in page["faults"].items()]
    print(table(("model", "version", "at most", "state", "reason"), installed + faults))
    standing = [one for one in api.get("model-versions")["items"] if organisation in (None, one["organisation"])]
    print()
    _print(standing)
    _print_failures(standing)
    _print_differences(standing)
    warnings = modes.warnings(directory, api)
    print("".join(f"\nwarning: {sentence}" for sentence in warnings))


def _print(standing: list[dict[str, Any]]) -> None:
    head = ("model", "hospital", "shown", "shadow", "before")
    print(
        table(head, [_row(one) for one in standing])
        if standing
        else "no hospital is pinned yet; its first exam does it"
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    hospital = f"{one['organisation']} (what a new hospital begins with)" if one["platform"] else one["organisation"]
    shown = one["shown_version"] + ("" if one["shown_installed"] else " NOT INSTALLED")
    shadow = one["shadow_version"] + ("" if one["shadow_installed"] else " NOT INSTALLED")
    return one["model"], hospital, shown, shadow, one["previous_version"]


def _print_failures(standing: list[dict[str, Any]]) -> None:
    """On how many images versions in the shadow failed, all these hospitals together; the worst first, or one that read none yet."""
    asked, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    hospitals = [one for one in standing if not one["platform"]]
    now = {(one["model"], one["shadow_version"]) for one in hospitals if one["shadow_version"]}
    for one in hospitals:
        for each in one["answers"]:
            if not each["shown"]:
                which = (one["model"], each["version"])
                asked[which] += each["answered"] + each["failed"]
                failed[which] += each["failed"]
    share = {which: failed[which] / asked[which] if asked[which] else 1.0 for which in now | asked.keys()}
    worst = sorted(share, key=lambda which: (which[0], -share[which], which[1]))
    rows = [
        (*which, str(asked[which]), f"{failed[which]} ({100 * share[which]:.0f}%)" if asked[which] else "0")
        for which in worst
    ]
    if rows:
        print()
        print(table(("model", "in the shadow", "images to read", "failed on"), rows))


def _print_differences(standing: list[dict[str, Any]]) -> None:
    """By what versions are or were in the shadow and by code, all these hospitals together; what disagrees most first."""
    exams, compared, disagreed = Counter[_Pair](), Counter[_Pair](), Counter[_Pair]()
    for one in standing:
        for each in one["comparisons"]:
            pair = (one["model"], each["version"], each["against"], each["meaning"] or each["code"])
            exams[pair] += each["exams"]
            compared[pair] += each["compared"]
            disagreed[pair] += each["disagreed"]
    worst = sorted(compared, key=lambda pair: (pair[:3], -disagreed[pair] / compared[pair], -compared[pair]))
    rows = [
        (
            *pair,
            str(exams[pair]),
            f"{disagreed[pair]} of {compared[pair]} ({100 * disagreed[pair] / compared[pair]:.0f}%)",
        )
        for pair in worst
    ]
    if rows:
        print()
        print(table(("model", "in the shadow", "beside", "what", "exams", "said something else"), rows))


def _changes(api: Inference, model: str) -> None:
    rows = [
        (
            one["changed_at"][:19].replace("T", " ") + "Z",
            one["organisation"],
            one["act"],
            one["shown_version"],
            one["shadow_version"],
            one["changed_by"] or "first exam",
            one["reason"],
        )
        for one in api.get(f"models/{quote(model, safe='')}/changes")["items"]
    ]
    print(table(("when", "hospital", "act", "shown", "shadow", "by", "reason"), rows))


def _decide(api: Inference, given: argparse.Namespace, version: str) -> None:
    body = {"version": version, "organisation": given.organisation, "reason": given.reason}
    answer = api.post(f"models/{quote(given.model, safe='')}/{given.action}", body)
    _print(answer["items"])
    changed = sum(one["changed"] for one in answer["items"])
    print(f"\n{changed} changed, {len(answer['items']) - changed} unchanged")
    for sentence in _doubts(answer["items"]) if given.action == "promote" else ():
        print(f"\nwarning: {sentence}")


def _doubts(standing: list[dict[str, Any]]) -> list[str]:
    """What speaks against the version that is shown now: that it never read an image of those hospitals, or failed on some."""
    one = next((one for one in standing if one["platform"]), standing[0])
    own = [each for each in one["answers"] if each["version"] == one["shown_version"]]
    failed, asked = sum(each["failed"] for each in own), sum(each["answered"] + each["failed"] for each in own)
    what = f"{one['model']} {one['shown_version']}"
    if not asked:
        return [f"{what} has read no image here yet"]
    return [f"{what} failed here on {failed} of {asked} images"] if failed else []


def add_parser(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    made = commands.add_parser(
        "models", help="versions of models: what each hospital is shown, what runs in the shadow"
    )
    actions = made.add_subparsers(dest="action", required=True)
    whose = argparse.ArgumentParser(add_help=False)
    which = whose.add_mutually_exclusive_group(required=True)
    which.add_argument("--organisation", help="one hospital, by its alias")
    which.add_argument("--all", action="store_true", help="every hospital, and what new ones begin with")
    whose.add_argument("--reason", default="", help="why; it stays in the history")
    listing = actions.add_parser("list", parents=parents, help="installed versions and each hospital's")
    listing.add_argument("--organisation", help="one hospital, by its alias")
    changes = actions.add_parser("changes", parents=parents, help="who decided what about a model, and why")
    changes.add_argument("model")
    shadow = actions.add_parser("shadow", parents=[*parents, whose], help="let a version run in the shadow")
    shadow.add_argument("model")
    shadow.add_argument("version", nargs="?")
    shadow.add_argument("--end", action="store_true", help="end the shadow")
    promote = actions.add_parser("promote", parents=[*parents, whose], help="show a version, or that in the shadow")
    promote.add_argument("model")
    promote.add_argument("version", nargs="?")
    rollback = actions.add_parser("rollback", parents=[*parents, whose], help="show again what was shown before")
    rollback.add_argument("model")
