"""Get objects of your own classes instead of text.

    python examples/structured.py "Alice is 30 years old and lives in Paris."

Takes OPENAI_API_KEY and OPENAI_BASE_URL from the environment; `antiphon serve` prints both for a local emulator.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from antiphon import OpenAI


@dataclass
class Person:
    """What the answer shall be; dataclasses, TypedDicts, msgspec Structs and pydantic models all work."""

    name: str
    age: int
    city: str


prompt = " ".join(sys.argv[1:]) or "Alice is 30 years old and lives in Paris."

with OpenAI() as client:
    response = client.responses.parse(model="gpt-5.5", input=prompt, text_format=Person)

person = response.output_parsed
if person is None:
    raise SystemExit(f"no person in the answer: {response.output_text!r}")
print(person)
print(f"next year {person.name} will be {person.age + 1}")
