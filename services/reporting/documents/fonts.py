"""The font that the printed report needs."""

from pathlib import Path

FAMILY = "Noto Sans CJK SC"
_FILES = "NotoSansCJK*"


def check(folder: Path) -> None:
    """Raises FileNotFoundError when no font with Chinese lies below `folder`."""
    if not any(folder.rglob(_FILES)):
        raise FileNotFoundError(f"no {FAMILY} below {folder}: install fonts-noto-cjk, or set SONOBRIDGE_FONTS_DIR")
