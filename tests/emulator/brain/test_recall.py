"""What was said before."""

from __future__ import annotations

import pytest

from antiphon.emulator.brain import Turn
from antiphon.emulator.brain.recall import facts, personal, sentence


def turns(*texts: str) -> list[Turn]:
    return [Turn("user" if index % 2 == 0 else "assistant", text) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("said", "asked", "answer"),
    [
        ("My name is Zoe.", "What is my name?", "Your name is Zoe."),
        ("my name is Zoe and I live in Rome", "what's my name", "Your name is Zoe."),
        ("Call me Ishmael.", "Do you remember my name?", "Your name is Ishmael."),
        ("My favorite color is teal", "What is my favourite colour?", "Your favourite colour is teal."),
        ("My dog's name is Rex", "Who am I?", "You have not told me who you are."),
        ("I am 30 years old", "How old am I?", "You are 30 years old."),
        ("I live in Rome", "Where do I live?", "You live in Rome."),
        ("I work at Acme", "Where do I work?", "You work at Acme."),
        ("hello", "What is my name?", "You have not told me your name."),
        ("the sky is green", "What did I say?", "You said: “the sky is green”"),
    ],
)
def test_personal(said: str, asked: str, answer: str) -> None:
    assert personal(turns(said, "ok", asked), asked) == answer


def test_newest_statement_wins() -> None:
    assert facts(turns("My name is Al.", "ok", "Sorry, my name is Bo."))["name"] == "Bo"


def test_only_the_user_speaks_of_the_user() -> None:
    assert facts([Turn("assistant", "My name is Bot.")]) == {}


def test_first_message_has_nothing_before_it() -> None:
    assert personal(turns("What did I just say?"), "What did I just say?") == "This is your first message."


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Alice lives in Paris. Where does Alice live?", "Alice lives in Paris."),
        ("The launch code is 4711. The sky is blue. What is the launch code?", "The launch code is 4711."),
        ("What is the capital of France?", None),
        ("No question here.", None),
        ("?", None),
    ],
)
def test_sentences(text: str, answer: str | None) -> None:
    assert sentence(turns(text), text) == answer


def test_system_and_earlier_turns_are_read() -> None:
    heard = [Turn("system", "The office opens at nine."), Turn("user", "When does the office open?")]
    assert sentence(heard, "When does the office open?") == "The office opens at nine."
