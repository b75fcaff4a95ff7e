"""The codes and names by which parties are known, each checked by the standard that defines it."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.shared.errors import Invalid

# GB 32100-2015, 4.1 and table 2: the 31 characters (no I, O, S, V, Z) and the weights 3^(i-1) mod 31 of the first 17 places.
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
# What Keycloak accepts as an alias and a person can type; it is the organisation's name in tokens and scopes.
_ALIAS = re.compile(r"[a-z][a-z0-9-]{1,62}")
# Keycloak keeps user names in lower case and wants 3 characters at least, so only these are unambiguous.
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
# Keycloak's own names for the users behind machine clients.
_SERVICE_ACCOUNT = "service-account-"
# PS3.5, 6.2, VR CS: 16 bytes at most of upper-case letters, digits, space and underscore.
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def social_credit_check_character(first_17: str) -> str:
    """The last character of a unified social credit code (GB 32100-2015, annex A). Raises Invalid for characters outside its set."""
    try:
        total = sum(
            _USCC_ALPHABET.index(character) * weight for character, weight in zip(first_17, _USCC_WEIGHTS, strict=True)
        )
    except ValueError as error:
        raise Invalid(f"a unified social credit code has 18 characters of {_USCC_ALPHABET}: {first_17}…") from error
    return _USCC_ALPHABET[-total % 31]


def social_credit_code(code: str) -> str:
    """The unified social credit code itself. Raises Invalid, naming the fault: length, region or check character."""
    if len(code) != 18:
        raise Invalid(f"a unified social credit code has 18 characters, {code!r} has {len(code)}")
    if not code[2:8].isdigit():
        raise Invalid(f"the unified social credit code {code} names no region: its places 3 to 8 must be digits")
    if code[17] != (expected := social_credit_check_character(code[:17])):
        raise Invalid(
            f"the unified social credit code {code} is mistyped: by its first 17 characters the last would be {expected}"
        )
    return code


def ae_title(title: str) -> str:
    """An application entity title without its insignificant spaces (PS3.5, 6.2, VR AE). Raises Invalid."""
    bare = title.strip(" ")
    if not bare:
        raise Invalid("an AE title needs a character that is not a space (PS3.5, 6.2)")
    if len(bare) > 16:
        raise Invalid(f"an AE title has 16 characters at most (PS3.5, 6.2); {bare!r} has {len(bare)}")
    if any(not " " <= character <= "~" or character == "\\" for character in bare):
        raise Invalid(f"an AE title has printable ASCII characters without backslash only (PS3.5, 6.2): {bare!r}")
    return bare


def time_zone(name: str) -> str:
    """An IANA time zone's name. Raises Invalid for one that this system does not know."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"{name!r} is no IANA time zone; an example is Asia/Shanghai") from error
    return name


def alias(text: str) -> str:
    return _match(_ALIAS, text, "an alias has 2 to 63 lower-case letters, digits and hyphens, a letter first")


def username(text: str) -> str:
    if text.startswith(_SERVICE_ACCOUNT):
        raise Invalid(f"names that begin with {_SERVICE_ACCOUNT} are kept for machines")
    return _match(
        _USERNAME,
        text,
        "a user name or client id has 3 to 64 lower-case letters, digits, dots, underscores and hyphens",
    )


def code_string(text: str, what: str) -> str:
    return _match(
        _CODE_STRING,
        text,
        f"{what} is a DICOM code string (PS3.5, 6.2): at most 16 upper-case letters, digits, spaces, underscores",
    )


def currency(text: str) -> str:
    return _match(_CURRENCY, text, "a currency is an ISO 4217 code such as CNY")


def host(text: str) -> str:
    return _match(_HOST, text, "a device's host is a host name or an IP address")


def agreement_number(text: str) -> str:
    return _match(_NUMBER, text, "an agreement's number has 1 to 64 letters, digits, dots, underscores and hyphens")


def _match(pattern: re.Pattern[str], text: str, rule: str) -> str:
    if not pattern.fullmatch(text):
        raise Invalid(f"{rule}; {text!r} is not one")
    return text
