"""Provenance: pictures and speech made here are known again; touched ones are not, and others never."""

from __future__ import annotations

from array import array
from base64 import b64decode
from typing import Any

import openai
import pytest

from antiphon.emulator.media import png, sound, tone
from antiphon.emulator.media.painting import paint


def check(client: Any, data: bytes) -> list[Any]:
    made = client.content_provenance_checks.create(file=("file", data))
    assert made.object == "content_provenance_check"
    return list(made.results)


@pytest.mark.operation("content_provenance_checks.create")
@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_picture(client: Any, format: Any) -> None:
    asked: dict[str, Any] = {"prompt": "fox", "model": "gpt-image-2.5-flare", "size": "96x96", "output_format": format}
    made: Any = client.images.generate(**asked)
    data = b64decode(made.data[0].b64_json)
    manifest, watermark = check(client, data)
    assert (manifest.outcome, manifest.validation_state) == ("detected", "valid")
    assert (manifest.model, manifest.issuer) == ("gpt-image-2.5-flare", "antiphon emulator")
    assert manifest.generated_at.endswith("Z")
    assert watermark.outcome == "not_detected"
    other: Any = client.images.generate(**asked | {"prompt": "owl"})
    stolen = b64decode(other.data[0].b64_json).replace(digest_in(b64decode(other.data[0].b64_json)), digest_in(data))
    if format != "png":  # there the checksum of the chunk is wrong, and so no picture is read
        assert (check(client, stolen)[0].outcome, check(client, stolen)[0].validation_state) == (
            "not_detected",
            "invalid",
        )


def digest_in(data: bytes) -> bytes:
    start = data.index(b'"digest":"') + 10
    return data[start : start + 64]


@pytest.mark.operation("content_provenance_checks.create")
def test_sound_and_others(client: Any) -> None:
    [heard] = check(client, sound.wav(tone.samples(tone.plan("[mine]")), 24_000))
    assert (heard.type, heard.outcome) == ("synthid", "detected")
    assert check(client, sound.wav(array("h", bytes(48_000)), 24_000))[0].outcome == "not_detected"
    manifest, _ = check(client, png.encode(paint("unmarked", 32, 32)))
    assert (manifest.outcome, manifest.validation_state) == ("not_detected", "not_present")
    with pytest.raises(openai.BadRequestError) as caught:
        check(client, b"a text")
    assert caught.value.param == "file"
