"""docs/settings.md, made from the services' own settings: `python -m tests.settings_page --write`; without it, compares."""

import importlib
import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from services.__main__ import SERVICES
from services.shared.settings import PREFIX, ServiceSettings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

HEAD = """# Settings

Every service reads its settings from the environment and refuses a name that it does not know. Secrets are files. `sonobridge
check-config <service>` validates them and exits. This page is made from the code: `python -m tests.settings_page --write`.
"""


def row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else f"`{field.default}`" if field.default not in ("", None) else "—"
    return f"| `{PREFIX}{name.upper()}` | {default} | {field.description or ''} |"


def section(title: str, fields: dict[str, FieldInfo]) -> str:
    rows = "\n".join(row(name, field) for name, field in fields.items())
    return f"\n## {title}\n\n| name | default | meaning |\n|---|---|---|\n{rows}\n"


def page() -> str:
    common = dict(ServiceSettings.model_fields)
    text = HEAD + section("Every service", common)
    for service in SERVICES:
        fields = importlib.import_module(f"services.{service}.settings").Settings.model_fields
        own = {name: field for name, field in fields.items() if name not in common}
        if "models_dir" in own:
            own["models_dir"].default = "services/inference/models"
        if own:
            text += section(service, own)
    return text


def main() -> int:
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        print("docs/settings.md is not what the code says; run `python -m tests.settings_page --write`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
