"""A run's way: queued, in progress, waiting for tools or not, ended. Writes its steps and messages into the thread.

Each stretch is done at once, and tells what happened when somebody listens: jobs and streams go the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from .. import token
from ..brain import Answer, Prompt
from ..exchange import Caller
from ..problem import Problem
from ..shape import rows
from ..world import World
from .chat_choice import cut
from .crud import Object
from .prompt_size import tokens_of
from .run_event import call_deltas, frame, message_deltas
from .run_prompt import prompt_of
from .run_step import ended, made_step, shown_step, usage_of
from .run_tool import cited, told, use, wanted_tools
from .thread_record import message_of, messages, runs, steps, text_part

WORK: Final = "beta.threads.runs.work"
USAGE: Final[dict[str, dict[str, Any]]] = {
    "file_search": {"kind": "file_search_calls", "num_requests": 1},
    "code_interpreter": {"kind": "code_interpreter_sessions", "num_sessions": 1},
}
_LOG: Final = logging.getLogger("antiphon.emulator")


class Course:
    """One run on its way; `told` collects the events for whoever listens, `include` what steps show."""

    def __init__(self, world: World, run: Object, told: list[bytes] | None = None, include: Iterable[str] = ()) -> None:
        self.world = world
        self.run = run
        self.told = told or []
        self._listens = told is not None
        self._include = include
        self.work: Object = world.shelf(f"{WORK}/{run['thread_id']}").get(run["id"]) or {}

    # The stretches.

    async def begin(self) -> None:
        """From queued: read the thread, use built-in tools, decide what comes, and open its step."""
        if self.run["status"] != "queued":
            return
        self.move("in_progress", started_at=self.run["started_at"] or self.world.now())
        try:
            outcome = await self._decided()
        except Exception as error:
            _LOG.debug("the run %s failed", self.run["id"], exc_info=True)
            if self._goes_on():
                self.end("failed", last_error={"code": "server_error", "message": f"The run could not go on: {error}"})
            return
        if not self._goes_on():
            return
        if outcome is None:
            self.end("incomplete", incomplete_details={"reason": "max_prompt_tokens"})
            return
        calls = outcome["calls"]
        step = self.open_step({"type": "tool_calls", "tool_calls": []}) if calls else self._open_message()
        self.keep(outcome=outcome, step=step["id"])

    def finish(self) -> None:
        """From in progress: say what was decided, and wait for tools or end."""
        if self.run["status"] != "in_progress" or not (outcome := self.work.get("outcome")):
            return
        step = steps(self.world, self.run).get(self.work["step"])
        assert step is not None
        self.keep(outcome=None)
        if outcome["calls"]:
            self._ask(step, outcome)
        else:
            self._say(step, outcome)

    def resume(self, outputs: dict[str, str]) -> None:
        """From waiting: the tools have answered."""
        step = steps(self.world, self.run).get(self.work["step"])
        assert step is not None
        for call in step["step_details"]["tool_calls"]:
            call["function"]["output"] = outputs[call["id"]]
        self._close_step(step, "completed", usage=usage_of(*self.work["last"]))
        self.move("queued", required_action=None)

    def end(self, status: str, **more: Any) -> None:
        """Nothing comes any more: what is open closes in the same way."""
        now, spent = self.world.now(), self.work["spent"]
        self.world.agenda.cancel(self.work["expiry"])
        left = {"expired": "expired", "cancelled": "cancelled", "failed": "failed"}.get(status)
        for step in steps(self.world, self.run):
            if step["status"] == "in_progress" and left is not None:
                self._close_step(step, left, last_error=more.get("last_error"))
        for message in messages(self.world, self.run["thread_id"]):
            if message["run_id"] == self.run["id"] and message["status"] == "in_progress":
                self._close_message(message, "incomplete", f"run_{status}")
        when = {f"{status}_at": now} if f"{status}_at" in self.run else {}
        gone = {} if status == "expired" else {"expires_at": None}
        self.move(status, required_action=None, usage=usage_of(*spent), **when, **gone, **more)

    # What they are made of.

    def _goes_on(self) -> bool:
        """Whether nobody cancelled or removed the run while a search took its time."""
        known = runs(self.world, self.run["thread_id"]).get(self.run["id"])
        return known is not None and known["status"] == "in_progress"

    async def _decided(self) -> Object | None:
        """What the brain wants, after the built-in tools did their part; None when the prompt does not go in."""
        most, (read, _) = self.run["max_prompt_tokens"], self.work["spent"]
        prompt = prompt_of(self.world, self.run, None if most is None else most - read)
        if prompt is None:
            return None
        answer = self.world.brain.answer(prompt)
        if answer.requests:
            return self._outcome(prompt, answer, [])
        used = [] if self.work["used"] else await self._used(prompt)
        if any(call["type"] == "file_search" for call in used):
            answer = self.world.brain.answer(prompt)
        return self._outcome(prompt, answer, used)

    async def _used(self, prompt: Prompt) -> list[Object]:
        """The built-in tools that fit, each used in a step of its own."""
        found: list[Object] = []
        for tool in wanted_tools(self.run):
            call = await use(self.world, tool, self.run, self.work["stores"], prompt)
            if not self._goes_on():
                return found
            if call is None:
                continue
            step = self.open_step({"type": "tool_calls", "tool_calls": []})
            step["step_details"]["tool_calls"] = [call]
            self._tell_all(call_deltas(shown_step(step, self._include)))
            self._close_step(step, "completed", usage=usage_of(0, 0))
            told(call, prompt)
            self._bill(**USAGE[call["type"]])
            found.append(call)
        self.keep(used=True)
        return found

    def _outcome(self, prompt: Prompt, answer: Answer, used: list[Object]) -> Object:
        most, spent = self.run["max_completion_tokens"], self.work["spent"][1]
        room = None if most is None else max(0, most - spent)
        draw = self.world.identity.draw
        calls: list[Object] = [
            {
                "id": draw("call_", 24),
                "type": "function",
                "function": {"name": wanted.tool.name, "arguments": wanted.arguments, "output": None},
            }
            for wanted in answer.requests
        ]
        said = sum(token.count(c["function"]["name"]) + token.count(c["function"]["arguments"]) for c in calls)
        if room is not None and said > room:
            calls = []
        text, finish = cut(answer.text, None, room)
        annotations: list[Object] = []
        for number, call in enumerate(used if finish == "stop" else ()):
            if not annotations:
                text, annotations = cited(text, call, number)
        return {
            "calls": calls,
            "text": text,
            "annotations": annotations,
            "whole": finish == "stop" and (bool(calls) or not answer.requests),
            "usage": [tokens_of(prompt), said if calls else token.count(text)],
        }

    def _ask(self, step: Object, outcome: Object) -> None:
        step["step_details"]["tool_calls"] = outcome["calls"]
        steps(self.world, self.run).put(step["id"], step)
        self._tell_all(call_deltas(step))
        self._spend(outcome["usage"])
        asked = [
            {**call, "function": {name: call["function"][name] for name in ("name", "arguments")}}
            for call in outcome["calls"]
        ]
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
        self.move("requires_action", required_action=action)

    def _say(self, step: Object, outcome: Object) -> None:
        message = messages(self.world, self.run["thread_id"]).get(
            step["step_details"]["message_creation"]["message_id"]
        )
        self._spend(outcome["usage"])
        if message is not None:  # somebody may have deleted it meanwhile
            message["content"] = [text_part(outcome["text"], outcome["annotations"])]
            self._tell_all(message_deltas(message))
            self._close_message(message, *(("completed",) if outcome["whole"] else ("incomplete", "max_tokens")))
        self._close_step(step, "completed", usage=usage_of(*outcome["usage"]))
        if outcome["whole"]:
            self.end("completed")
        else:
            self.end("incomplete", incomplete_details={"reason": "max_completion_tokens"})

    def _spend(self, usage: list[int]) -> None:
        spent = self.work["spent"]
        self.keep(spent=[spent[0] + usage[0], spent[1] + usage[1]], last=usage)
        self._bill(kind="completions", model=self.run["model"], input_tokens=usage[0], output_tokens=usage[1])

    def _bill(self, **usage: Any) -> None:
        """Count what was used for whoever made the run, whose request is long answered."""
        self.world.meter.add(Caller(*self.work["caller"]), usage, self.world.clock())

    def open_step(self, details: Object) -> Object:
        """A new step in progress."""
        step = made_step(self.world, self.run, details)
        steps(self.world, self.run).put(step["id"], step)
        self.tell("thread.run.step.created", step)
        self.tell("thread.run.step.in_progress", step)
        return step

    def _close_step(self, step: Object, status: str, **more: Any) -> None:
        step.update(ended(status, self.world.now()) | more)
        steps(self.world, self.run).put(step["id"], step)
        self.tell(f"thread.run.step.{status}", shown_step(step, self._include))

    def _open_message(self) -> Object:
        run = self.run
        empty: Object = {"role": "assistant", "content": []}
        facts = {"assistant_id": run["assistant_id"], "run_id": run["id"], "status": "in_progress"}
        message = message_of(self.world, run["thread_id"], empty, completed_at=None, **facts)
        messages(self.world, run["thread_id"]).put(message["id"], message)
        step = self.open_step({"type": "message_creation", "message_creation": {"message_id": message["id"]}})
        self.tell("thread.message.created", message)
        self.tell("thread.message.in_progress", message)
        return step

    def _close_message(self, message: Object, status: str, reason: str | None = None) -> None:
        now = self.world.now()
        message["status"] = status
        message["completed_at" if status == "completed" else "incomplete_at"] = now
        message["incomplete_details"] = None if reason is None else {"reason": reason}
        messages(self.world, self.run["thread_id"]).put(message["id"], message)
        self.tell(f"thread.message.{status}", message)

    def move(self, status: str, **more: Any) -> None:
        """The run has come to a status."""
        self.run.update(status=status, **more)
        runs(self.world, self.run["thread_id"]).put(self.run["id"], self.run)
        self.tell(f"thread.run.{status}", self.run)

    def keep(self, **more: Any) -> None:
        """Remember what only the emulator needs to know of the run."""
        self.work.update(more)
        self.world.shelf(f"{WORK}/{self.run['thread_id']}").put(self.run["id"], self.work)

    def tell(self, name: str, thing: Object) -> None:
        """Say what happened, to whoever listens."""
        if self._listens:
            self.told.append(frame(name, thing))

    def _tell_all(self, events: Iterable[bytes]) -> None:
        if self._listens:
            self.told.extend(events)


def course_of(world: World, thread_id: str, run_id: str) -> Course | None:
    """The course of a run that still exists."""
    if world.shelf("beta.threads").get(thread_id) is None:
        return None
    run = runs(world, thread_id).get(run_id)
    return None if run is None else Course(world, run)


def answers_for(run: Object, outputs: list[Object]) -> dict[str, str]:
    """Each open call's output; raises 400 unless every one of them, and no other, is answered."""
    if run["status"] != "requires_action":
        raise Problem(400, f'Runs in status "{run["status"]}" do not accept tool outputs.')
    open_ids = [call["id"] for call in rows(run["required_action"]["submit_tool_outputs"], "tool_calls")]
    given = {output.get("tool_call_id") or "": output.get("output") or "" for output in outputs}
    if set(given) != set(open_ids) or len(outputs) != len(given):
        named = [output.get("tool_call_id") for output in outputs]
        raise Problem(400, f"Expected tool outputs for call_ids {open_ids}, got {named}", param="tool_outputs")
    return given
