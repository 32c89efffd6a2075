"""Idempotency in virtual time, against a server that loses replies: what is sent, what is made, and what is given again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.multipart import multipart
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.trace import Trace
from antiphon.drivers.virtual import Run, VirtualDriver
from antiphon.errors import APIConnectionError, APIError, ConnectError, DeadlineExceeded, ReadTimeout
from antiphon.errors.policy import CircuitOpen, IdempotencyConflict
from antiphon.policies.chain import fold
from antiphon.policies.idempotency import Idempotency
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.retry import Retry
from antiphon.shared.memory import MemoryStore

from .stepping import request

BATCHES = Operation("batches.create", "POST", "/batches", body="json", result="batch:Batch")
FILES = Operation("files.create", "POST", "/files", body="multipart", result="file_object:FileObject")
RESPONSES = Operation("responses.create", "POST", "/responses", body="json", result="responses:Response")
THREADS = Operation("beta.threads.create", "POST", "/threads", body="json", result="beta.thread:Thread")
WALL = 1_800_000_000.0


class Server:
    """Makes what it is asked for and lists it; `faults` says what becomes of each POST."""

    def __init__(self, *faults: Any, honours: bool = False) -> None:
        self.faults = list(faults)
        self.honours = honours
        self.made: list[dict[str, Any]] = []
        self.keys: dict[str, dict[str, Any]] = {}
        self.posts: list[Request] = []
        self.lists: list[Request] = []
        self.page = 100
        self.seconds = 1.0
        self.driver = VirtualDriver(self.answer, seed=3, wall=WALL)

    def answer(self, asked: Request, now: float) -> tuple[float, Reply | Exception]:
        if asked.method == "GET":
            self.lists.append(asked)
            return 0.1, self.listed(asked)
        self.posts.append(asked)
        fault = self.faults.pop(0) if self.faults else None
        key = asked.headers.get("idempotency-key", "")
        if fault == "refused":
            return 0.1, ConnectError(request=asked, sent="no")
        if isinstance(fault, APIError):
            return 0.1, fault
        if isinstance(fault, int) and fault < 500:
            return 0.1, Reply(fault, Headers(), asked, b"{}")
        if fault != "lost before":
            if not (self.honours and key in self.keys):
                self.make(asked, key, now)
            if fault is None:
                return self.seconds, Reply(
                    200, Headers({"x-request-id": "r"}), asked, json.dumps(self.keys[key]).encode()
                )
        return self.seconds, Reply(fault, Headers(), asked, b"{}") if isinstance(fault, int) else ReadTimeout(asked)

    def make(self, asked: Request, key: str, now: float) -> None:
        name = f"thing_{len(self.made)}"
        content = asked.content if isinstance(asked.content, bytes) else b"".join(asked.content)  # type: ignore[arg-type]
        if asked.target.endswith("/files"):
            more = {"filename": "a.txt", "bytes": 5, "purpose": "batch"}
        else:
            more = {"metadata": json.loads(content).get("metadata", {})}
        self.keys[key] = {"id": name, "created_at": WALL + now, **more}
        self.made.insert(0, self.keys[key])

    def listed(self, asked: Request) -> Reply:
        after = asked.target.partition("after=")[2]
        begin = next((n + 1 for n, each in enumerate(self.made) if each["id"] == after), 0)
        data = self.made[begin : begin + self.page]
        page = {"data": data, "has_more": begin + self.page < len(self.made)}
        return Reply(200, Headers(), asked, json.dumps(page).encode())

    def start(self, policy: Any, made: Request | None = None, at: float = 0.0) -> Run[Reply]:
        flow = fold([policy, Retry(rules=RELIABLE_RULES)])(made or asked())
        return self.driver.start(flow, at=at)  # type: ignore[arg-type]

    def run(self, policy: Any, made: Request | None = None) -> Any:
        """What a call gives: the id of what was made, or the error."""
        run = self.start(policy, made, at=self.driver.now)
        self.driver.run()
        return result(run)


def result(run: Run[Reply]) -> Any:
    if run.result is None:
        return run.failure
    return run.result.json().get("id", run.result.status_code)


def asked(operation: Operation = BATCHES, key: str | None = None, **body: Any) -> Request:
    made = request(call=Call(operation, body=body), trace=Trace(), content=json.dumps(body).encode())
    made.target = f"/v1{operation.path}"
    if key is not None:
        made.headers["Idempotency-Key"] = key
    return made


def events(made: Request) -> list[str]:
    assert made.trace is not None
    return [step.event for step in made.trace.of("Idempotency")]


LOST = ["lost after", 500, 502, 504]


def test_a_post_gets_a_key_and_anything_else_none() -> None:
    server = Server()
    for _ in range(2):
        server.run(Idempotency(), asked(RESPONSES))
    keys = [each.headers["idempotency-key"] for each in server.posts]
    assert keys == [each.headers["x-client-request-id"] for each in server.posts]
    assert len(set(keys)) == 2
    server.run(Idempotency(automatic=False), asked(RESPONSES))
    server.run(Idempotency(), request(method="GET"))
    assert all("idempotency-key" not in each.headers for each in (server.posts[-1], server.lists[-1]))


def test_an_empty_key_is_none_and_wanted() -> None:
    server = Server()
    server.run(Idempotency(), asked(RESPONSES, ""))
    assert server.posts[0].headers["idempotency-key"] == ""
    assert "x-client-request-id" not in server.posts[0].headers


def test_a_callers_own_ids_are_left_alone() -> None:
    server, made = Server(), asked(RESPONSES, "mine")
    made.headers["X-Client-Request-Id"] = "theirs"
    server.run(Idempotency(), made)
    assert (server.posts[0].headers["idempotency-key"], server.posts[0].headers["x-client-request-id"]) == (
        "mine",
        "theirs",
    )


@pytest.mark.parametrize("ledger", [lambda: None, MemoryStore])
def test_a_key_that_is_used_again_gives_what_came_of_it(ledger: Callable[[], Any]) -> None:
    server, policy = Server(), Idempotency(ledger())
    assert [server.run(policy, asked(key="k", a=1)) for _ in range(3)] == ["thing_0"] * 3
    assert len(server.posts) == 1
    again = server.start(policy, asked(key="k", a=1))
    server.driver.run()
    assert again.result is not None
    assert again.result.cached
    assert again.result.headers["x-request-id"] == "r"


@pytest.mark.parametrize("ledger", [lambda: None, MemoryStore])
def test_a_key_with_another_request_is_a_conflict(ledger: Callable[[], Any]) -> None:
    server, policy = Server(), Idempotency(ledger())
    server.run(policy, asked(key="k", a=1))
    for other in (asked(key="k", a=2), asked(RESPONSES, key="k", a=1)):
        failure = server.run(policy, other)
        assert isinstance(failure, IdempotencyConflict)
        assert failure.key == "k"
    assert len(server.posts) == 1


def test_tenants_have_keys_of_their_own() -> None:
    server, policy = Server(), Idempotency()
    other = asked(key="k")
    other.headers["Authorization"] = "Bearer sk-2"
    assert [server.run(policy, asked(key="k")), server.run(policy, other)] == ["thing_0", "thing_1"]
    one = Idempotency(scope="both")
    assert [server.run(one, asked(key="k")), server.run(one, other)] == ["thing_2", "thing_2"]


def test_a_key_is_forgotten_in_the_end() -> None:
    server, policy = Server(), Idempotency(keep=60)
    server.run(policy, asked(key="k"))
    server.driver.run(until=100.0)
    assert server.run(policy, asked(key="k")) == "thing_1"


def test_who_comes_while_it_is_under_way_waits_for_it() -> None:
    server, policy = Server(), Idempotency()
    runs = [server.start(policy, asked(key="k"), at=n / 10) for n in range(5)]
    server.driver.run()
    assert [result(run) for run in runs] == ["thing_0"] * 5
    assert len(server.posts) == 1
    assert len(policy._running) == 0


def test_who_waits_no_longer_than_its_deadline() -> None:
    server, policy, made = Server(), Idempotency(), asked(key="k")
    made.deadline = 0.5
    first, second = server.start(policy, asked(key="k")), server.start(policy, made, at=0.1)
    server.driver.run()
    assert result(first) == "thing_0"
    assert isinstance(second.failure, DeadlineExceeded)
    assert second.ended == 0.5


def test_where_the_first_fails_the_next_one_sends() -> None:
    server, policy = Server(400), Idempotency()
    runs = [server.start(policy, asked(key="k")) for _ in range(2)]
    server.driver.run()
    assert [result(run) for run in runs] == [400, "thing_0"]


@pytest.mark.parametrize("fault", [400, "refused", CircuitOpen("e", 1.0)])
def test_what_was_not_carried_out_leaves_the_key_free(fault: Any) -> None:
    server, policy = Server(*[fault] * (4 if fault == "refused" else 1)), Idempotency()
    server.run(policy, asked(key="k", a=1))
    assert server.run(policy, asked(key="k", a=2)) == "thing_0"


@pytest.mark.parametrize("fault", LOST)
def test_what_was_made_is_found_and_not_made_again(fault: Any) -> None:
    server, made = Server(fault), asked(a=1)
    assert server.run(Idempotency(), made) == "thing_0"
    assert (len(server.made), len(server.posts)) == (1, 1)
    assert server.made[0]["metadata"] == {"antiphon_key": server.posts[0].headers["idempotency-key"]}
    assert events(made) == ["look"]
    assert "content-type" not in server.lists[0].headers
    assert server.lists[0].target == "/v1/batches?limit=100"


def test_what_was_not_made_is_sent_again_after_a_look() -> None:
    server, made = Server("lost before", "lost before"), asked(a=1)
    assert server.run(Idempotency(), made) == "thing_0"
    assert (len(server.made), len(server.posts), len(server.lists)) == (1, 3, 2)
    assert events(made) == ["look", "again", "look", "again"]
    assert len({each.headers["idempotency-key"] for each in server.posts}) == 1


def test_what_was_made_at_the_last_attempt_is_found_too() -> None:
    server = Server("lost before", "lost before", "lost after")
    assert server.run(Idempotency(), asked()) == "thing_0"
    failure = Server(*["lost before"] * 3).run(Idempotency(), asked())
    assert isinstance(failure, ReadTimeout)


def test_it_is_looked_for_on_several_pages() -> None:
    server, policy = Server("lost after"), Idempotency()
    server.page = 2
    run = server.start(policy, asked())

    def crowd() -> None:
        server.made[:0] = [{"id": f"other_{n}", "metadata": {"antiphon_key": "x"}} for n in range(5)]

    server.driver.at(1.5, crowd)
    server.driver.run()
    assert result(run) == "thing_0"
    assert [each.target.partition("after=")[2] for each in server.lists] == ["", "other_1", "other_3"]


def upload() -> Request:
    made = request(trace=Trace())
    body = {"file": ("a.txt", b"hello"), "purpose": "batch"}
    made.content, kind = multipart(body, None, [["file"]])
    made.headers["Content-Type"] = kind or ""
    made.call = Call(FILES, body=body)
    made.target = "/v1/files"
    return made


def test_a_file_is_found_by_name_size_and_purpose() -> None:
    server = Server("lost after")
    server.made.append({"id": "old", "created_at": WALL - 999, "filename": "a.txt", "bytes": 5, "purpose": "batch"})
    server.made.append({"id": "big", "created_at": WALL, "filename": "a.txt", "bytes": 6, "purpose": "batch"})
    assert server.run(Idempotency(), upload()) == "thing_2"
    assert len(server.posts) == 1


def test_the_same_form_is_the_same_request() -> None:
    server, policy = Server(), Idempotency()
    forms = [upload() for _ in range(2)]
    for form in forms:
        form.headers["Idempotency-Key"] = "k"
    assert forms[0].content != forms[1].content
    assert [server.run(policy, form) for form in forms] == ["thing_0"] * 2


@pytest.mark.parametrize("fault", LOST)
def test_what_cannot_be_found_is_not_sent_again(fault: Any) -> None:
    server = Server(fault)
    server.run(Idempotency(), asked(THREADS))
    assert len(server.posts) == 1
    server = Server("lost after")
    assert isinstance(server.run(Idempotency(reconcile=False), asked()), ReadTimeout)
    assert "antiphon_key" not in server.made[0]["metadata"]


@pytest.mark.parametrize("operation", [THREADS, BATCHES])
def test_a_server_that_honours_keys_is_asked_again(operation: Operation) -> None:
    server = Server("lost after", 502, honours=True)
    policy = Idempotency(honoured=True, reconcile=False)
    assert server.run(policy, asked(operation)) == "thing_0"
    assert (len(server.made), len(server.posts)) == (1, 3)


def test_an_open_key_is_looked_for_before_it_is_sent_again() -> None:
    policy, made = Idempotency(resends=0), asked(key="k")
    server = Server("lost before")
    assert isinstance(server.run(policy, asked(key="k")), ReadTimeout)
    assert server.run(policy, made) == "thing_0"
    assert events(made) == ["look"]
    server = Server("lost after")
    policy = Idempotency(reconcile=False)
    server.run(policy, asked(key="k"))
    policy.reconcile = True
    server.made[0]["metadata"] = {"antiphon_key": "k"}
    assert server.run(policy, asked(key="k")) == "thing_0"
    assert len(server.posts) == 1


def test_an_open_key_of_what_cannot_be_found_is_refused() -> None:
    server, policy = Server("lost after"), Idempotency()
    assert isinstance(server.run(policy, asked(THREADS, key="k")), ReadTimeout)
    failure = server.run(policy, asked(THREADS, key="k"))
    assert isinstance(failure, IdempotencyConflict)
    assert "broke off" in str(failure)
    assert len(server.posts) == 1


def test_a_question_is_simply_asked_again() -> None:
    server, policy = Server(*["lost after"] * 3), Idempotency()
    assert isinstance(server.run(policy, asked(RESPONSES, key="k")), ReadTimeout)
    assert server.run(policy, asked(RESPONSES, key="k")) == "thing_3"


def test_no_room_for_the_mark_and_nothing_is_looked_for() -> None:
    full = {str(n): "x" for n in range(16)}
    server = Server("lost before")
    policy = Idempotency(resends=0)
    server.run(policy, asked(metadata=full))
    assert json.loads(server.posts[0].content or b"")["metadata"] == full  # type: ignore[arg-type]


@pytest.mark.parametrize("patience", [0.5, 1.2])
def test_a_deadline_leaves_no_time_to_look(patience: float) -> None:
    server, made = Server("lost after"), asked()
    made.deadline = patience
    assert isinstance(server.run(Idempotency(), made), APIConnectionError)
    assert server.lists == []


def test_who_is_cancelled_leaves_the_key_open_and_nobody_waiting() -> None:
    server, policy = Server(), Idempotency()
    first, second = server.start(policy, asked(key="k")), server.start(policy, asked(key="k"), at=0.2)
    server.driver.run(until=0.5)
    first.cancel()
    server.driver.run()
    assert result(second) == "thing_0"
    assert len(server.made) == 1
    assert len(policy._running) == 0
