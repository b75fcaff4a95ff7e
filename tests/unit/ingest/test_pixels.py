"""Decoded and rendered frames, held against pydicom's own decoding."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels.processing import apply_color_lut

from services.ingest.dicom import pixels
from services.ingest.dicom.frames import FrameIndex, join_fragments
from services.ingest.dicom.inspection import inspect
from services.ingest.dicom.pixels import Rendering, Undecodable
from services.ingest.dicom.syntax import BY_UID, EXPLICIT_LITTLE
from services.ingest.http.rendering import rendering
from services.shared.errors import Malformed

_FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
_EXAMPLES = [
    "CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "ExplVR_BigEnd.dcm", "examples_palette.dcm",
    "examples_rgb_color.dcm", "examples_ybr_color.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm",
    "SC_ybr_full_422_uncompressed.dcm", "image_dfl.dcm", "JPEG-LL.dcm", "SC_rgb_rle_2frame.dcm", "liver.dcm",
]  # fmt: skip


def _load(name: str) -> tuple[pydicom.FileDataset, list[bytes], dict[str, Any], str]:
    """pydicom's dataset; the frames as they are stored, and what decoding them takes."""
    path = _FOLDER / name
    noted = inspect(str(path), 1 << 30)
    source = Path(noted.inflated or path)
    data = source.read_bytes()
    if noted.inflated:
        source.unlink()
    image = pixels.description(noted.metadata)
    spans = FrameIndex.unpack(noted.frame_spans)
    frames = [data[offset : offset + length] for offset, length in spans]
    syntax = BY_UID[noted.transfer_syntax_uid]
    if syntax.encapsulated:
        return pydicom.dcmread(path), [join_fragments(frame) for frame in frames], image, syntax.uid
    bits = image["00280010"]["Value"][0] * image["00280011"]["Value"][0] if image["00280100"]["Value"] == [1] else 0
    little = [pixels.to_little_endian(frame, image, syntax.uid, n * bits % 8) for n, frame in enumerate(frames)]
    return pydicom.dcmread(path), little, image, EXPLICIT_LITTLE


@pytest.mark.parametrize("name", _EXAMPLES)
def test_the_first_frame_is_pydicoms(name: str) -> None:
    if not (_FOLDER / name).exists():
        pytest.skip(f"this pydicom has no {name}")
    dataset, frames, image, syntax = _load(name)
    expected = dataset.pixel_array
    if len(frames) > 1:
        expected = expected[0]
    ours = pixels._array(frames[0], image, syntax)
    assert ours.shape == expected.shape
    difference = np.abs(ours.astype(int) - expected.astype(int))
    # Two JPEG decoders round differently; everything else is exact.
    assert difference.max() <= (8 if BY_UID[syntax].media_type == "image/jpeg" else 0)


def test_a_rendered_palette_has_its_colours() -> None:
    dataset, frames, image, syntax = _load("examples_palette.dcm")
    picture = np.asarray(Image.open(io.BytesIO(pixels.render(frames[0], image, syntax, Rendering("image/png")))))
    expected = apply_color_lut(dataset.pixel_array, dataset)
    expected = expected >> 8 if expected.dtype.itemsize == 2 else expected
    assert np.array_equal(picture, expected)


def test_a_window_brightens_and_the_viewport_shrinks() -> None:
    _, frames, image, syntax = _load("CT_small.dcm")

    def shown(**more: Any) -> np.ndarray[Any, Any]:
        made = pixels.render(frames[0], image, syntax, Rendering("image/png", **more))
        return np.asarray(Image.open(io.BytesIO(made)))

    assert shown(window=(0.0, 100.0)).mean() > shown(window=(2000.0, 100.0)).mean()
    assert shown(size=(64, 32)).shape == (32, 32)
    assert shown(region=(0, 0, 10, 20)).shape == (20, 10)
    whole = shown()
    assert np.array_equal(shown(region=(100, 90, 0, 0)), whole[90:, 100:])
    assert np.array_equal(shown(region=(0, 0, -128, 128)), whole[:, ::-1])
    assert np.array_equal(shown(region=(0, 0, 0, -50)), whole[49::-1])


@pytest.mark.parametrize("text", ["64", "0,32", "9000,32", "a,b", "64,32,-1,0", "64,32,0,0,1,1,1", "64,32,x"])
def test_a_viewport_that_is_none_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="viewport"):
        rendering("image/png", {"viewport": text})


def test_a_viewport_names_its_source_as_far_as_it_likes() -> None:
    assert rendering("image/png", {"viewport": "64,32"}).region is None
    assert rendering("image/png", {"viewport": "64,32,,,24,16"}).region == (0, 0, 24, 16)
    assert rendering("image/png", {"viewport": "64,32,8,9"}).region == (8, 9, 0, 0)
    assert rendering("image/png", {"viewport": "64,32,0,0,-24,16"}).region == (0, 0, -24, 16)


def test_decoded_frames_have_the_length_that_the_metadata_promises() -> None:
    _, frames, image, syntax = _load("examples_ybr_color.dcm")
    assert len(pixels.decode(frames[0], image, syntax)) == 240 * 320 * 3


def test_a_broken_frame_is_said_to_be_undecodable() -> None:
    _, _, image, syntax = _load("examples_ybr_color.dcm")
    with pytest.raises(Undecodable):
        pixels.decode(b"\xff\xd8 nothing", image, syntax)
