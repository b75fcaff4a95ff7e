"""The query parameters of rendered resources: PS3.18 section 8.3.5."""

from collections.abc import Mapping

from services.ingest.dicom.pixels import Rendering
from services.shared.errors import Malformed

_FUNCTIONS = {"": "LINEAR", "linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_MAX_SIDE = 8192


def rendering(media_type: str, parameters: Mapping[str, str]) -> Rendering:
    """What the parameters ask for. Raises Malformed."""
    window, function = _window(parameters.get("window"))
    size, region = _viewport(parameters.get("viewport"))
    quality = parameters.get("quality", "90")
    if not quality.isdigit() or not 1 <= int(quality) <= 100:
        raise Malformed("quality is a whole number from 1 to 100", parameter="quality")
    return Rendering(media_type, window, function, size, region, int(quality))


def _window(text: str | None) -> tuple[tuple[float, float] | None, str]:
    if not text:
        return None, "LINEAR"
    parts = text.split(",")
    function = _FUNCTIONS.get(parts[2].lower() if len(parts) == 3 else "")
    values = _floats(parts[:2])
    if len(parts) not in (2, 3) or values is None or len(values) != 2 or values[1] <= 0 or function is None:
        raise Malformed("window is centre,width[,linear|linear-exact|sigmoid] with a width above 0", parameter="window")
    return (values[0], values[1]), function


def _viewport(
    text: str | None,
) -> tuple[tuple[int, int] | None, tuple[float, float, float, float] | None]:
    """Size, and source region; unnamed, it begins at the first pixel and goes to the last (0), and is mirrored below 0."""
    if not text:
        return None, None
    sides, source = text.split(",")[:2], text.split(",")[2:]
    size, region = _floats(sides), _floats([part or "0" for part in source])
    if size is None or len(size) != 2 or not all(1 <= side <= _MAX_SIDE for side in size):
        raise Malformed(
            f"viewport is width,height[,x,y,width,height] with sides up to {_MAX_SIDE}", parameter="viewport"
        )
    if (
        region is None
        or len(region) > 4
        or any(abs(value) > _MAX_SIDE * 4 for value in region)
        or min([0, *region[:2]]) < 0
    ):
        raise Malformed("the viewport's source region must lie in the picture", parameter="viewport")
    x, y, width, height = [*region, 0.0, 0.0, 0.0, 0.0][:4]
    return (int(size[0]), int(size[1])), (x, y, width, height) if region else None


def _floats(parts: list[str]) -> list[float] | None:
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return None
    return values if all(abs(value) < 1e9 for value in values) else None
