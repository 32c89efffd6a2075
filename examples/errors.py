"""What can go wrong, and what your code sees of it.

    python examples/errors.py

The faults are the emulator's: run `antiphon serve` in another terminal, and copy the two lines it prints.
"""

from __future__ import annotations

from antiphon import APIConnectionError, APIError, APIStatusError, OpenAI, StreamInterrupted

FAULTS = {
    "a busy server, once": "status=503;times=1",
    "too many requests": "status=429;retry_after=0.05",
    "an empty account": "status=429;code=insufficient_quota",
    "a connection that breaks": "reset=1500",
    "a stream that ends early": "truncate_sse=6",
    "a slow server": "latency=3",
}


def ask(client: OpenAI, fault: str) -> str:
    """The answer, streamed, from a server with a fault."""
    with client.responses.stream(
        model="gpt-5.5", input="Say: one two three", extra_headers={"X-Antiphon-Fault": fault}
    ) as stream:
        return stream.get_final_response().output_text


def told(error: APIError) -> str:
    """An error's own facts; the more particular class first."""
    if isinstance(error, APIStatusError):
        return f"status {error.status_code}, code {error.code}, request id {error.request_id}"
    if isinstance(error, StreamInterrupted):
        return f"after event {error.sequence_number}; so far: {getattr(error.partial, 'output_text', '')!r}"
    if isinstance(error, APIConnectionError):
        return f"phase {error.phase}, {error.attempts} attempts"
    return error.message[:60]


with OpenAI(deadline=1.5) as client:
    print(client.explain())
    for name, fault in FAULTS.items():
        try:
            print(f"\n{name}: {ask(client, fault)}")
        except APIError as error:
            print(f"\n{name}: {type(error).__name__}\n    {told(error)}")
