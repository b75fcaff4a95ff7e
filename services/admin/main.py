"""`sonobridge admin …`: what the command line says, done."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from services.admin import bootstrap, models, modes, region, topics
from services.admin.connection import Addresses, Directory, Failed, Inference, machine_token, operator_token
from services.admin.credentials import Credentials
from services.admin.dead_letters import TOPICS, DeadLetter, DeadLetters, as_json
from services.admin.region import Applier, Result
from services.admin.table import table
from services.shared.http import ON_BEHALF_OF
from services.shared.settings import SettingsError, read_secret
from services.shared.tenancy import PLATFORM_ORGANISATION

STATE_VARIABLE = "SONOBRIDGE_LOCAL"
Service = TypeVar("Service", Directory, Inference)


def main(arguments: Sequence[str]) -> int:
    """Run one command; the process's exit status: 0 done, 1 refused or not possible, 2 not understood."""
    given = _parser().parse_args(arguments)
    try:
        run = {
            "bootstrap": _bootstrap,
            "apply": _apply,
            "republish": _republish,
            "topics": _topics,
            "models": _models,
            "dead-letters": _dead_letters,
        }[given.command]
        return run(given)
    except (Failed, SettingsError) as error:
        print(f"sonobridge admin {given.command}: {error}", file=sys.stderr)
        return 1


def _bootstrap(given: argparse.Namespace) -> int:
    addresses = Addresses.of_state(given.state, given.origin, given.issuer)
    token = machine_token(addresses.issuer, given.client_id, read_secret(given.client_secret_file), None)
    directory = Directory(addresses.origin, token, {ON_BEHALF_OF: str(PLATFORM_ORGANISATION)})
    results: list[Result] = []
    applier = Applier(directory, _credentials(given), given.renew_missing, results.append)
    return _applied(results, lambda: bootstrap.bootstrap(applier, given.time_zone))


def _apply(given: argparse.Namespace) -> int:
    wanted = region.read(given.file)
    results: list[Result] = []
    directory = _as_operator(given)
    applier = Applier(directory, _credentials(given), given.renew_missing, results.append)
    status = _applied(results, lambda: applier.apply(wanted))
    if wanted.get("agreements"):
        for sentence in modes.warnings(directory, _as(given, Inference)):
            print(f"warning: {sentence}", file=sys.stderr)
    return status


def _applied(results: list[Result], apply: Callable[[], None]) -> int:
    try:
        apply()
    finally:
        _tell(results, ("created", "changed", "unchanged"))
    return 0


def _tell(results: list[Result], outcomes: tuple[str, ...]) -> None:
    rows = [(one.kind, one.name, one.outcome, one.note) for one in results]
    print(table(("kind", "name", "outcome", "note"), rows))
    counts = ", ".join(f"{sum(one.outcome == outcome for one in results)} {outcome}" for outcome in outcomes)
    print(f"\n{counts}")


def _republish(given: argparse.Namespace) -> int:
    counts = _as_operator(given).post("republish")
    print(table(("kind", "told again"), [(kind, str(count)) for kind, count in counts.items()]))
    return 0


def _topics(given: argparse.Namespace) -> int:
    """1 when a topic that was there differs from the table: events may be lost that it should keep."""
    broker, security = _broker(given)
    results = topics.make(broker, topics.read(given.file), given.topic_prefix, given.replicas, security)
    _tell(results, ("created", "unchanged", "differs"))
    return int(any(one.outcome == "differs" for one in results))


def _broker(given: argparse.Namespace) -> tuple[str, dict[str, str]]:
    addresses = Addresses.of_state(given.state, kafka=given.kafka)
    if not addresses.kafka:
        raise Failed("no Kafka broker is known: name one with --kafka host:port")
    return addresses.kafka, topics.configuration(given.kafka_config)


def _dead_letters(given: argparse.Namespace) -> int:
    broker, security = _broker(given)
    letters = DeadLetters(broker, given.topic_prefix, security)
    match given.action:
        case "list":
            shown = [one for one in letters.all(given.topic or TOPICS) if given.all or not one.replayed]
            print("\n".join(map(as_json, shown)) if given.json else _listing(shown))
        case "show":
            _show(letters.one(given.id), given.body)
        case "replay":
            if bool(given.ids) == given.all:
                raise Failed("say which: ids as `dead-letters list` names them, or --all")
            chosen = (
                [one for one in letters.all() if not one.replayed] if given.all else list(map(letters.one, given.ids))
            )
            print(f"{letters.replay(chosen)} replayed")
    return 0


def _listing(letters: list[DeadLetter]) -> str:
    if not letters:
        return "there are no dead letters"
    rows = [
        (
            one.id,
            f"{one.time:%Y-%m-%d %H:%M:%S}Z",
            one.event_type,
            one.group,
            "yes" if one.replayed else "no",
            one.reason,
        )
        for one in letters
    ]
    return table(("id", "put aside", "type", "consumer", "replayed", "reason"), rows)


def _show(letter: DeadLetter, body: bool) -> None:
    print(table(("what", "value"), [("id", letter.id), ("key", letter.key), *sorted(letter.headers.items())]))
    size = f"{len(letter.value)} bytes"
    print(f"\n{letter.body()}" if body else f"\n{size}; --body shows them, and the patient data that they may hold")


def _models(given: argparse.Namespace) -> int:
    return models.run(_as(given, Inference), _as_operator(given), given)


def _as_operator(given: argparse.Namespace) -> Directory:
    return _as(given, Directory)


def _as(given: argparse.Namespace, api: type[Service]) -> Service:
    addresses = Addresses.of_state(given.state, given.origin, given.issuer)
    if given.token_file is not None:
        return api(addresses.origin, read_secret(given.token_file))
    return api(addresses.origin, operator_token(addresses, _credentials(given), given.client_id))


def _credentials(given: argparse.Namespace) -> Credentials:
    return Credentials(given.credentials or given.state / "credentials.json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sonobridge admin", description="Set up a platform and its regions, look after models and dead letters."
    )
    state = argparse.ArgumentParser(add_help=False)
    state.add_argument(
        "--state",
        type=Path,
        default=Path(os.environ.get(STATE_VARIABLE, ".local")),
        help="folder with endpoints.json and credentials.json (default: .local, or what SONOBRIDGE_LOCAL names)",
    )
    face = argparse.ArgumentParser(add_help=False, parents=[state])
    face.add_argument("--origin", help="the platform's address, in place of endpoints.json")
    face.add_argument("--issuer", help="the issuer of access tokens, in place of endpoints.json")
    face.add_argument("--credentials", type=Path, help="file that keeps drawn secrets (default: in the state folder)")
    keeping = argparse.ArgumentParser(add_help=False)
    keeping.add_argument(
        "--renew-missing",
        action="store_true",
        help="draw new secrets for those known to the platform but not to the file",
    )
    caller = argparse.ArgumentParser(add_help=False)
    caller.add_argument("--client-id", default=bootstrap.MACHINE, help="machine in the credentials file to work as")
    caller.add_argument("--token-file", type=Path, help="file with an operator's access token, in place of a machine")

    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser(
        "bootstrap",
        parents=[face, keeping],
        help="make the platform's own organisation, its first operator and machine",
    )
    first.add_argument("--client-id", default="platform-directory", help="the directory's own client")
    first.add_argument("--client-secret-file", type=Path, required=True, help="file with that client's secret")
    first.add_argument("--time-zone", default="Asia/Shanghai", help="the platform's own time zone")
    apply = commands.add_parser("apply", parents=[face, keeping, caller], help="set up what a region file says")
    apply.add_argument("file", type=Path, help="YAML; see infra/demo/demo.yaml")
    commands.add_parser("republish", parents=[face, caller], help="tell every service the whole directory once more")

    models.add_parser(commands, [face, caller])

    broker = argparse.ArgumentParser(add_help=False, parents=[state])
    broker.add_argument("--kafka", help="host:port of a broker, in place of endpoints.json")
    broker.add_argument(
        "--kafka-config",
        type=Path,
        help="file of librdkafka's settings, one key=value a line: security.protocol, sasl.…",
    )
    broker.add_argument("--topic-prefix", default="", help="what stands before the topics' names, if anything")
    made = commands.add_parser("topics", parents=[broker], help="make the platform's topics on a broker")
    made.add_argument("file", type=Path, nargs="?", default=topics.TABLE, help="YAML, as infra/kafka/topics.yaml")
    made.add_argument(
        "--replicas", type=int, default=topics.BROKERS_OWN, help="copies of each partition (default: the broker's own)"
    )

    aside = commands.add_parser("dead-letters", help="records that a consumer could never handle")
    actions = aside.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", parents=[broker], help="what waits")
    listing.add_argument("--topic", action="append", choices=TOPICS, help="only of this topic")
    listing.add_argument("--all", action="store_true", help="also what was replayed already")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    show = actions.add_parser("show", parents=[broker], help="one record's headers")
    show.add_argument("id")
    show.add_argument("--body", action="store_true", help="also its body, which may hold patient data")
    replay = actions.add_parser("replay", parents=[broker], help="send records to the topic they came from")
    replay.add_argument("ids", nargs="*")
    replay.add_argument("--all", action="store_true", help="everything not yet replayed")
    return parser
