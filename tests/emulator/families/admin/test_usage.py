"""Usage and costs, computed from what really came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.exchange import Caller
from antiphon.emulator.price import cost, items
from tests.emulator.families.admin.conftest import As
from tests.emulator.families.answering import wait_for

DAY = 1_700_006_400
"""When a day begins."""
CALLER = Caller("digest", "proj_antiphon", "key_a", "user-antiphon")


@pytest.fixture
def meter(house: Emulator) -> Any:
    """Counts a request at a time."""
    world = house.app.world
    world.clock = lambda: float(DAY + 7200)  # type: ignore[method-assign]

    def add(at: int = 0, caller: Caller = CALLER, **usage: Any) -> None:
        world.meter.add(caller, {"kind": "completions", "model": "gpt-4o", **usage}, DAY + at)

    return add


@pytest.mark.operation(
    "admin.organization.usage.completions",
    "admin.organization.usage.embeddings",
    "admin.organization.usage.costs",
)
def test_traffic_is_counted(org: Any, api: openai.OpenAI, using: As) -> None:
    project = org.projects.create(name="Alpha").id
    robot = using(org.projects.service_accounts.create(project_id=project, name="r").api_key.value)
    told = [
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}]).usage
        for client in (api, api, robot)
    ]
    embedded = api.embeddings.create(model="text-embedding-3-small", input="some words to count").usage
    (bucket,) = org.usage.completions(start_time=project_created(org, project)).data
    (whole,) = bucket.results
    assert whole.num_model_requests == 3
    assert whole.input_tokens == sum(u.prompt_tokens for u in told)
    assert whole.output_tokens == sum(u.completion_tokens for u in told)
    by = org.usage.completions(start_time=bucket.start_time, group_by=["project_id", "model"]).data[0].results
    assert {(r.project_id, r.model): r.num_model_requests for r in by} == {
        ("proj_antiphon", "gpt-4o"): 2,
        (project, "gpt-4o"): 1,
    }
    (result,) = org.usage.embeddings(start_time=bucket.start_time).data[0].results
    assert result.input_tokens == embedded.total_tokens
    (bill,) = org.usage.costs(start_time=bucket.start_time).data[0].results
    expected = whole.input_tokens * 2500 + whole.output_tokens * 10_000 + result.input_tokens * 20
    assert bill.amount.value == pytest.approx(expected / 1e9)


@pytest.mark.operation("admin.organization.usage.completions")
def test_batches_count_as_such(org: Any, api: openai.OpenAI, house: Emulator) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    line = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    text = "".join(json.dumps(line | {"custom_id": str(number)}) + "\n" for number in range(3))
    file = api.files.create(file=("in.jsonl", text.encode()), purpose="batch").id
    made = api.batches.create(input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")
    house.app.world.skew += 60
    wait_for(lambda: api.batches.retrieve(made.id).status == "completed")
    (result,) = org.usage.completions(start_time=made.created_at, group_by=["batch"], bucket_width="1h").data[0].results
    assert (result.batch, result.num_model_requests) == (True, 3)
    assert result.input_tokens == 3 * api.chat.completions.create(**body).usage.prompt_tokens


def project_created(org: Any, project: str) -> int:
    created: int = org.projects.retrieve(project).created_at
    return created


@pytest.mark.operation("admin.organization.usage.completions")
def test_buckets_pages_filters_and_groups(org: Any, meter: Any) -> None:
    other = Caller("d", "proj_b", "key_b", "svc_b")
    meter(0, input_tokens=1)
    meter(59, input_tokens=2)
    meter(60, input_tokens=4, batch=True)
    meter(3600, other, input_tokens=8, model="gpt-4.1")
    minutes = org.usage.completions(start_time=DAY, bucket_width="1m", limit=3)
    sums = [[r.input_tokens for r in b.results] for b in minutes.data]
    assert (sums, minutes.has_more) == ([[3], [4], []], True)
    rest = org.usage.completions(start_time=DAY, bucket_width="1m", limit=1440, page=minutes.next_page)
    assert rest.data[0].start_time == DAY + 180
    assert ([r.input_tokens for b in rest.data for r in b.results], rest.has_more) == ([8], False)
    hours = org.usage.completions(start_time=DAY, end_time=DAY + 7200, bucket_width="1h").data
    assert [[r.input_tokens for r in b.results] for b in hours] == [[7], [8]]

    def total(**query: Any) -> list[int]:
        return [r.input_tokens for b in org.usage.completions(start_time=DAY, **query).data for r in b.results]

    assert total() == [15]
    assert total(project_ids=["proj_b"]) == total(user_ids=["svc_b"]) == total(api_key_ids=["key_b"]) == [8]
    assert total(models=["gpt-4o"]) == [7]
    assert (total(batch=True), total(batch=False)) == ([4], [11])
    assert total(end_time=DAY + 60) == [3]
    groups = org.usage.completions(start_time=DAY, group_by=["batch", "api_key_id"]).data[0].results
    assert [(r.batch, r.api_key_id, r.model, r.input_tokens) for r in groups] == [
        (False, "key_a", None, 3),
        (True, "key_a", None, 4),
        (False, "key_b", None, 8),
    ]
    for wrong in ({"limit": 32}, {"page": "nonsense"}, {"end_time": DAY}):
        with pytest.raises(openai.BadRequestError):
            total(**wrong)


KINDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("audio_speeches", {"characters": 9}, {"characters": 18, "num_model_requests": 2}),
    ("audio_transcriptions", {"seconds": 9}, {"seconds": 18, "num_model_requests": 2}),
    ("code_interpreter_sessions", {}, {"num_sessions": 2}),
    ("completions", {"input_tokens": 1, "input_cached_tokens": 1}, {"input_tokens": 2, "input_cached_tokens": 2}),
    ("decisions", {"input_tokens": 3}, {"input_tokens": 6, "num_model_requests": 2}),
    ("embeddings", {"input_tokens": 3}, {"input_tokens": 6, "num_model_requests": 2}),
    ("file_search_calls", {"vector_store_id": "vs_1"}, {"num_requests": 2, "vector_store_id": "vs_1"}),
    ("images", {"images": 2, "size": "256x256", "source": "image.edit"}, {"images": 4, "size": "256x256"}),
    ("moderations", {"input_tokens": 3}, {"input_tokens": 6, "num_model_requests": 2}),
    ("vector_stores", {"usage_bytes": 5}, {"usage_bytes": 10}),
    ("web_search_calls", {"num_requests": 3, "context_level": "low"}, {"num_requests": 6, "num_model_requests": 2}),
]
GROUPS = {"file_search_calls": ["vector_store_id"], "images": ["size"]}


@pytest.mark.operation(
    "admin.organization.usage.audio_speeches",
    "admin.organization.usage.audio_transcriptions",
    "admin.organization.usage.code_interpreter_sessions",
    "admin.organization.usage.completions",
    "admin.organization.usage.decisions",
    "admin.organization.usage.embeddings",
    "admin.organization.usage.file_search_calls",
    "admin.organization.usage.images",
    "admin.organization.usage.moderations",
    "admin.organization.usage.vector_stores",
    "admin.organization.usage.web_search_calls",
)
@pytest.mark.parametrize(("kind", "usage", "wanted"), KINDS)
def test_every_sort(org: Any, meter: Any, kind: str, usage: dict[str, Any], wanted: dict[str, Any]) -> None:
    meter(0, kind=kind, **usage)
    meter(1, kind=kind, **usage)
    meter(2, kind="other", **usage)
    query: dict[str, Any] = {"group_by": GROUPS[kind]} if kind in GROUPS else {}
    (result,) = getattr(org.usage, kind)(start_time=DAY, **query).data[0].results
    assert result.to_dict() | wanted == result.to_dict()


@pytest.mark.operation("admin.organization.usage.costs")
def test_a_bill_by_lines(org: Any, meter: Any) -> None:
    meter(0, input_tokens=1000, input_cached_tokens=400, output_tokens=10)
    meter(1, input_tokens=1000, batch=True)
    meter(2, input_tokens=5, model="nobody-knows")
    meter(3, kind="web_search_calls")
    (bucket,) = org.usage.costs(start_time=DAY, group_by=["line_item"]).data
    lines = {line.line_item: (line.quantity, round(line.amount.value * 1e9)) for line in bucket.results}
    assert lines == {
        "gpt-4o, input_tokens": (1600, 600 * 2500 + 1000 * 1250),
        "gpt-4o, input_cached_tokens": (400, 400 * 1250),
        "gpt-4o, output_tokens": (10, 10 * 10_000),
        "web_search_calls": (1, 10_000_000),
    }
    (only,) = org.usage.costs(start_time=DAY, line_items=["gpt-4o, output_tokens"]).data[0].results
    assert (only.amount.value, only.line_item) == (0.0001, None)


def test_prices_of_dated_names() -> None:
    for name, wanted in (("gpt-4o-2024-08-06", 2500), ("gpt-4o-2024-05-13", 5000), ("gpt-5.9", 0), ("", 0)):
        assert cost({"kind": "completions", "model": name, "input_tokens": 1}) == wanted


@pytest.mark.parametrize("batch", [True, False])
def test_a_cost_is_the_sum_of_its_lines_and_half_of_it_for_batches(batch: bool) -> None:
    row = {"kind": "completions", "model": "o3", "input_tokens": 10, "input_cached_tokens": 4, "output_tokens": 7}
    whole = 6 * 2_000 + 4 * 500 + 7 * 8_000
    assert cost(row | {"batch": batch}) == whole // (1 + batch)
    assert sum(item.cost for item in items(row | {"batch": batch})) == whole // (1 + batch)


def test_counts_outlive_the_process(tmp_path: Path) -> None:
    for _ in range(2):
        with Emulator(Setting(data=tmp_path)) as house:
            world = house.app.world
            for hour in range(60):
                world.meter.add(CALLER, {"kind": "completions", "input_tokens": 1}, DAY + hour * 3600.0)
            world.commit()
            counted = sum(row["input_tokens"] for row in world.meter.rows(DAY, DAY + 60 * 3600))
    assert counted == 120
