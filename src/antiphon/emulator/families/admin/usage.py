"""Usage and costs: the counts of the traffic, put into buckets of a minute, an hour or a day, grouped as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from ... import price
from ...bound import within
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import invalid
from ...usage import Row
from ..crud import Object

_HOME: Final = "admin.organization.usage."
_WIDTHS: Final = {"1m": (60, 60, 1440), "1h": (3_600, 24, 168), "1d": (86_400, 7, 31)}
"""Seconds, and how many buckets are shown when nothing is said and at most."""
_WHOSE: Final = ("project_id", "user_id", "api_key_id")
_MODEL: Final = (*_WHOSE, "model")
_TOKENS: Final = (
    "input_tokens",
    "output_tokens",
    "input_cached_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
)
_FILTERS: Final = {
    "project_ids": "project_id",
    "user_ids": "user_id",
    "api_key_ids": "api_key_id",
    "models": "model",
    "sizes": "size",
    "sources": "source",
    "vector_store_ids": "vector_store_id",
    "context_levels": "context_level",
}


class Sort(NamedTuple):
    """One sort of usage: what a result calls itself, what it counts, what it may be grouped by, where requests count."""

    object: str
    measures: tuple[str, ...]
    groups: tuple[str, ...]
    requests: str | None = "num_model_requests"


_SORTS: Final = {
    "audio_speeches": Sort("audio_speeches", ("characters",), _MODEL),
    "audio_transcriptions": Sort("audio_transcriptions", ("seconds",), _MODEL),
    "code_interpreter_sessions": Sort("code_interpreter_sessions", (), ("project_id",), "num_sessions"),
    "completions": Sort("completions", _TOKENS, (*_MODEL, "batch", "service_tier", "api_source")),
    "decisions": Sort("decisions", _TOKENS, (*_MODEL, "batch", "service_tier", "api_source")),
    "embeddings": Sort("embeddings", ("input_tokens",), _MODEL),
    "file_search_calls": Sort("file_searches", (), (*_WHOSE, "vector_store_id"), "num_requests"),
    "images": Sort("images", ("images",), (*_MODEL, "size", "source")),
    "moderations": Sort("moderations", ("input_tokens",), _MODEL),
    "vector_stores": Sort("vector_stores", ("usage_bytes",), ("project_id",), None),
    "web_search_calls": Sort("web_searches", ("num_requests",), (*_MODEL, "context_level", "api_source")),
}


def _value(row: Row, group: str) -> Any:
    if group == "batch":
        return bool(row.get("batch"))
    if group == "api_source":
        return row.get("api_source") or "unlabeled"
    if group == "service_tier":
        return row.get("service_tier") or "default"
    return row.get(group)


def _fits(query: Object, row: Row) -> bool:
    if query.get("batch") is not None and bool(row.get("batch")) != query["batch"]:
        return False
    return all(row.get(field) in query[name] for name, field in _FILTERS.items() if query.get(name))


def _grouped(query: Object, rows: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(_value(row, name) for name in query.get("group_by") or ()), []).append(row)
    return groups


def _results(sort: Sort, query: Object, rows: list[Row]) -> list[Object]:
    """One result for each group that was used at all."""
    asked = query.get("group_by") or ()
    found: list[Object] = []
    for values, members in _grouped(query, rows).items():
        made: Object = {"object": f"organization.usage.{sort.object}.result"}
        made |= {name: int(sum(row.get(name, 0) for row in members)) for name in sort.measures}
        if sort.requests is not None:
            made[sort.requests] = sum(row.get(sort.requests) or row["requests"] for row in members)
        told: Object = dict(zip(asked, values, strict=True))
        found.append(made | {name: told.get(name) for name in sort.groups})
    return found


def _lines(query: Object, rows: list[Row]) -> list[Row]:
    """The bill's lines: a row for each item that costs something or is counted."""
    lines = [{**row, **item._asdict(), "line_item": item.name} for row in rows for item in price.items(row)]
    wanted = query.get("line_items")
    return [line for line in lines if not wanted or line["line_item"] in wanted]


def _costs(query: Object, rows: list[Row]) -> list[Object]:
    asked = query.get("group_by") or ()
    found: list[Object] = []
    for values, lines in _grouped(query, _lines(query, rows)).items():
        told: Object = dict(zip(asked, values, strict=True))
        made: Object = {"object": "organization.costs.result"}
        made["amount"] = {"value": sum(line["cost"] for line in lines) / 1e9, "currency": "usd"}
        itemized = "line_item" in asked
        made["quantity"] = float(sum(line["quantity"] for line in lines)) if itemized else None
        made["quantity_unit"] = lines[0]["unit"] if itemized else None
        found.append(
            made | {n: told.get(n) for n in ("line_item", "project_id", "user_id", "api_key_id", "api_source")}
        )
    return found


def _answer(
    exchange: Exchange,
    limits: tuple[int, int, int],
    kind: str | None,
    results: Callable[[Object, list[Row]], list[Object]],
) -> Reply:
    """The buckets of the time asked for, empty ones too, and where the next page begins."""
    query, (width, usual, most) = exchange.query, limits
    limit: int = usual if query.get("limit") is None else query["limit"]
    within("limit", limit, 1, most)
    start = query["start_time"]
    end = query.get("end_time") or exchange.world.now() + 1
    if end <= start:
        raise invalid("end_time", "'end_time' must be after 'start_time'.")
    first = _continued(query.get("page"), start) // width * width
    last = min(end, first + limit * width)
    buckets: dict[int, list[Row]] = {at: [] for at in range(first, last, width)}
    for row in exchange.world.meter.rows(max(start // 60 * 60, first), last):
        if (kind is None or row["kind"] == kind) and _fits(query, row):
            buckets[row["start"] // width * width].append(row)
    data = [
        {"object": "bucket", "start_time": at, "end_time": at + width, "results": results(query, rows)}
        for at, rows in buckets.items()
    ]
    more = last < end
    return json_reply({"object": "page", "data": data, "has_more": more, "next_page": f"page_{last}" if more else None})


def _continued(page: str | None, start: int) -> int:
    if page is None:
        return start
    number = page.removeprefix("page_")
    if not number.isdecimal() or len(number) > 12:
        raise invalid("page", f"'{page}' is no page of an earlier answer.")
    return int(number)


def _usage(kind: str, sort: Sort) -> Handler:
    async def handle(exchange: Exchange) -> Reply:
        """Counts what the traffic used, in buckets of time, filtered and grouped as asked."""
        limits = _WIDTHS[exchange.query.get("bucket_width") or "1d"]
        return _answer(exchange, limits, kind, lambda query, rows: _results(sort, query, rows))

    return handle


async def _bill(exchange: Exchange) -> Reply:
    """Prices what the traffic used, in buckets of a day, filtered and grouped as asked; unknown models cost nothing."""
    return _answer(exchange, (86_400, 7, 180), None, _costs)


HANDLERS: dict[str, Handler] = {f"{_HOME}{kind}": _usage(kind, sort) for kind, sort in _SORTS.items()} | {
    f"{_HOME}costs": _bill
}
