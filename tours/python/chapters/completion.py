"""Completions, the old way."""

from __future__ import annotations

from ..tour import Tour

MODEL = "gpt-3.5-turbo-instruct"


def walk(t: Tour) -> None:
    """The chapter."""
    create = t.client.completions.create
    found = create(model=MODEL, prompt=["What is 2+2?", "Say: hi"])
    t.same([choice.text for choice in found.choices], ["2+2 = 4", "hi"])
    twice = create(model=MODEL, prompt=["Say: a", "Say: b"], n=2)
    t.same([choice.text for choice in twice.choices], ["a", "a", "b", "b"])
    logged = create(model=MODEL, prompt="Say: one two", logprobs=2).choices[0].logprobs
    t.same((logged.tokens, logged.text_offset), (["one", " two"], [0, 3]))
    t.true(all(len(top) == 2 for top in logged.top_logprobs))
    chunks = list(create(model=MODEL, prompt="Say: one two", stream=True))
    t.same("".join(chunk.choices[0].text for chunk in chunks), "one two")
    t.same(create(model=MODEL, prompt="Say: hi", echo=True, suffix="!").choices[0].text, "Say: hihi!")
