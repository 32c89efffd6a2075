"""Webhooks: endpoints that keep their secrets, and events that arrive signed, again until they are taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import antiphon
from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.webhook import DELIVERIES, emit, event_types
from antiphon.emulator.world import World
from tests.emulator.families.receiving import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=3)) as running:
        yield running


def user(house: Emulator) -> openai.OpenAI:
    return openai.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0)


def tell(house: Emulator, type: str, **data: Any) -> None:
    """What a family does, in the emulator's own thread."""
    on_loop(house, lambda world: emit(world, type, data))


def on_loop(house: Emulator, act: Callable[[World], None]) -> None:
    async def work() -> None:
        act(house.app.world)
        await house.app.world.catch_up()
        house.app.world.commit()

    assert house._house is not None
    asyncio.run_coroutine_threadsafe(work(), house._house.loop).result(10)


def move(house: Emulator, seconds: float) -> None:
    house.app.world.skew += seconds
    on_loop(house, lambda world: None)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def deliveries(house: Emulator) -> list[dict[str, Any]]:
    return list(house.app.world.shelf(DELIVERIES))


@pytest.mark.operation("webhooks.create", "webhooks.retrieve", "webhooks.list", "webhooks.update", "webhooks.delete")
def test_an_endpoint_lives_and_shows_its_secret_once(house: Emulator) -> None:
    with user(house) as client:
        made = client.webhooks.create(name="mine", url="http://127.0.0.1:1/a", event_types=["response.completed"])
        assert made.signing_secret.startswith("whsec_")
        assert made.signing_secret_hint
        assert made.signing_secret.endswith(made.signing_secret_hint[-4:])
        shown = client.webhooks.retrieve(made.id)
        assert "signing_secret" not in shown.to_dict()
        assert "old_secret" not in shown.to_dict()
        assert shown.event_types == ["response.completed"]
        house.app.world.skew += 100
        assert client.webhooks.update(made.id, name="mine").updated_at == made.updated_at
        changed = client.webhooks.update(made.id, name="ours", event_types=["batch.failed"])
        assert (changed.name, changed.event_types, changed.url) == ("ours", ["batch.failed"], made.url)
        assert changed.updated_at
        assert made.updated_at
        assert changed.updated_at >= made.updated_at + 100
        newer = client.webhooks.create(name="newer", url="http://localhost:1/", event_types=["batch.failed"])
        assert [known.id for known in client.webhooks.list()] == [newer.id, made.id]
        assert [known.id for known in client.webhooks.list(after=newer.id, limit=1)] == [made.id]
        assert client.webhooks.delete(made.id).deleted
        with pytest.raises(openai.NotFoundError):
            client.webhooks.retrieve(made.id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "no url",
        "http://",
        "http://10.0.0.1/",
        "https://example.com/",
        "http://127.0.0.1.example.com/",
        "http://user:word@127.0.0.1/",
        "http://169.254.169.254/latest",
        "http://127.0.0.1/\r\nHost: other",
        "http://[::ffff:10.0.0.1]/",
    ],
)
def test_addresses_that_are_refused(house: Emulator, url: str) -> None:
    with user(house) as client, pytest.raises(openai.BadRequestError) as caught:
        client.webhooks.create(name="mine", url=url, event_types=["response.completed"])
    assert caught.value.param == "url"


@pytest.mark.operation("webhooks.create")
def test_an_event_arrives_signed_for_both_packages(house: Emulator, receiver: Receiver) -> None:
    with user(house) as client:
        made = client.webhooks.create(name="a", url=receiver.url, event_types=["response.completed"])
        client.webhooks.create(name="b", url=receiver.url + "/b", event_types=["batch.completed"])
        tell(house, "response.completed", id="resp_1")
        told = receiver.next()
        event = client.webhooks.unwrap(told.body, told.headers, secret=made.signing_secret)
        assert event.type == "response.completed"
        assert event.data.id == "resp_1"
        assert event.id == told.headers["webhook-id"]
        with antiphon.OpenAI(base_url=house.base_url, api_key="sk-test") as ours:
            ours.webhooks.unwrap(told.body, told.headers, secret=made.signing_secret)
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.unwrap(told.body + b" ", told.headers, secret=made.signing_secret)
    assert receiver.came.empty()
    until(lambda: deliveries(house)[0]["status"] == "delivered")


def test_nothing_happens_without_an_endpoint(house: Emulator) -> None:
    tell(house, "response.completed", id="resp_1")
    assert not deliveries(house)


@pytest.mark.operation("webhooks.rotate_secret")
def test_the_old_secret_signs_for_a_day_when_asked(house: Emulator, receiver: Receiver) -> None:
    with user(house) as client:
        made = client.webhooks.create(name="a", url=receiver.url, event_types=["response.completed"])
        turned = client.webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True)
        assert turned.signing_secret != made.signing_secret
        assert "old_secret" not in turned.to_dict()
        tell(house, "response.completed", id="resp_1")
        told = receiver.next()
        for secret in (made.signing_secret, turned.signing_secret):
            client.webhooks.verify_signature(told.body, told.headers, secret=secret)
        move(house, 90_000)
        tell(house, "response.completed", id="resp_2")
        told = receiver.next()
        client.webhooks.verify_signature(told.body, told.headers, secret=turned.signing_secret)
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.verify_signature(told.body, told.headers, secret=made.signing_secret)
        last = client.webhooks.rotate_secret(made.id)
        tell(house, "response.completed", id="resp_3")
        told = receiver.next()
        client.webhooks.verify_signature(told.body, told.headers, secret=last.signing_secret)
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.verify_signature(told.body, told.headers, secret=turned.signing_secret)


def test_a_failed_delivery_comes_again_later_and_only_until_it_is_taken(house: Emulator, receiver: Receiver) -> None:
    receiver.statuses += [500, 302]
    with user(house) as client:
        client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
    tell(house, "video.failed", id="video_1")
    first = receiver.next()
    until(lambda: deliveries(house)[0]["attempts"][0]["status_code"] == 500)
    move(house, 10)
    assert receiver.came.empty()
    move(house, 10)
    second = receiver.next()
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    until(lambda: deliveries(house)[0]["attempts"][1]["status_code"] == 302)
    move(house, 400)
    assert receiver.next().path == "/hook"
    until(lambda: deliveries(house)[0]["status"] == "delivered")
    move(house, 1_000_000)
    assert receiver.came.empty()
    assert [attempt["status_code"] for attempt in deliveries(house)[0]["attempts"]] == [500, 302, 200]


def test_an_attempt_under_way_is_not_made_twice(house: Emulator, receiver: Receiver) -> None:
    with user(house) as client:
        client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
    receiver.open.clear()
    tell(house, "video.failed", id="video_1")
    receiver.next()
    move(house, 20)
    move(house, 20)
    receiver.open.set()
    until(lambda: deliveries(house)[0]["status"] == "delivered")
    move(house, 1_000_000)
    assert receiver.came.empty()


def test_a_receiver_that_never_answers_is_given_up_after_days(house: Emulator, receiver: Receiver) -> None:
    receiver.statuses += [503] * 20
    with user(house) as client:
        client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
    tell(house, "video.failed", id="video_1")
    for number in range(10):
        receiver.next()
        until(lambda n=number: deliveries(house)[0]["attempts"][n]["status_code"] == 503)
        move(house, 72_000)
    assert deliveries(house)[0]["status"] == "failed"
    assert receiver.came.empty()


def test_what_waits_is_delivered_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses += [500]
    with Emulator(Setting(data=tmp_path)) as house:
        with user(house) as client:
            made = client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
        tell(house, "video.failed", id="video_1")
        first = receiver.next()
        until(lambda: deliveries(house)[0]["attempts"][0]["status_code"] == 500)
    with Emulator(Setting(data=tmp_path)) as house:
        move(house, 20)
        again = receiver.next()
        assert again.headers["webhook-id"] == first.headers["webhook-id"]
        with user(house) as client:
            client.webhooks.verify_signature(again.body, again.headers, secret=made.signing_secret)
        until(lambda: deliveries(house)[0]["status"] == "delivered")


def test_what_is_overdue_is_delivered_before_anybody_asks(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses += [500]
    with Emulator(Setting(data=tmp_path)) as house:
        with user(house) as client:
            client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
        tell(house, "video.failed", id="video_1")
        first = receiver.next()
        until(lambda: deliveries(house)[0]["attempts"][0]["status_code"] == 500)
    later = Emulator(Setting(data=tmp_path))
    later.app.world.skew += 20
    with later:
        assert receiver.next().headers["webhook-id"] == first.headers["webhook-id"]


def test_a_deleted_endpoint_hears_no_more(house: Emulator, receiver: Receiver) -> None:
    receiver.statuses += [500]
    with user(house) as client:
        made = client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
        tell(house, "video.failed", id="video_1")
        receiver.next()
        until(lambda: deliveries(house)[0]["attempts"][0]["status_code"] == 500)
        client.webhooks.delete(made.id)
    move(house, 1_000)
    assert not deliveries(house)
    assert receiver.came.empty()


@pytest.mark.operation("webhooks.test", "webhooks.event_types.list")
def test_a_sample_of_every_type_is_really_sent(house: Emulator, receiver: Receiver) -> None:
    with user(house) as client:
        types = client.webhooks.event_types.list().data
        assert types == event_types()
        assert len(types) > 20
        made = client.webhooks.create(name="a", url=receiver.url, event_types=["video.failed"])
        for wanted in types:
            tested: Any = client.webhooks.test(made.id, event_type=wanted)  # type: ignore[arg-type]
            told = receiver.next()
            event = client.webhooks.unwrap(told.body, told.headers, secret=made.signing_secret)
            assert (event.type, tested.event_type, tested.status_code) == (wanted, wanted, 200)
            assert type(event).__name__.endswith("WebhookEvent")
        receiver.statuses.append(418)
        assert client.webhooks.test(made.id, event_type="video.failed").status_code == 418
        client.webhooks.update(made.id, url="http://127.0.0.1:1/")
        with pytest.raises(openai.BadRequestError) as caught:
            client.webhooks.test(made.id, event_type="video.failed")
        assert caught.value.code == "webhook_delivery_failed"
