"""The main job, start to finish: real calls over real sockets to the emulator in another process. No key, no network.

Run it with `make demo`, or `python examples/demo.py`.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon import NotFoundError, OpenAI

MODEL = "gpt-5.5"


@contextmanager
def emulator() -> Iterator[str]:
    """An emulator in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "antiphon.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None
            for line in process.stdout:
                found = re.search(r"http://\S+/v1", line)
                if found:
                    yield found[0]
                    break
            else:
                raise SystemExit("the emulator did not start; is the 'emulator' extra installed?")
        finally:
            process.terminate()


def show(title: str, *lines: object) -> None:
    """One step of the demo."""
    print(f"\n{title}")
    for line in lines:
        print(f"    {line}")


def create(client: OpenAI) -> None:
    response = client.responses.create(model=MODEL, input="What is 12 * 7 + 3?")
    usage = response.usage
    show("create a response", response.output_text, f"{usage.total_tokens if usage else 0} tokens, id {response.id}")


def stream(client: OpenAI) -> None:
    kinds: list[str] = []
    text = ""
    with client.responses.create(model=MODEL, input="Say: call and response", stream=True) as events:
        for event in events:
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
    show("stream one", text, f"{len(kinds)} events, from {kinds[0]} to {kinds[-1]}")


def call_a_tool(client: OpenAI) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    completion = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[tool],  # type: ignore[list-item]
    )
    calls = completion.choices[0].message.tool_calls or []
    show(
        "call a tool",
        *(f"{call.function.name}({call.function.arguments})" for call in calls if call.type == "function"),
    )


def answer_by_schema(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    response = client.responses.create(
        model=MODEL,
        input="Alice is 30 years old.",
        text={"format": {"type": "json_schema", "name": "person", "schema": schema, "strict": True}},
    )
    show("answer as JSON by a schema", response.output_text)


def round_trip_a_file(client: OpenAI) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "notes.txt")
        path.write_bytes(b"call and response\n" * 100_000)
        file = client.files.create(file=path, purpose="user_data")
        same = client.files.content(file.id).content == path.read_bytes()
    show("send a file and get it back", f"{file.filename}, {file.bytes:,} bytes, the same: {same}")
    client.files.delete(file.id)


def embed(client: OpenAI) -> None:
    texts = ["a cat sat on the mat", "the cat is sitting on a mat", "quarterly revenue grew by four percent"]
    vectors = [item.embedding for item in client.embeddings.create(model="text-embedding-3-small", input=texts).data]

    def likeness(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))

    show(
        "embed three texts",
        f"{len(vectors[0])} dimensions",
        f"cat and cat: {likeness(vectors[0], vectors[1]):.2f}, cat and revenue: {likeness(vectors[0], vectors[2]):.2f}",
    )


def turn_pages(client: OpenAI) -> None:
    made = [client.files.create(file=(f"part-{n}.txt", b"x"), purpose="user_data") for n in range(7)]
    pages = list(client.files.list(limit=3, purpose="user_data").iter_pages())
    names = [file.filename for file in client.files.list(limit=3, purpose="user_data")]
    show("turn pages", f"{len(names)} files over {len(pages)} pages: {', '.join(sorted(names))}")
    for file in made:
        client.files.delete(file.id)


def fail_well(client: OpenAI) -> None:
    try:
        client.responses.retrieve("resp_does_not_exist")
    except NotFoundError as error:
        show("fail with a typed error", f"{type(error).__name__}: {error}", f"request id {error.request_id}")


def main() -> None:
    """Every step, in order."""
    with emulator() as base_url, OpenAI(base_url=base_url, api_key="sk-demo") as client:
        print(f"{client!r}\n{client.explain()}")
        for step in (create, stream, call_a_tool, answer_by_schema, round_trip_a_file, embed, turn_pages, fail_well):
            step(client)
    print("\nAll of it over real sockets, to a process on this machine.")


if __name__ == "__main__":
    main()
