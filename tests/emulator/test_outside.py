"""What comes from outside: calls that ring and threads of the widget, by the control plane alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting

from .asking import Asking, Heard


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Setting(control_token="t0ken", seed=3)) as running:
        yield running


@pytest.fixture
def user(emulator: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=emulator.base_url, api_key="k", max_retries=0) as made:
        yield made


@pytest.fixture
def happens(emulator: Emulator) -> Iterator[Any]:
    asking = Asking(emulator.base_url)

    def ask(name: str, body: Any, key: str = "t0ken") -> Heard:
        return asking("POST", f"/__antiphon/{name}", body, key=key)

    yield ask
    asking.close()


def test_a_call_rings_until_somebody_takes_it(emulator: Emulator, user: openai.OpenAI, happens: Any) -> None:
    user.webhooks.create(name="a", url="http://127.0.0.1:9/", event_types=["realtime.call.incoming"])
    first = happens("call", {"from": "sip:ada@example.com"}).json
    (told,) = emulator.app.world.shelf("webhooks.deliveries")
    headers = [{"name": "From", "value": "sip:ada@example.com"}]
    assert told["event"]["data"] == {"call_id": first["call_id"], "sip_headers": headers}
    user.realtime.calls.accept(first["call_id"], type="realtime")
    with pytest.raises(openai.NotFoundError):
        user.live.sessions.reject(first["session_id"], status_code=486)
    second = happens("call", {}).json
    emulator.app.world.skew += 61
    with pytest.raises(openai.NotFoundError):
        user.live.sessions.reject(second["session_id"], status_code=486)


def test_what_is_written_in_the_widget_is_answered(user: openai.OpenAI, happens: Any) -> None:
    first = happens("widget", {"user": "u1", "text": "My name is Ada."}).json
    thread = first["thread_id"]
    second = happens("widget", {"user": "u1", "text": "What is my name?", "thread_id": thread}).json
    assert second == {"thread_id": thread, "answer": "Your name is Ada."}
    assert [known.id for known in user.beta.chatkit.threads.list(user="u1")] == [thread]
    assert len(list(user.beta.chatkit.threads.list_items(thread))) == 4


@pytest.mark.parametrize(
    ("name", "body", "status", "param"),
    [
        ("call", {"from": 7}, 400, "from"),
        ("call", {"from": None}, 400, "from"),
        ("widget", {"user": "u1"}, 400, "text"),
        ("widget", {"user": " ", "text": "x"}, 400, "user"),
        ("widget", {"user": "u1", "text": "x", "thread_id": ["a"]}, 400, "thread_id"),
        ("widget", {"user": "u1", "text": "x", "thread_id": "cthr_none"}, 404, "thread_id"),
    ],
)
def test_what_cannot_happen(
    user: openai.OpenAI, happens: Any, name: str, body: dict[str, Any], status: int, param: str
) -> None:
    heard = happens(name, body)
    assert (heard.status, heard.error["param"]) == (status, param)
    assert not list(user.beta.chatkit.threads.list())


def test_a_thread_is_its_users_own_and_the_token_is_wanted(happens: Any) -> None:
    thread = happens("widget", {"user": "u1", "text": "hi"}).json["thread_id"]
    assert happens("widget", {"user": "u2", "text": "hi", "thread_id": thread}).status == 404
    for name in ("call", "widget"):
        assert happens(name, {}, key="other").status == 401
