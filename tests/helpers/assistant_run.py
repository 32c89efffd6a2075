"""A recorded run of an assistant: thinking with a tool, two text blocks and an image, as the events of its stream."""

from __future__ import annotations

import json

RUN = {"id": "run_1", "object": "thread.run", "thread_id": "t_1", "assistant_id": "a_1", "status": "queued"}
STEP = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "type": "tool_calls", "status": "in_progress"}
CALLS = {"type": "tool_calls", "tool_calls": []}
MESSAGE = {"id": "msg_1", "object": "thread.message", "thread_id": "t_1", "role": "assistant", "content": []}


def event(name, **data):
    return {"event": name, "data": data}


def run(state, **more):
    return event(f"thread.run.{state}", **RUN | {"status": state} | more)


def code(index, **interpreter):
    call = {"index": index, "type": "code_interpreter", "code_interpreter": interpreter}
    if "input" in interpreter and not interpreter["input"]:
        call["id"] = f"call_{index}"
    delta = {"step_details": {"type": "tool_calls", "tool_calls": [call]}}
    return event("thread.run.step.delta", id="step_1", object="thread.run.step.delta", delta=delta)


def text(index, value, message="msg_1", **more):
    part = {"index": index, "type": "text", "text": {"value": value, **more}}
    return event("thread.message.delta", id=message, object="thread.message.delta", delta={"content": [part]})


def image(index):
    part = {"index": index, "type": "image_file", "image_file": {"file_id": "file_1"}}
    return event("thread.message.delta", id="msg_1", object="thread.message.delta", delta={"content": [part]})


QUOTE = {"index": 0, "type": "file_citation", "text": "[1]", "start_index": 0, "end_index": 3}

DONE_MESSAGE = MESSAGE | {
    "status": "completed",
    "content": [
        {"type": "text", "text": {"value": "Hello, world[1]", "annotations": [QUOTE]}},
        {"type": "image_file", "image_file": {"file_id": "file_1"}},
        {"type": "text", "text": {"value": "Bye", "annotations": []}},
    ],
}
DONE_STEP = STEP | {
    "status": "completed",
    "step_details": {
        "type": "tool_calls",
        "tool_calls": [
            {"id": "call_0", "type": "code_interpreter", "code_interpreter": {"input": "1+1", "outputs": []}},
            {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "2", "outputs": []}},
        ],
    },
}

EVENTS = [
    event("thread.created", id="t_1", object="thread"),
    run("created"),
    run("in_progress"),
    event("thread.run.step.created", **STEP, step_details=CALLS),
    event("thread.run.step.in_progress", **STEP, step_details=CALLS),
    code(0, input="", outputs=[]),
    code(0, input="1+"),
    code(0, input="1"),
    code(0, outputs=[{"index": 0, "type": "logs", "logs": "2"}]),
    code(1, input="", outputs=[]),
    code(1, input="2"),
    event("thread.run.step.completed", **DONE_STEP),
    event("thread.message.created", **MESSAGE, status="in_progress"),
    event("thread.message.in_progress", **MESSAGE, status="in_progress"),
    text(0, "Hello"),
    text(0, ", wör"),
    text(0, "ld", annotations=[QUOTE]),
    image(1),
    text(2, "B"),
    text(2, "ye"),
    event("thread.message.completed", **DONE_MESSAGE),
    run("completed"),
]


def wire(events=EVENTS, *, done=True):
    """The body of the stream."""
    lines = [f"event: {item['event']}\ndata: {json.dumps(item['data'])}\n\n" for item in events]
    return ("".join(lines) + ("event: done\ndata: [DONE]\n\n" if done else "")).encode()


CALLBACKS = (
    "on_end",
    "on_event",
    "on_run_step_created",
    "on_run_step_delta",
    "on_run_step_done",
    "on_tool_call_created",
    "on_tool_call_delta",
    "on_tool_call_done",
    "on_exception",
    "on_timeout",
    "on_message_created",
    "on_message_delta",
    "on_message_done",
    "on_text_created",
    "on_text_delta",
    "on_text_done",
    "on_image_file_done",
)


def noted(value):
    if isinstance(value, Exception):
        return type(value).__name__
    return json.loads(json.dumps(value.to_dict()))


def recorder(base, notes):
    """A handler of either package that notes each callback with what its arguments show at that moment."""

    def note(name):
        return lambda self, *arguments: notes.append([name, *map(noted, arguments)])

    return type("Recorder", (base,), {name: note(name) for name in CALLBACKS})()


def async_recorder(base, notes):
    def note(name):
        async def callback(self, *arguments):
            notes.append([name, *map(noted, arguments)])

        return callback

    return type("AsyncRecorder", (base,), {name: note(name) for name in CALLBACKS})()
