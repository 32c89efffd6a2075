"""Instructions a text gives about a text."""

from __future__ import annotations

import pytest

from antiphon.emulator.brain.instruction import follow


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Say hello", "hello"),
        ("Say hello.", "hello"),
        ('Please say "this is a test"', "this is a test"),
        ("Echo: one two", "one two"),
        ("Repeat after me: I like tea.", "I like tea"),
        ("Respond with exactly: pong", "pong"),
        ("Hi! Can you say bonjour", "bonjour"),
        ("Reverse the word hello", "olleh"),
        ('reverse "abc def"', "fed cba"),
        ("Reverse the order of the words: one two three", "three two one"),
        ('How many words are in "the quick brown fox"?', "4"),
        ("Count the words in: a b c", "3"),
        ("How many r's are in strawberry?", "3"),
        ("How many characters are in: abcd", "4"),
        ('How many vowels are in "education"?', "5"),
        ("Convert to uppercase: hello there", "HELLO THERE"),
        ('Make "LOUD" lower case', "loud"),
        ("Title case: a tale", "A Tale"),
        ("sort: 3, 10, 2", "2, 3, 10"),
        ("Sort in descending order: 3, 10, 2", "10, 3, 2"),
        ("Sort these: pear, apple", "apple, pear"),
        ("Extract the emails from: bob@x.org and al@y.com", "bob@x.org, al@y.com"),
        ("Extract all numbers: 3 apples and 4.5 pears", "3, 4.5"),
        ("List the dates: 2024-01-02 and May 5, 2025", "2024-01-02, May 5, 2025"),
        ("Find the names: Alice met Bob Stone", "Alice, Bob Stone"),
        ("Extract the urls: see https://a.org/x.", "https://a.org/x"),
        ("Extract the emails: none here", "No emails found."),
    ],
)
def test_followed(text: str, answer: str) -> None:
    assert follow(text) == answer


@pytest.mark.parametrize("text", ["", "Hello", "What is my name?", "The sea is blue", "I would say so"[:8]])
def test_not_an_instruction(text: str) -> None:
    assert follow(text) is None
