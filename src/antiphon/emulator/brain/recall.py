"""What was said before, found again: facts about the user, and the sentence that answers a question best.

Reads all turns of a conversation; the newest statement wins. Knows no facts of its own.
"""

from __future__ import annotations

import re
from typing import Final

from . import Turn
from .summary import STOP_WORDS

_MINE: Final = re.compile(
    r"\bmy\s+([a-z][\w ]{0,40}?)\s+(?:is|are|was|=|will be)\s+(?!what\b)([^.,!?;\n]+)|\b(?:call me|i am called|i'm called)\s+([^.,!?;\n]+)",
    re.IGNORECASE,
)
_LIVE: Final = re.compile(
    r"\bi\s+(live in|come from|work (?:as|at|for|in)|was born (?:in|on))\s+([^.,!?;\n]+)", re.IGNORECASE
)
_AGED: Final = re.compile(r"\bi(?:'m| am)\s+(\d{1,3})(?:\s+years?\s+old)?\b", re.IGNORECASE)
_ASK: Final = re.compile(
    r"\b(?:what(?:'s| is| are| was| were)|who(?:'s| is)|tell me|do you (?:know|remember|recall)|remember|recall|say)\s+(?:again\s+)?(?:what\s+)?my\s+"
    r"([a-z][\w ]{0,40}?)(?:\s+(?:is|are|was))?\s*[?.!]*\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_SELF: Final = re.compile(r"\b(?:my|i)\b", re.IGNORECASE)
"""What all questions below have in common."""
_WHO: Final = re.compile(r"\bwho am i\b", re.IGNORECASE)
_OLD: Final = re.compile(r"\bhow old am i\b", re.IGNORECASE)
_WHERE: Final = re.compile(r"\bwhere (?:do i (live|work|come from)|am i from|was i (born))\b", re.IGNORECASE)
_BEFORE: Final = re.compile(
    r"\bwhat (?:did i (?:just )?(?:say|ask|tell you)|was my (?:first|last|previous) (?:message|question))",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(r"[^.!?\n]*\?")
_SENTENCE: Final = re.compile(r"[^.!?\n]+(?:\.(?=\S)[^.!?\n]+)*[.!?]*")
_WORD: Final = re.compile(r"[^\W_]+")


def personal(turns: list[Turn], asked: str) -> str | None:
    """The answer to a question about the user or the conversation, or None when it is no such question."""
    if _SELF.search(asked) is None:
        return None
    if _BEFORE.search(asked):
        earlier = [turn.text for turn in turns if turn.role == "user"][:-1]
        if not earlier:
            return "This is your first message."
        return f"You said: “{earlier[0] if 'first' in asked.lower() else earlier[-1]}”"
    who, old, where, mine = (pattern.search(asked) for pattern in (_WHO, _OLD, _WHERE, _ASK))
    if not (who or old or where or mine):
        return None
    said = facts(turns)
    if who:
        return f"You are {said['name']}." if "name" in said else "You have not told me who you are."
    if old:
        return f"You are {said['age']} years old." if "age" in said else "You have not told me your age."
    if where:
        verb = where[1] or where[2] or "come from"
        found = next((value for key, value in said.items() if key.startswith(verb) or verb in key), None)
        return f"You {found}." if found else "You have not told me that."
    return _told(mine[1].strip(), said) if mine else None


def _told(thing: str, said: dict[str, str]) -> str:
    wanted = _key(thing)
    return f"Your {thing} is {said[wanted]}." if wanted in said else f"You have not told me your {thing}."


def facts(turns: list[Turn]) -> dict[str, str]:
    """What the user said of themselves: name, age, whatever "my … is …" told, where they live and work."""
    said: dict[str, str] = {}
    for turn in turns:
        if turn.role != "user":
            continue
        for thing, value, called in _MINE.findall(turn.text):
            said[_key(thing) if thing else "name"] = re.sub(
                r"\s+and\s+(?:i|my|what|please)\b.*$", "", value or called, flags=re.IGNORECASE | re.DOTALL
            ).strip(" \"'")
        for verb, value in _LIVE.findall(turn.text):
            said[verb.lower()] = f"{verb.lower()} {re.split(r' and i | but i ', value, flags=re.IGNORECASE)[0].strip()}"
        for age in _AGED.findall(turn.text):
            said["age"] = age
    return said


def _key(thing: str) -> str:
    return re.sub(r"\s+", " ", thing.lower().replace("favorite", "favourite").replace("color", "colour")).strip()


def sentence(turns: list[Turn], asked: str) -> str | None:
    """The sentence said before, or beside the question, that shares most of its words; None when none does."""
    if "?" not in asked:
        return None
    questions = _QUESTION.findall(asked)
    wanted = _stems(" ".join(questions))
    if not wanted:
        return None
    best, score = None, 0.0
    for turn in turns:
        if turn.role == "assistant":
            continue
        for match in _SENTENCE.finditer(turn.text):
            said = match[0].strip()
            if said.endswith("?") or len(said) < 3:
                continue
            stems = _stems(said)
            share = len(wanted & stems) / len(wanted)
            if share >= max(0.6, score) and stems - wanted:
                best, score = said, share
    return best


def _stems(text: str) -> set[str]:
    return {stem(word.lower()) for word in _WORD.findall(text) if word.lower() not in STOP_WORDS}


def stem(word: str) -> str:
    """A word without its usual endings."""
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
