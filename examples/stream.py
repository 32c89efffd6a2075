"""Read an answer while it is made, then look at the whole.

    python examples/stream.py "Say: call and response"

Takes OPENAI_API_KEY and OPENAI_BASE_URL from the environment; `antiphon serve` prints both for a local emulator.
"""

from __future__ import annotations

import sys

from antiphon import OpenAI

prompt = " ".join(sys.argv[1:]) or "Say: an antiphon is a song of call and response"

with OpenAI() as client, client.responses.stream(model="gpt-5.5", input=prompt) as stream:
    for delta in stream.text_deltas:
        print(delta, end="", flush=True)
    response = stream.get_final_response()

usage = response.usage
print(f"\n({response.status}, {usage.output_tokens if usage else 0} tokens out)")
