"""Letters of five by seven dots, so that words can be drawn. Knows capitals, digits and the usual signs."""

from __future__ import annotations

import unicodedata
from typing import Final

WIDE: Final = 5
HIGH: Final = 7
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_BOX: Final = "vhhhhhv"
# Seven rows, each a digit of base 32 whose five bits are the dots from left to right.
_SIGNS: Final = (
    "A~ehhvhhh B~uhhuhhu C~ehggghe D~uhhhhhu E~vgguggv F~vgguggg G~ehgnhhf H~hhhvhhh I~e44444e J~72222ic K~hikokih "
    "L~ggggggv M~hrllhhh N~hhpljhh O~ehhhhhe P~uhhuggg Q~ehhhlid R~uhhukih S~fgge11u T~v444444 U~hhhhhhe V~hhhhha4 "
    "W~hhhllla X~hha4ahh Y~hha4444 Z~v1248gv 0~ehjlphe 1~4c4444e 2~eh1248v 3~v2421he 4~26aiv22 5~vgu11he 6~68guhhe "
    "7~v124888 8~ehhehhe 9~ehhf12c .~00000cc ,~0000c48 !~4444404 ?~eh12404 '~4400000 \"~aa00000 -~000e000 :~0cc0cc0 "
    ";~0cc0c48 (~2488842 )~8422248 /~11248gg +~044v440 =~00v0v00 *~04lel40 &~cik8lid %~op248j3 #~aavavaa _~000000v "
    "@~ehnlnge $~4fke5u4 <~248g842 >~8421248"
)
_ROWS: Final = {pair[0]: pair[2:] for pair in _SIGNS.split()}


def dots(sign: str) -> list[int]:
    """The rows of one sign, top first; a space has none, and what is unknown is a box."""
    return [] if sign == " " else [_DIGITS.index(row) for row in _ROWS.get(sign, _BOX)]


def plain(text: str) -> str:
    """The text in signs that can be drawn: capitals, accents taken off, runs of space as one."""
    flat = unicodedata.normalize("NFKD", " ".join(text.split())).upper()
    flat = flat.replace("\u2019", "'").replace("\u2018", "'").replace("\u2014", "-").replace("\u2013", "-")
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


def lines(text: str, wide: int, most: int) -> list[str]:
    """The text broken into at most so many lines of so many signs; what does not fit ends in dots."""
    found = [""]
    for word in plain(text).split(" "):
        while len(word) > wide:
            found.append(word[:wide])
            word = word[wide:]
        if len(found[-1]) + 1 + len(word) <= wide:
            found[-1] = f"{found[-1]} {word}".strip()
        else:
            found.append(word)
    found = [line for line in found if line]
    if len(found) > most:
        found = [*found[: most - 1], found[most - 1][: max(0, wide - 2)] + ".."]
    return found
