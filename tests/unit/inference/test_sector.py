"""The sector is found from the picture alone; what the machine wrote round it is gone, and nothing makes it fail."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference import sector
from services.inference.sector import Sector

ROWS, COLUMNS = 480, 640


def fan() -> NDArray[np.uint8]:
    """Where a curved probe draws, 255 inside."""
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    cv2.ellipse(mask, (320, 20), (400, 400), 0, 50, 130, 255, -1)
    return mask


def screen(seed: int = 0) -> NDArray[np.uint8]:
    """A machine's screen: speckle in a fan; text, a ruler and a grey bar round it."""
    rng = np.random.default_rng(seed)
    picture = (fan() > 0) * np.clip(rng.rayleigh(40, (ROWS, COLUMNS)), 8, 255)
    pixels = np.asarray(picture, np.uint8)
    for row, words in enumerate(("GENERAL HOSPITAL", "DOE^JOHN 1970", "MI 1.1 TIs 0.4")):
        cv2.putText(pixels, words, (4, 24 + 26 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
    pixels[100:400, 620:630] = np.linspace(255, 0, 300)[:, None].astype(np.uint8)
    for tick in range(60, 460, 40):
        pixels[tick, 600:612] = 200
    return pixels


def test_the_box_is_the_fans_and_text_ruler_and_bar_are_black() -> None:
    pixels = screen()
    found = sector.find(pixels[None])
    inside = np.argwhere(fan())
    top, left = inside.min(0)
    bottom, right = inside.max(0) + 1
    assert (found.top, found.left, found.bottom, found.right) == pytest.approx((top, left, bottom, right), abs=10)
    cut = sector.cut(pixels[None], found)[0]
    assert cut.shape == (found.bottom - found.top, found.right - found.left)
    outside = cv2.dilate(fan(), np.ones((25, 25), np.uint8))[found.top : found.bottom, found.left : found.right] == 0
    assert cut[outside].max(initial=0) == 0


def test_what_is_seen_of_the_tissue_stays_as_it_was() -> None:
    pixels = screen()
    found = sector.find(pixels[None])
    cut = sector.cut(pixels[None], found)[0]
    core = cv2.erode(fan(), np.ones((25, 25), np.uint8))[found.top : found.bottom, found.left : found.right] > 0
    assert (cut[core] == pixels[found.top : found.bottom, found.left : found.right][core]).all()


def test_a_sector_that_something_echo_free_parts_in_two_stays_one_and_print_beside_it_stays_out() -> None:
    pixels = screen()
    pixels[170:260] = 0  # a full bladder, or a head's dark brain, from side to side of the fan
    found, undivided = sector.find(pixels[None]), sector.find(screen()[None])
    ends = [(one.top, one.left, one.bottom, one.right) for one in (found, undivided)]
    assert ends[0] == pytest.approx(ends[1], abs=10)


def test_all_frames_of_a_clip_tell_one_sector() -> None:
    clip = np.stack([screen(seed) for seed in range(4)])
    clip[0] = 0  # the probe was not yet on the skin
    found = sector.find(clip)
    assert found == sector.find(clip[::-1])
    assert sector.cut(clip, found).shape[0] == 4
    assert found.bottom - found.top > 300


def test_the_service_s_frames_are_left_alone() -> None:
    pixels = screen()
    before = pixels.copy()
    sector.cut(pixels[None], sector.find(pixels[None]))
    assert (pixels == before).all()


def test_tissue_from_edge_to_edge_is_kept_whole() -> None:
    pixels = np.full((300, 400), 90, np.uint8)
    found = sector.find(pixels[None])
    assert (found.top, found.left, found.bottom, found.right) == (0, 0, 300, 400)
    assert (sector.cut(pixels[None], found) == pixels).all()


@pytest.mark.parametrize("shape", [(0, 10, 10), (1, 1, 1), (1, 480, 640), (2, 17, 900), (1, 16, 16)])
def test_where_there_is_none_the_whole_frame_is_it(shape: tuple[int, int, int]) -> None:
    black = np.zeros(shape, np.uint8)
    assert sector.find(black) == Sector(0, 0, shape[1], shape[2])
    assert sector.cut(black, sector.find(black)).shape == shape
