"""Codes and names, by the standards that define them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.model import codes
from services.shared.errors import Invalid

USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DIGITS = st.text(string.digits, min_size=6, max_size=6)
_FIRST = st.tuples(st.text(USCC, min_size=2, max_size=2), _DIGITS, st.text(USCC, min_size=9, max_size=9))


# Published codes of listed companies.
@pytest.mark.parametrize("code", ["91110000802100433B", "9144030071526726XG", "91330100799655058B"])
def test_real_social_credit_codes_are_accepted(code: str) -> None:
    assert codes.social_credit_code(code) == code


@given(_FIRST, st.integers(0, 16), st.sampled_from(USCC))
def test_one_mistyped_character_of_a_social_credit_code_is_always_found(
    parts: tuple[str, str, str], place: int, other: str
) -> None:
    first = "".join(parts)
    code = first + codes.social_credit_check_character(first)
    assert codes.social_credit_code(code) == code
    if code[place] != other:
        with pytest.raises(Invalid):
            codes.social_credit_code(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "code", ["", "91110000802100433", "91110000802100433I", "9111A000802100433B", "9111000080210043３B"]
)
def test_what_is_no_social_credit_code_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        codes.social_credit_code(code)


def test_spaces_around_an_ae_title_mean_nothing() -> None:
    assert codes.ae_title("  US ROOM 1 ") == "US ROOM 1"


@pytest.mark.parametrize("title", ["", "    ", "A" * 17, "A\\B", "超声", "A\tB", "A\x7f"])
def test_an_ae_title_outside_its_value_representation_is_refused(title: str) -> None:
    with pytest.raises(Invalid, match=r"PS3\.5"):
        codes.ae_title(title)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=16))
def test_any_other_title_of_sixteen_printable_characters_is_accepted(title: str) -> None:
    assert codes.ae_title(title) == title


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Asia/Urumqi", "UTC"])
def test_an_iana_time_zone_is_accepted(name: str) -> None:
    assert codes.time_zone(name) == name


@pytest.mark.parametrize("name", ["", "China", "../etc/passwd", "Asia/Nowhere", "+08:00"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="time zone"):
        codes.time_zone(name)


@pytest.mark.parametrize("name", ["service-account-x", "Wang", "wa", "王敏", "a b", "-a"])
def test_a_user_name_that_keycloak_would_change_or_keep_for_itself_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        codes.username(name)
