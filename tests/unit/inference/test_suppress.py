"""Of pictures that are no ultrasound, image quality says nothing but what is wrong and where text lies."""

from collections import Counter

from services.inference import codes
from services.inference.frames import FramesRead, Seen
from services.inference.model import Code, Evaluation, FrameReading, Observation, Refusal
from services.inference.suppress import NOT_ULTRASOUND, of_ultrasound


def seen(*frames: int, finding: Code | None = None) -> Seen:
    word = Evaluation(codes.IMAGE_QUALITY, codes.GOOD_QUALITY, 90)
    return Seen(frames, FrameReading(Observation(90, evaluations=(word,), finding=finding)))


WHOLE, TEXT = seen(2, 1, 3), seen(1, 2, 3, finding=codes.BURNED_IN_TEXT)
DARK = seen(3, finding=codes.GAIN_TOO_LOW)
UNSURE = Refusal("not_sure", "It is not sure.")


def test_a_photograph_has_no_gain_and_no_contact() -> None:
    found = of_ultrasound(FramesRead([seen(1)]), {1: "not_ultrasound"})
    assert (found.seen, found.nothing) == ([], {NOT_ULTRASOUND: 1})


def test_its_burned_in_text_is_still_said() -> None:
    found = of_ultrasound(FramesRead([seen(1), seen(1, finding=codes.BURNED_IN_TEXT)]), {1: "not_ultrasound"})
    assert [one.reading.observation.finding for one in found.seen] == [codes.BURNED_IN_TEXT]
    assert not found.nothing


def test_a_probe_without_contact_looks_like_no_ultrasound_and_is_named_all_the_same() -> None:
    lost = seen(1, finding=codes.CONTACT_LOST)
    found = of_ultrasound(FramesRead([seen(1), lost]), {1: "not_ultrasound"})
    assert (found.seen, found.nothing) == ([seen(1), lost], {})


def test_of_a_clip_the_frames_that_are_ultrasound_or_faulty_stay_and_one_of_them_speaks() -> None:
    views = {1: "liver", 2: "not_ultrasound", 3: "not_ultrasound"}
    found = of_ultrasound(FramesRead([WHOLE, DARK], Counter({UNSURE: 2})), views)
    assert [one.frames for one in found.seen] == [(1, 3), (3,)]
    assert found.nothing == {UNSURE: 2, NOT_ULTRASOUND: 1}


def test_what_no_view_is_sure_of_is_left_as_it_is() -> None:
    read = FramesRead([WHOLE, TEXT, DARK])
    assert of_ultrasound(read, {}) is read
    assert of_ultrasound(read, {1: "other_ultrasound", 2: "liver"}) is read
