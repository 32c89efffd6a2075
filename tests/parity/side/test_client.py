"""1.1: what clients are made of, what they say of themselves, and what their copies keep."""

from __future__ import annotations

import base64
import warnings
from typing import Any

import httpx2
import pytest

from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import KEY

from .duet import Row, check_known, compare, got, plain
from .known.client import KNOWN

NAMES = ("api_key", "admin_api_key", "organization", "project", "webhook_secret", "max_retries", "timeout")


def told(client: Any) -> dict[str, Any]:
    """What a client says of itself."""
    facts = {name: plain(getattr(client, name)) for name in NAMES}
    facts["timeout"] = phases(client.timeout)
    facts |= {
        "base_url": str(client.base_url),
        "sockets": plain(client.websocket_base_url and str(client.websocket_base_url)),
    }
    return {**facts, "closed": client.is_closed(), "query": dict(client.default_query)}


def phases(timeout: Any) -> Any:
    """A timeout as its parts."""
    if hasattr(timeout, "pool"):
        return [timeout.connect, timeout.read, timeout.write, timeout.pool]
    return plain(timeout)


async def facts(client: Any, _: Any) -> Any:
    return told(client)


async def sent_and_told(client: Any, _: Any) -> Any:
    await got(retrieve(client))
    return told(client)


def copied(**options: Any) -> Any:
    """What a copy says of itself, after it was used."""

    async def do(client: Any, package: Any) -> Any:
        given = {name: value(package) if callable(value) else value for name, value in options.items()}
        copy = client.with_options(**given)
        await got(create(copy))
        return [told(copy), type(copy) is type(client), told(client)]

    return do


async def copied_twice(client: Any, p: Any) -> Any:
    first = client.copy(default_headers={"X-A": "1", "X-B": "1"}, default_query={"a": "1", "b": "1"})
    await got(retrieve(first.copy(default_headers={"x-b": "2", "X-C": "2"}, default_query={"b": "2"})))
    await got(retrieve(first.copy(set_default_headers={"X-D": "3"}, set_default_query={"d": "3"})))
    await got(retrieve(first.copy(default_headers={"X-A": p.omit})))
    await got(retrieve(first))


async def closing(client: Any, _: Any) -> Any:
    before = client.is_closed()
    copy = client.copy()
    await got(client.close())
    await got(client.close())
    return [before, client.is_closed(), copy.is_closed()]


async def entered_and_left(client: Any, _: Any) -> Any:
    if hasattr(client, "__aenter__"):
        async with client as inside:
            return [inside is client, inside.is_closed(), hasattr(client, "__enter__")]
    with client as inside:
        return [inside is client, inside.is_closed(), hasattr(client, "__aenter__")]


async def moved(client: Any, _: Any) -> Any:
    """`base_url` set anew, in several spellings."""
    found: list[Any] = []
    root = str(client.base_url)
    for url in (f"{root}deeper", f"{root}deeper/", f"{root.removesuffix('/v1/')}/a/b?x=1"):
        client.base_url = url
        await got(retrieve(client))
        found.append(str(client.base_url))
    return found


async def residing(client: Any, _: Any) -> Any:
    before = [str(client.base_url), client.data_residency if hasattr(client, "data_residency") else None]
    client.base_url = "https://example.com/v9"
    return [*before, str(client.base_url), str(client.copy().base_url)]


async def key_of_a_function(client: Any, _: Any) -> Any:
    await got(create(client))
    await got(retrieve(client))
    await got(create(client, extra_headers={"Authorization": "Bearer mine"}))
    await got(client.admin.organization.projects.retrieve("p"))
    return client.api_key


def keys(package: Any) -> Any:
    """A function that gives another key each time; of the clients' colour by the row."""
    count = iter(range(100))
    return lambda: f"key-{next(count)}"


def async_keys(package: Any) -> Any:
    """The same, awaited."""
    count = iter(range(100))

    async def key() -> str:
        return f"key-{next(count)}"

    return key


async def attributes(client: Any, p: Any) -> Any:
    """Names that frameworks read."""
    return {
        "agent": client.user_agent.partition("/")[0],
        "platform": sorted(client.platform_headers()),
        "auth": client.auth_headers,
        "headers": sorted(name.lower() for name in client.default_headers),
        "custom": plain({**client._custom_headers}),
        "query": client.qs.stringify({"a": [1, 2], "b": {"c": True}, "d": None}),
        "strict": client._strict_response_validation if hasattr(client, "_strict_response_validation") else None,
    }


def deprecated(**what: Any) -> Any:
    """A raw call, with the warnings it gave."""

    async def do(client: Any, _: Any) -> Any:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            await got(client.post("/x", cast_to=object, **what))
        return [each.category.__name__ for each in heard]

    return do


def lent(**options: Any) -> Any:
    """An httpx2 client of the row's colour, made for the package."""

    async def do(client: Any, p: Any) -> Any:
        kind: Any = httpx2.AsyncClient if hasattr(client, "__aenter__") else httpx2.Client
        http = kind(trust_env=False, **options)
        made = type(client)(api_key=KEY, base_url=client.base_url, http_client=http)
        try:
            return [phases(made.timeout), (await got(retrieve(made))).id, http.is_closed]
        finally:
            await got(http.aclose() if hasattr(http, "aclose") else http.close())

    return do


ANSWER = ok({"id": "m", "object": "model"})
SECRET = "whsec_" + base64.b64encode(b"x" * 24).decode()
PLAIN = {"api_key": ..., "admin_api_key": ...}
HOME: dict[str, Any] = {**PLAIN, "base_url": ...}

ROWS: dict[str, Row] = {
    "as made": Row([ANSWER], facts),
    "with everything": Row(
        [ANSWER],
        facts,
        {
            "organization": "o",
            "project": "p",
            "webhook_secret": "whsec_x",
            "websocket_base_url": "wss://example.com/ws",
            "timeout": 5,
            "max_retries": 0,
            "default_query": {"a": "1"},
        },
    ),
    "the default timeout": Row([ANSWER], facts, {"http_client": None}),
    **{
        f"timeout {name}": Row([ANSWER], facts, {"timeout": value, "http_client": None})
        for name, value in {
            "None": None,
            "0": 0,
            "parts": lambda p: p.Timeout(9.0, connect=1.0),
            "not given": lambda p: p.NOT_GIVEN,
        }.items()
    },
    "without keys": Row([ANSWER], facts, PLAIN),
    "an http client of nothing": Row([ANSWER], facts, {"http_client": object(), "timeout": 1}),
    "a client of the other colour": Row([ANSWER], facts, {"http_client": lambda p: httpx2.AsyncClient()}),
    **{
        f"residing in {region}": Row([ANSWER], residing, {"base_url": ..., "data_residency": region})
        for region in ("global", "us", "eu", "ae", "au", "in", "jp", "moon", "")
    },
    "residing and a base url": Row([ANSWER], facts, {"data_residency": "us"}),
    "residing and a socket url": Row(
        [ANSWER], facts, {"base_url": ..., "data_residency": "us", "websocket_base_url": "wss://x"}
    ),
    "at home": Row([ANSWER], facts, {"base_url": ...}),
    "base urls": Row([ANSWER], moved),
    "a base url with a query": Row(
        [ANSWER], sent_and_told, environment={"OPENAI_BASE_URL": "{url}/v1?a=b"}, options={"base_url": ...}
    ),
    "copy: nothing": Row([ANSWER], copied()),
    **{
        f"copy: {name}": Row([ANSWER], copied(**{name: value}), {"organization": "o0", "default_headers": {"X-Z": "0"}})
        for name, value in {
            "api_key": "other",
            "admin_api_key": "other",
            "organization": "o",
            "project": "p",
            "webhook_secret": "w",
            "websocket_base_url": "wss://x/y",
            "timeout": 3.5,
            "max_retries": 9,
            "default_headers": {"X-Z": "1"},
            "set_default_headers": {"X-Y": "1"},
            "default_query": {"a": "1"},
            "set_default_query": {"a": "1"},
            "_extra_kwargs": {"organization": "extra"},
            "_strict_response_validation": True,
        }.items()
    },
    "copies of copies": Row([ANSWER], copied_twice),
    "closing": Row([ANSWER], closing),
    "entering": Row([ANSWER], entered_and_left),
    "attributes": Row([ANSWER], attributes, {"default_headers": {"X-Mine": "1"}}),
    "bytes as a body": Row([ANSWER], deprecated(body=b"abc")),
    "bytes as content": Row([ANSWER], deprecated(content=b"abc")),
    "a client lent": Row([ANSWER], lent()),
    "a client lent with a timeout": Row([ANSWER], lent(timeout=7)),
    "a client lent with parts of a timeout": Row([ANSWER], lent(timeout=httpx2.Timeout(7, connect=2))),
}

KEYED = {"OPENAI_API_KEY": "sk-env"}
ENVIRONMENT: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a key": (KEYED, PLAIN),
    "an admin key": ({**KEYED, "OPENAI_ADMIN_KEY": "sk-admin"}, PLAIN),
    "an admin key alone": ({"OPENAI_ADMIN_KEY": "sk-admin"}, PLAIN),
    "who pays": ({**KEYED, "OPENAI_ORG_ID": "o", "OPENAI_PROJECT_ID": "p"}, PLAIN),
    "who pays, said otherwise": (
        {"OPENAI_ORG_ID": "o", "OPENAI_PROJECT_ID": "p"},
        {"organization": "mine", "project": ""},
    ),
    "a webhook secret": ({"OPENAI_WEBHOOK_SECRET": SECRET}, {}),
    "a base url": ({"OPENAI_BASE_URL": "{url}/elsewhere"}, {"base_url": ...}),
    "a base url with blanks": ({"OPENAI_BASE_URL": " {url}/elsewhere "}, {"base_url": ...}),
    "a base url and an argument": ({"OPENAI_BASE_URL": "http://127.0.0.1:1"}, {}),
    "an empty key": ({"OPENAI_API_KEY": ""}, PLAIN),
    "an empty organization": ({"OPENAI_ORG_ID": ""}, {}),
    "an empty base url": ({"OPENAI_BASE_URL": "", "HOME": "/"}, {"base_url": ...}),
    **{
        f"fields {name}": ({"OPENAI_CUSTOM_HEADERS": text}, {"default_headers": {"X-Two": "own"}})
        for name, text in {
            "plain": "X-One: 1\nX-Three: a: b",
            "under an argument": "X-Two: env\nx-two: twice",
            "with blanks": "  X-One :  1  \n\n\t\nX-Three:3",
            "that are none": "nonsense\nX-One: 1",
            "without a value": "X-One:\nX-Three: ",
            "of the credential": "Authorization: Basic x",
            "with returns": "X-One: 1\r\nX-Three: 3\r\n",
            "twice": "X-One: 1\nX-One: 2",
        }.items()
    },
}
ROWS |= {
    f"environment: {name}": Row([ANSWER], facts if "empty base" in name else sent_and_told, options, environment)
    for name, (environment, options) in ENVIRONMENT.items()
}


@pytest.mark.parametrize("name", ROWS)
def test_clients(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_keys_of_functions(colour: str) -> None:
    options = {"api_key": keys if colour == "sync" else async_keys}
    script = [wrong(500), ANSWER]  # so that one call asks twice
    compare("a key of a function", Row(script, key_of_a_function, options), colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, {**ROWS, "a key of a function": ROWS["as made"]})
