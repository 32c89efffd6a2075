"""What each image model takes: sizes, counts, qualities, formats; and the 400s for what it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from ..bound import within
from ..problem import Problem, invalid, missing, unknown_model
from ..world import World
from .moderation_rule import THRESHOLD, scores

_OLD_SIZES: Final = ("256x256", "512x512", "1024x1024")
_WIDE_SIZES: Final = ("1024x1024", "1792x1024", "1024x1792")
_NEW_SIZES: Final = ("1024x1024", "1536x1024", "1024x1536")
_MODEL: Final = re.compile(r"gpt-image-\d[\w.-]*|chatgpt-image-[\w.-]+")
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")
_ONLY_NEW: Final = (
    "background",
    "complexity",
    "frame_count",
    "frame_duration_ms",
    "input_fidelity",
    "markup",
    "moderation",
    "output_compression",
    "output_format",
    "partial_images",
    "stream",
    "svg",
)
_TOKENS: Final = {"low": 272, "medium": 1056, "high": 4160, "xhigh": 8320, "max": 12480}
MOST_BYTES: Final = {"dall-e-2": 4 * 1024 * 1024}
MOST_GIF: Final = 1536 * 1024
MOST_NEW_BYTES: Final = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn, after all checks."""

    model: str
    prompt: str
    width: int
    height: int
    n: int = 1
    quality: str = "medium"
    format: str = "png"
    transparent: bool = False
    compression: int = 100
    as_url: bool = False
    partials: int = 0
    stream: bool = False
    frames: int = 1
    frame_milliseconds: int = 200

    @property
    def is_new(self) -> bool:
        """Whether a GPT image model draws it."""
        return not self.model.startswith("dall-e")

    @property
    def size(self) -> str:
        """As the API writes it."""
        return f"{self.width}x{self.height}"

    @property
    def tokens(self) -> int:
        """What one picture costs."""
        return round(_TOKENS[self.quality] * self.width * self.height / 1024**2)


def order(world: World, body: dict[str, Any], default: str, near: tuple[int, int] | None = None) -> Order:
    """The request as an order; raises what the API answers to one that cannot be met.

    Args:
        default: the model when none is named.
        near: the size of the picture that is edited, for `auto`.
    """
    given = {name: value for name, value in body.items() if value is not None}
    model = given.get("model") or default
    _known(world, model)
    _prompt(model, given.get("prompt", ""))
    _refuse_unsafe(model, given["prompt"], 0.9 if given.get("moderation") == "low" else THRESHOLD)
    n = given.get("n", 1)
    within("n", n, 1, 1 if model == "dall-e-3" else 10)
    width, height = _size(model, given.get("size"), near)
    if model.startswith("dall-e"):
        return _old(model, given, width, height, n)
    return _new(model, given, width, height, n)


def _known(world: World, model: str) -> None:
    if model not in ("dall-e-2", "dall-e-3") and not _MODEL.fullmatch(model) and model not in world.setting.models:
        raise unknown_model(model)


def _prompt(model: str, prompt: str) -> None:
    if not prompt.strip():
        raise missing("prompt")
    most = {"dall-e-2": 1_000, "dall-e-3": 4_000}.get(model, 32_000)
    if len(prompt) > most:
        message = f"Invalid 'prompt': string too long. Expected at most {most} characters, but got {len(prompt)}."
        raise invalid("prompt", message, "string_above_max_length")


def _refuse_unsafe(model: str, prompt: str, most: float) -> None:
    message = "The prompt was rejected: it may describe something unsafe."
    if max(scores(prompt).values()) >= most:
        if model.startswith("dall-e"):
            raise Problem(400, message, code="content_policy_violation")
        raise Problem(400, message, type="image_generation_user_error", code="moderation_blocked")


def _size(model: str, asked: str | None, near: tuple[int, int] | None) -> tuple[int, int]:
    sizes = {"dall-e-2": _OLD_SIZES, "dall-e-3": _WIDE_SIZES}.get(model, _NEW_SIZES)
    if asked is None or (asked == "auto" and sizes is _NEW_SIZES):
        wide, high = near or (1, 1)
        asked = "1024x1024" if sizes is not _NEW_SIZES or wide == high else sizes[1 if wide > high else 2]
    if asked not in sizes and not (sizes is _NEW_SIZES and _is_free(model) and _fits(asked)):
        listed = ", ".join(f"'{size}'" for size in sizes)
        raise invalid("size", f"Invalid value: '{asked}'. Supported values for {model} are: {listed}.")
    wide_text, _, high_text = asked.partition("x")
    return int(wide_text), int(high_text)


def _is_free(model: str) -> bool:
    """Whether the model draws in any size."""
    return not model.startswith(("gpt-image-1", "chatgpt-image"))


def _fits(asked: str) -> bool:
    found = _SIZE.fullmatch(asked)
    wide, high = (int(found[1]), int(found[2])) if found else (0, 0)
    plain = wide > 0 and high > 0 and not wide % 16 and not high % 16
    return plain and max(wide, high) <= 3840 and wide * high <= 3840 * 2160 and max(wide, high) <= 3 * min(wide, high)


def _old(model: str, given: dict[str, Any], width: int, height: int, n: int) -> Order:
    for name in _ONLY_NEW:
        if given.get(name):
            raise Problem(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    quality = given.get("quality", "standard")
    if quality not in (("standard", "hd", "auto") if model == "dall-e-3" else ("standard", "auto")):
        raise invalid("quality", f"Invalid value: '{quality}'. {model} does not draw in it.")
    if given.get("style") and model != "dall-e-3":
        raise Problem(400, "Unknown parameter: 'style'.", param="style", code="unknown_parameter")
    as_url = given.get("response_format", "url") == "url"
    drawn = "high" if quality == "hd" else "medium"
    return Order(model, given["prompt"], width, height, n, quality=drawn, as_url=as_url)


def _new(model: str, given: dict[str, Any], width: int, height: int, n: int) -> Order:
    for name in ("response_format", "style"):
        if name in given:
            raise Problem(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    quality = given.get("quality", "auto")
    allowed = ("auto", "low", "medium", "high", *(("xhigh", "max") if re.match(r"gpt-image-2\.\d", model) else ()))
    if quality not in allowed:
        raise invalid("quality", f"Invalid value: '{quality}'. {model} draws in {', '.join(allowed)}.")
    made = Order(
        model,
        given["prompt"],
        width,
        height,
        n,
        quality="medium" if quality == "auto" else quality,
        format=given.get("output_format", "png"),
        transparent=given.get("background") == "transparent",
        compression=given.get("output_compression", 100),
        partials=given.get("partial_images", 0),
        stream=bool(given.get("stream")),
        frames=given.get("frame_count", 9) if given.get("output_format") == "gif" else 1,
        frame_milliseconds=given.get("frame_duration_ms", 200),
    )
    _refuse_together(made, given)
    return made


def _refuse_together(made: Order, given: dict[str, Any]) -> None:
    """What does not go with what."""
    within("output_compression", made.compression, 0, 100)
    within("partial_images", made.partials, 0, 3)
    if made.partials and not made.stream:
        raise invalid("partial_images", "'partial_images' is only allowed when 'stream' is true.")
    if made.transparent and made.format == "jpeg":
        raise invalid("background", "A transparent background needs 'output_format' to be 'png' or 'webp'.")
    if made.compression < 100 and made.format not in ("jpeg", "webp"):
        raise invalid("output_compression", "Compression less than 100 needs 'output_format' to be 'jpeg' or 'webp'.")
    for name in ("frame_count", "frame_duration_ms"):
        if name in given and made.format != "gif":
            raise invalid(name, f"'{name}' is only allowed when 'output_format' is 'gif'.")
    if made.format == "gif":
        if made.width * made.height > MOST_GIF:
            raise invalid("size", f"A GIF has at most {MOST_GIF} pixels; '{made.size}' are more.")
        within("frame_count", made.frames, 2, 16)
        within("frame_duration_ms", made.frame_milliseconds, 1, None)
        if given.get("mask"):
            raise invalid("mask", "GIF output takes no mask.")
    if made.format in ("gif", "svg") and made.stream:
        raise invalid("stream", f"'{made.format}' cannot be streamed.")
    if made.format == "svg" and made.n != 1:
        raise invalid("n", "SVG output needs 'n' to be 1.")
    if "svg" in given and made.format != "svg":
        raise invalid("svg", "'svg' is only allowed when 'output_format' is 'svg'.")
