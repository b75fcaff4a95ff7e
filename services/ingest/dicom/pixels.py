"""Decoding and rendering one frame. Runs in a worker process; a frame comes as it lies in the store.

Image Pixel module: PS3.3 C.7.6.3; modality and VOI: C.11.1, C.11.2; palettes: C.7.6.3.1.5.
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.multival import MultiValue
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.uid import UID

from services.ingest.dicom.syntax import BY_UID, EXPLICIT_LITTLE, JPEG_BASELINE

_GROUP = "0028"
_PALETTES = ("00281201", "00281202", "00281203", "00281221", "00281222", "00281223")


class Undecodable(Exception):
    """There is no decoder here for this frame, or it is broken."""


@dataclass(frozen=True)
class Rendering:
    """How a frame is to be shown. `window` is (centre, width); `region` is (x, y, width, height) of the source."""

    media_type: str
    window: tuple[float, float] | None = None
    function: str = "LINEAR"
    size: tuple[int, int] | None = None
    region: tuple[float, float, float, float] | None = None
    quality: int = 90


def description(metadata: dict[str, Any]) -> dict[str, Any]:
    """The part of an instance's metadata that decoding and rendering need.

    Under "_vr" is the pixel data's VR, under "_swapped" whether binary values came in big endian words.
    """
    found = {tag: value for tag, value in metadata.items() if tag.startswith(_GROUP)}
    syntax = BY_UID[_text(metadata, "00083002")]
    return found | {"_vr": metadata.get("7FE00010", {}).get("vr", "OW"), "_swapped": not syntax.little_endian}


def palettes_elsewhere(metadata: dict[str, Any]) -> list[str]:
    """Palettes too long for the metadata, to be read from the object."""
    return [tag for tag in _PALETTES if "BulkDataURI" in metadata.get(tag, {})]


def to_little_endian(frame: bytes, image: dict[str, Any], syntax_uid: str, first_bit: int = 0) -> bytes:
    """A native frame as it is in Explicit VR Little Endian. `first_bit` is where a frame of one-bit pixels begins in its first byte."""
    allocated = _number(image, "00280100", 8)
    if allocated == 1:
        return _bits(frame, image, first_bit)
    if BY_UID[syntax_uid].little_endian:
        return frame
    if allocated > 8:
        return np.frombuffer(frame, dtype=f">u{allocated // 8}").astype(f"<u{allocated // 8}").tobytes()
    if image.get("_vr") == "OW" and len(frame) % 2 == 0:
        # 8-bit pixels in big endian words come in swapped pairs.
        return np.frombuffer(frame, dtype=">u2").astype("<u2").tobytes()
    return frame


def decode(frame: bytes, image: dict[str, Any], syntax_uid: str) -> bytes:
    """A compressed frame as Explicit VR Little Endian has it; colours become RGB, palette indices stay. Raises Undecodable."""
    array = _array(frame, image, syntax_uid)
    if array.ndim == 3 and _number(image, "00280006", 0) == 1:
        array = np.ascontiguousarray(array.transpose(2, 0, 1))
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def render(frame: bytes, image: dict[str, Any], syntax_uid: str, wanted: Rendering) -> bytes:
    """A frame as JPEG or PNG. Raises Undecodable."""
    array = _array(frame, image, syntax_uid)
    try:
        picture = Image.fromarray(_displayed(array, image, wanted))
    except Exception as error:
        raise Undecodable(f"this frame cannot be shown: {error}") from error
    if wanted.region is not None:
        picture = _cut_out(picture, *wanted.region)
    if wanted.size is not None:
        scale = min(wanted.size[0] / picture.width, wanted.size[1] / picture.height)
        picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    out = io.BytesIO()
    if wanted.media_type == "image/png":
        picture.save(out, "PNG", compress_level=3)
    else:
        picture.save(out, "JPEG", quality=wanted.quality)
    return out.getvalue()


def _cut_out(picture: Image.Image, x: float, y: float, width: float, height: float) -> Image.Image:
    """A region of the picture; 0 goes to its edge, a negative side mirrors (PS3.18, section 8.3.5.1.3)."""
    right, bottom = x + abs(width or picture.width - x), y + abs(height or picture.height - y)
    found = picture.crop((int(x), int(y), max(int(right), int(x) + 1), max(int(bottom), int(y) + 1)))
    if width < 0:
        found = found.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return found.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if height < 0 else found


def _array(frame: bytes, image: dict[str, Any], syntax_uid: str) -> NDArray[Any]:
    syntax = BY_UID[syntax_uid]
    photometric = _text(image, "00280004")
    allocated = _number(image, "00280100", 8)
    if syntax_uid == JPEG_BASELINE and photometric in ("YBR_FULL_422", "YBR_FULL", "MONOCHROME2") and allocated == 8:
        try:
            grey = photometric == "MONOCHROME2"
            array: NDArray[np.uint8] = simplejpeg.decode_jpeg(frame, "GRAY" if grey else "RGB")
            return array[:, :, 0] if grey else array
        except ValueError as error:
            raise Undecodable(f"the JPEG is broken: {error}") from error
    options: dict[str, Any] = {
        "rows": _number(image, "00280010", 0),
        "columns": _number(image, "00280011", 0),
        "samples_per_pixel": _number(image, "00280002", 1),
        "photometric_interpretation": photometric,
        "planar_configuration": _number(image, "00280006", 0),
        "number_of_frames": 1,
        "bits_allocated": allocated,
        "bits_stored": _number(image, "00280101", allocated),
        "pixel_representation": _number(image, "00280103", 0),
        "pixel_keyword": "PixelData",
        "pixel_vr": "OW",
    }
    try:
        decoder = get_decoder(UID(syntax_uid if syntax.encapsulated else EXPLICIT_LITTLE))
        found, _ = decoder.as_array(encapsulate([frame]) if syntax.encapsulated else frame, index=0, **options)
    except Exception as error:
        raise Undecodable(f"this frame cannot be decoded: {error}") from error
    return found


def _displayed(array: NDArray[Any], image: dict[str, Any], wanted: Rendering) -> NDArray[np.uint8]:
    """Eight-bit grey or RGB."""
    photometric = _text(image, "00280004")
    stored = _number(image, "00280101", 8)
    if photometric == "PALETTE COLOR":
        coloured = apply_color_lut(array, _dataset(image))
        return (coloured >> 8 if coloured.dtype.itemsize == 2 else coloured).astype(np.uint8)
    if array.ndim == 3:
        return (array >> (stored - 8) if stored > 8 else array).astype(np.uint8)
    dataset = _dataset(image)
    values = apply_modality_lut(array, dataset).astype(np.float64)
    window = wanted.window or _window(dataset)
    if window is not None:
        values = _windowed(values, *window, wanted.function)
    elif stored > 8 or values.min() < 0:
        low, high = values.min(), values.max()
        values = (values - low) / max(high - low, 1) * 255
    elif stored == 1:
        values = values * 255
    if photometric == "MONOCHROME1":
        values = 255 - values
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _windowed(values: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.float64]:
    """VOI functions of PS3.3 C.11.2.1.2, onto 0..255."""
    if function == "SIGMOID":
        return np.asarray(255 / (1 + np.exp(-4 * (values - centre) / width)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1) * 255
    if width <= 1:
        return np.where(values <= centre - 0.5, 0.0, 255.0)
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


def _window(dataset: Dataset) -> tuple[float, float] | None:
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None:
        return None
    first = [value[0] if isinstance(value, MultiValue) else value for value in (centre, width)]
    return float(first[0]), float(first[1])


def _bits(frame: bytes, image: dict[str, Any], first_bit: int) -> bytes:
    """One-bit pixels begin at a byte (PS3.5 8.1.1 packs frames without a gap)."""
    count = _number(image, "00280010", 0) * _number(image, "00280011", 0)
    bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[first_bit : first_bit + count]
    return np.packbits(bits, bitorder="little").tobytes()


def _dataset(image: dict[str, Any]) -> Dataset:
    dataset = Dataset.from_json({tag: value for tag, value in image.items() if not tag.startswith("_")})
    dataset.set_original_encoding(False, True)
    if image.get("_swapped"):
        for tag in _PALETTES:
            if tag in image:
                element = dataset[tag]
                element.value = np.frombuffer(element.value, dtype=">u2").astype("<u2").tobytes()
    return dataset


def _text(image: dict[str, Any], tag: str) -> str:
    values = image.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _number(image: dict[str, Any], tag: str, default: int) -> int:
    values = image.get(tag, {}).get("Value")
    return int(values[0]) if values else default
