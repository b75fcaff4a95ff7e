"""Which version a hospital is shown: what operators may decide, and what the folders of models hold."""

import time
from pathlib import Path

import pytest

import services.inference
from services.inference.model import Chosen, Mode, ModelCard, Plan
from services.inference.registry import BadModelFolder
from services.inference.shelf import Shelf
from services.inference.versions import Act, NothingToDecide, Pin, VersionNotInstalled, decide, with_shadows
from services.shared.tenancy import PLATFORM_ORGANISATION
from tests.integration.inference.workshop import install, remove

INSTALLED = {"1.0.0", "2.0.0", "3.0.0"}


def test_the_platforms_own_row_is_named_by_the_platforms_own_organisation() -> None:
    migration = Path(services.inference.__file__).parent / "migrations" / "0002_operation.sql"
    assert str(PLATFORM_ORGANISATION) in migration.read_text(encoding="utf-8")


def test_a_new_version_goes_into_the_shadow_is_promoted_and_rolled_back() -> None:
    pin = decide(Pin("1.0.0"), Act.SHADOW, "2.0.0", INSTALLED)
    assert (pin.shown, pin.shadow, pin.revision) == ("1.0.0", "2.0.0", 1)
    pin = decide(pin, Act.PROMOTE, "", INSTALLED)
    assert (pin.shown, pin.shadow, pin.previous) == ("2.0.0", "", "1.0.0")
    pin = decide(pin, Act.ROLLBACK, "", INSTALLED)
    assert (pin.shown, pin.previous, pin.revision) == ("1.0.0", "", 3)
    with pytest.raises(NothingToDecide):
        decide(pin, Act.ROLLBACK, "", INSTALLED)


def test_the_same_decision_again_changes_nothing() -> None:
    pin = decide(Pin("1.0.0"), Act.SHADOW, "2.0.0", INSTALLED)
    assert decide(pin, Act.SHADOW, "2.0.0", INSTALLED) is pin
    assert decide(pin, Act.PROMOTE, "1.0.0", INSTALLED) is pin


def test_promoting_another_version_leaves_the_shadow() -> None:
    pin = Pin("1.0.0", "2.0.0")
    assert decide(pin, Act.PROMOTE, "3.0.0", INSTALLED).shadow == "2.0.0"
    assert decide(pin, Act.SHADOW, "", INSTALLED).shadow == ""


@pytest.mark.parametrize("act", [Act.SHADOW, Act.PROMOTE])
def test_a_version_that_is_not_installed_is_refused_by_name(act: Act) -> None:
    with pytest.raises(VersionNotInstalled, match=r"9.0.0 is not installed; installed: 1.0.0, 2.0.0, 3.0.0"):
        decide(Pin("1.0.0"), act, "9.0.0", INSTALLED)


def test_one_rolls_back_to_no_version_that_was_removed() -> None:
    with pytest.raises(VersionNotInstalled):
        decide(Pin("2.0.0", previous="1.0.0"), Act.ROLLBACK, "", {"2.0.0"})


def test_without_a_shadow_there_is_nothing_to_promote() -> None:
    with pytest.raises(NothingToDecide, match="say which"):
        decide(Pin("1.0.0"), Act.PROMOTE, "", INSTALLED)


def card(version: str) -> ModelCard:
    return ModelCard("head", version, "", ("US",), ("*",), 8, "", "", "II", "", served_as=f"head@{version}")


def test_the_shadow_runs_beside_what_is_shown_under_a_name_of_its_own() -> None:
    plan = Plan((Chosen(card("1.0.0"), Mode.TRIAL, "EC-7"),))
    both = with_shadows(plan, {"head": Pin("1.0.0", "2.0.0")}, {("head", "2.0.0"): card("2.0.0")})
    assert [(one.key, one.mode) for one in both.models] == [("head", Mode.TRIAL), ("head@2.0.0", Mode.SHADOW)]
    assert both.models[1].card.in_triton == "head@2.0.0"


def test_a_shadow_that_was_removed_stops_nothing() -> None:
    plan = Plan((Chosen(card("1.0.0"), Mode.TRIAL),))
    assert with_shadows(plan, {"head": Pin("1.0.0", "2.0.0")}, {}) == plan


def test_versions_come_and_go_while_the_service_runs(tmp_path: Path) -> None:
    own, further = tmp_path / "own", tmp_path / "further"
    further.mkdir()
    install(own, "head", "1.0.0")
    shelf = Shelf(own, further)
    assert list(shelf) == ["head"]
    second = install(further, "head", "2.0.0", as_version=True)
    shelf.scan()
    assert list(shelf.versions("head")) == ["1.0.0", "2.0.0"]
    assert shelf["head@2.0.0"].card.in_triton == "head@2.0.0"
    assert shelf.first_version("head") == "1.0.0"
    remove(second)
    shelf.scan()
    assert list(shelf) == ["head"]


def test_a_folder_that_is_no_good_is_named_and_the_others_stay(tmp_path: Path) -> None:
    install(tmp_path, "head", "1.0.0")
    shelf = Shelf(tmp_path)
    bad = install(tmp_path, "head", "2.0.0", as_version=True)
    (bad / "1" / "model.onnx").write_bytes(b"other weights")
    shelf.scan()
    assert list(shelf) == ["head"]
    assert "weights" in shelf.faults["head@2.0.0"]
    with pytest.raises(BadModelFolder):
        Shelf(tmp_path)


def test_a_bad_folder_among_the_further_ones_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    install(tmp_path / "own", "head", "1.0.0")
    bad = install(tmp_path / "further", "head", "2.0.0", as_version=True)
    (bad / "1" / "model.onnx").write_bytes(b"other weights")
    shelf = Shelf(tmp_path / "own", tmp_path / "further")
    assert list(shelf) == ["head"]
    assert list(shelf.faults) == ["head@2.0.0"]


def test_what_is_changed_in_place_is_not_taken_for_the_version_that_runs(tmp_path: Path) -> None:
    install(tmp_path, "head", "1.0.0")
    shelf = Shelf(tmp_path)
    remove(tmp_path / "head")
    time.sleep(0.01)  # another change time
    install(tmp_path, "head", "2.0.0")
    shelf.scan()
    assert list(shelf.versions("head")) == ["1.0.0"]
    assert "a folder of its own" in shelf.faults["head"]


def test_one_version_is_installed_once(tmp_path: Path) -> None:
    install(tmp_path, "head", "1.0.0")
    shelf = Shelf(tmp_path)
    install(tmp_path, "head", "1.0.0", as_version=True)
    shelf.scan()
    assert list(shelf) == ["head"]
    assert "installed already" in shelf.faults["head@1.0.0"]
