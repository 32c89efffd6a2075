"""Redaction: finds what tells who somebody is in a text, and puts a placeholder in its stead.

Patterns find candidates, checksums and ranges tell which are real: cards by Luhn, IBANs by their country's length and modulo 97,
addresses by being one. It finds what has a form. Names of people and places have none; for them give a function of your own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

Check = Callable[[str], int]
"""How many letters of a candidate, from its start, are what was looked for; 0 for none."""


class Kind(NamedTuple):
    """One kind of what is looked for.

    Attributes:
        pattern: finds candidates.
        check: tells how much of one is real; `None` where the pattern alone tells.
    """

    pattern: re.Pattern[str]
    check: Check | None = None


_IBAN_LENGTHS: Final = {
    code[:2]: int(code[2:])
    for code in [
        "AD24",
        "AE23",
        "AL28",
        "AT20",
        "AZ28",
        "BA20",
        "BE16",
        "BG22",
        "BH22",
        "BI27",
        "BR29",
        "BY28",
        "CH21",
        "CR22",
        "CY28",
        "CZ24",
        "DE22",
        "DJ27",
        "DK18",
        "DO28",
        "EE20",
        "EG29",
        "ES24",
        "FI18",
        "FK18",
        "FO18",
        "FR27",
        "GB22",
        "GE22",
        "GI23",
        "GL18",
        "GR27",
        "GT28",
        "HN28",
        "HR21",
        "HU28",
        "IE22",
        "IL23",
        "IQ23",
        "IS26",
        "IT27",
        "JO30",
        "KW30",
        "KZ20",
        "LB28",
        "LC32",
        "LI21",
        "LT20",
        "LU20",
        "LV21",
        "LY25",
        "MC27",
        "MD24",
        "ME22",
        "MK19",
        "MN20",
        "MR27",
        "MT31",
        "MU30",
        "NI28",
        "NL18",
        "NO15",
        "OM23",
        "PK24",
        "PL28",
        "PS29",
        "PT25",
        "QA29",
        "RO24",
        "RS22",
        "RU33",
        "SA24",
        "SC31",
        "SD18",
        "SE24",
        "SI19",
        "SK24",
        "SM27",
        "SO23",
        "ST25",
        "SV28",
        "TL23",
        "TN24",
        "TR26",
        "UA29",
        "VA22",
        "VG24",
        "XK20",
        "YE30",
    ]
}


def _card(text: str) -> int:
    digits = [int(letter) for letter in text if letter.isdecimal()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return len(text) if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 and any(digits) else 0


def _iban(text: str) -> int:
    length = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    end = seen = 0
    while end < len(text) and seen < length:
        seen += text[end] != " "
        end += 1
    plain = text[:end].replace(" ", "").upper()
    if not length or len(plain) != length or text[end : end + 1].isalnum():
        return 0
    number = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return end if int(number) % 97 == 1 else 0


def _address(text: str) -> int:
    from ipaddress import ip_address

    plain = text.rstrip(".:") if not text.endswith("::") else text
    try:
        ip_address(plain)
    except ValueError:
        return 0
    return len(plain) if any(letter.isalnum() for letter in plain) else 0


def _phone(text: str) -> int:
    return len(text) if 8 <= sum(letter.isdecimal() for letter in text) <= 15 else 0


KINDS: Final[Mapping[str, Kind]] = {
    "key": Kind(
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8192}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
            r"|(?<![\w-])(?:sk-[\w-]{16,300}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}"
            r"|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|xox[abeprs]-[\w-]{10,250}|hf_\w{20,64}"
            r"|eyJ[\w-]{8,4096}\.eyJ[\w-]{2,4096}\.[\w-]{8,1024})(?![\w-])"
        )
    ),
    "email": Kind(re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,23}(?![\w-])")),
    "iban": Kind(re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}"), _iban),
    "card": Kind(re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)"), _card),
    "ip": Kind(
        re.compile(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?![\w:])"
        ),
        _address,
    ),
    "phone": Kind(
        re.compile(
            r"(?<![\w.+-])(?:\+\d{1,3}(?:[ .()/-]{0,2}\d){6,14}|\(\d{2,5}\)[ -]?\d{3,5}(?:[ -]?\d{2,5}){1,3}"
            r"|\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{2,4}[ /-]\d{3,5}(?:[ -]?\d{2,4}){1,3})(?!\w)"
        ),
        _phone,
    ),
}
"""The kinds that are known, in the order in which they are looked for."""


class Redactor:
    """Puts placeholders in the place of what it finds; the same text gets the same one throughout a call.

    >>> redactor = Redactor(["email"])
    >>> text, found = redactor.redact("Write to ann@example.com, not to bob@example.com.")
    >>> text
    'Write to [EMAIL_1], not to [EMAIL_2].'
    >>> restored("I wrote to [EMAIL_1].", found)
    'I wrote to ann@example.com.'

    Args:
        kinds: names of known kinds, `True` for all of them, or `{name: pattern}`, where a pattern is a regular expression, or
            `True` for the known kind of that name.

    Raises:
        ValueError, TypeError: a kind that is not known, or a pattern that is none.
    """

    def __init__(self, kinds: bool | Iterable[str] | Mapping[str, Any] = True) -> None:
        if kinds is True:
            kinds = tuple(KINDS)
        if isinstance(kinds, (bool, str)) or not hasattr(kinds, "__iter__"):
            raise TypeError(f"kinds must be names, e.g. ['email', 'card'], or True for all; got {kinds!r}")
        named: Mapping[str, Any] = (
            cast("Mapping[str, Any]", kinds) if isinstance(kinds, Mapping) else dict.fromkeys(kinds, True)
        )
        self.kinds = {name: _kind(name, pattern) for name, pattern in named.items()}
        if not self.kinds:
            raise ValueError(f"kinds must name at least one of {', '.join(KINDS)}")

    def redact(self, text: str, found: dict[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """A text with placeholders, and what each of them stands for.

        Args:
            text: what is looked through.
            found: of texts that belong to the same call, to which this one's are added.
        """
        found = {} if found is None else found
        for name, kind in self.kinds.items():
            if kind.pattern.search(text):
                text = "".join(_pieces(text, name.upper(), kind, found))
        return text, found

    def __repr__(self) -> str:
        return f"Redactor({', '.join(self.kinds)})"


def restored(text: str, found: Mapping[str, str]) -> str:
    """A text in which placeholders are again what they stand for."""
    if not found:
        return text
    pattern = "|".join(map(re.escape, sorted(found, key=len, reverse=True)))
    return re.sub(pattern, lambda placeholder: found[placeholder[0]], text)


def _kind(name: str, pattern: Any) -> Kind:
    if pattern is True:
        if name not in KINDS:
            raise ValueError(
                f"there is no kind {name!r}; known are {', '.join(KINDS)}, or give a pattern: {{{name!r}: r'…'}}"
            )
        return KINDS[name]
    if isinstance(pattern, Kind):
        return pattern
    if not isinstance(pattern, (str, re.Pattern)) or not re.fullmatch(r"[A-Za-z][\w-]*", name):
        raise TypeError(f"a kind is a name and a regular expression; got {name!r}: {pattern!r}")
    return Kind(re.compile(cast("str", pattern)))


def _pieces(text: str, name: str, kind: Kind, found: dict[str, str]) -> Iterator[str]:
    at = 0
    for candidate in kind.pattern.finditer(text):
        begin = candidate.start()
        length = candidate.end() - begin if kind.check is None else kind.check(candidate[0])
        if length and begin >= at:
            yield text[at:begin]
            yield _placeholder(text[begin : begin + length], name, text, found)
            at = begin + length
    yield text[at:]


def _placeholder(value: str, name: str, text: str, found: dict[str, str]) -> str:
    for placeholder, known in found.items():
        if known == value and placeholder.startswith(f"[{name}_"):
            return placeholder
    number = 1
    while (placeholder := f"[{name}_{number}]") in found or placeholder in text:
        number += 1
    found[placeholder] = value
    return placeholder
