"""Usage and costs: what the tour's requests took, to the token, by project, model, key and kind."""

from __future__ import annotations

from typing import Any

from ..tour import Tour, user

KINDS = {
    "audio_speeches": "characters", "audio_transcriptions": "seconds", "code_interpreter_sessions": "num_sessions",
    "completions": "num_model_requests", "decisions": "num_model_requests", "embeddings": "input_tokens",
    "file_search_calls": "num_requests", "images": "images", "moderations": "input_tokens",
    "vector_stores": "usage_bytes",
}  # fmt: skip


def walk(t: Tour) -> None:
    """The chapter."""
    projects = t.client.admin.organization.projects
    project = projects.create(name="Usage")
    account = projects.service_accounts.create(project_id=project.id, name="robot")
    robot = t.make(account.api_key.value)
    _traffic(t, project, robot)
    _kinds(t, project, robot)
    _whole(t)


def _results(t: Tour, kind: str, start: int, **query: Any) -> list[Any]:
    """All results of all pages."""
    found: list[Any] = []
    page: dict[str, Any] = {}
    while True:
        heard = getattr(t.client.admin.organization.usage, kind)(start_time=start, **query, **page)
        found += [result for bucket in heard.data for result in bucket.results]
        if not heard.has_more:
            return found
        page = {"page": heard.next_page}


def _traffic(t: Tour, project: Any, robot: Any) -> None:
    told = [robot.chat.completions.create(model="gpt-4o", messages=user(f"What is {n}+1?")).usage for n in range(3)]
    answered = robot.responses.create(model="gpt-4.1", input="What is 2+2?").usage
    embedded = robot.embeddings.create(model="text-embedding-3-small", input="some words to count").usage
    own: Any = {"start": project.created_at, "project_ids": [project.id]}
    by = {result.model: result for result in _results(t, "completions", **own, group_by=["model"])}
    t.same(by["gpt-4o"].num_model_requests, 3)
    t.same(by["gpt-4o"].input_tokens, sum(usage.prompt_tokens for usage in told))
    t.same(by["gpt-4o"].output_tokens, sum(usage.completion_tokens for usage in told))
    t.same((by["gpt-4.1"].input_tokens, by["gpt-4.1"].output_tokens), (answered.input_tokens, answered.output_tokens))
    (words,) = _results(t, "embeddings", **own)
    t.same(words.input_tokens, embedded.total_tokens)
    (whole,) = _results(t, "completions", **own)
    t.same(whole.num_model_requests, 4)
    bill = _results(t, "costs", **own)
    nano = by["gpt-4o"].input_tokens * 2_500 + by["gpt-4o"].output_tokens * 10_000
    nano += answered.input_tokens * 2_000 + answered.output_tokens * 8_000 + embedded.total_tokens * 20
    t.near(sum(result.amount.value for result in bill), nano / 1e9, 1e-12)


def _kinds(t: Tour, project: Any, robot: Any) -> None:
    """A request of every kind, and each is counted."""
    spoken = robot.audio.speech.create(model="tts-1", voice="alloy", input="Hello", response_format="wav").content
    robot.audio.transcriptions.create(model="whisper-1", file=("a.wav", spoken))
    robot.moderations.create(input="Hello there")
    robot.images.generate(prompt="a fox", model="gpt-image-2.5-flare", size="64x64", n=2)
    question: Any = {"type": "predicate", "instructions": "It is short."}
    robot.decisions.create(model="gpt-6-luna", input="Hello", questions=[question])
    store = robot.vector_stores.create().id
    file = t.upload("a.txt", "twelve bytes", "assistants", robot)
    done = robot.vector_stores.files.create_and_poll(file, vector_store_id=store, poll_interval_ms=50)
    t.same(done.status, "completed")
    robot.vector_stores.search(store, query="bytes")
    hosted: Any = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    robot.responses.create(model="gpt-4o", input="What is 1+1?", tools=hosted)
    exact = {"audio_speeches": 5, "images": 2, "file_search_calls": 1, "code_interpreter_sessions": 1}
    for kind, field in KINDS.items():
        results = _results(t, kind, project.created_at, project_ids=[project.id])
        counted = sum(getattr(result, field) for result in results)
        t.same((kind, counted > 0), (kind, True))
        if kind in exact:
            t.same(counted, exact[kind])


def _whole(t: Tour) -> None:
    """Of the whole tour at least what this chapter did."""
    projects = {result.project_id for result in _results(t, "completions", t.house.began, group_by=["project_id"])}
    t.true(len(projects) >= 1)
    t.true(sum(result.amount.value for result in _results(t, "costs", t.house.began)) > 0)
    heard = t.client.admin.organization.usage.web_search_calls(start_time=t.house.began, limit=1)
    t.same([result for bucket in heard.data for result in bucket.results], [])
