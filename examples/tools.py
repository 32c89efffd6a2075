"""Let the model call your functions until it has an answer.

    python examples/tools.py "What is the weather in Paris?"

Takes OPENAI_API_KEY and OPENAI_BASE_URL from the environment; `antiphon serve` prints both for a local emulator.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import antiphon
from antiphon import OpenAI
from antiphon.types.responses import ResponseInputParam

ROUNDS = 5


@dataclass
class GetWeather:
    """What the tool is given; its fields become the tool's schema."""

    city: str


def get_weather(wanted: GetWeather) -> str:
    """A stand-in for a real forecast."""
    return f"18 degrees and sunny in {wanted.city}"


TOOL = antiphon.pydantic_responses_function_tool(GetWeather, name="get_weather", description="The weather of a city")


def ask(client: OpenAI, prompt: str) -> str:
    """The answer, after as many tool calls as it takes."""
    response = client.responses.create(model="gpt-5.5", input=prompt, tools=[TOOL])
    for _ in range(ROUNDS):
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text
        results: ResponseInputParam = []
        for call in calls:
            print(f"calling {call.name}({call.arguments})")
            output = get_weather(GetWeather(**json.loads(call.arguments)))
            results.append({"type": "function_call_output", "call_id": call.call_id, "output": output})
        response = client.responses.create(
            model="gpt-5.5", previous_response_id=response.id, input=results, tools=[TOOL]
        )
    raise SystemExit(f"no answer after {ROUNDS} rounds of tool calls")


with OpenAI() as client:
    print(ask(client, " ".join(sys.argv[1:]) or "What is the weather in Paris?"))
