"""The forms in which public programs use pydantic in subclasses of the API's models, written once for either package."""

import importlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, PrivateAttr


class Home:
    """The classes of one package that the forms derive from."""

    def __init__(self, package: str) -> None:
        self.model: Any = importlib.import_module(package).BaseModel
        chat = importlib.import_module(f"{package}.types.chat")
        self.message: Any = chat.ChatCompletionMessage
        self.completion: Any = chat.ChatCompletion
        self.choice: Any = importlib.import_module(f"{package}.types.chat.chat_completion").Choice
        self.usage: Any = importlib.import_module(f"{package}.types").CompletionUsage


def field_validators(home: Home) -> Any:
    class Logprob(home.model):
        token: str
        tops: list[int] = []
        bytes: list[int] | None = None

        @pydantic.field_validator("tops", mode="before")
        @classmethod
        def listed(cls, value: Any) -> Any:
            assert cls is Logprob
            return [] if value is None else value

        @pydantic.field_validator("token")
        @classmethod
        def short(cls, value: str, info: Any) -> str:
            if len(value) > 3:
                raise ValueError(f"{info.field_name} is too long")
            return value.upper()

        @pydantic.field_validator("bytes", mode="wrap")
        @classmethod
        def single(cls, value: Any, handler: Any) -> Any:
            return handler([value] if isinstance(value, int) else value)

        @pydantic.field_validator("tops", mode="plain")
        @staticmethod
        def plain(value: Any) -> Any:
            return value

    return Logprob


def of_a_generated_class(home: Home) -> Any:
    class Message(home.message):
        @pydantic.field_validator("content", mode="before")
        @classmethod
        def joined(cls, value: Any) -> Any:
            return "".join(value) if isinstance(value, list) else value

    return Message


def holders(home: Home) -> Any:
    said = of_a_generated_class(home)

    class Choice(home.choice):
        finish_reason: Annotated[str, Field(min_length=1)]
        message: said

    class Completion(home.completion):
        model_config = {"title": "ChatCompletion"}

        choices: list[Choice]
        service_tier: str | None = None

    return Completion


def model_validators(home: Home) -> Any:
    class Span(home.model):
        low: int
        high: int = 9
        width: int | None = None

        @pydantic.model_validator(mode="before")
        @classmethod
        def pair(cls, data: Any) -> Any:
            return {"low": data[0], "high": data[1]} if isinstance(data, (list, tuple)) else data

        @pydantic.model_validator(mode="after")
        def ordered(self) -> Any:
            assert type(self) is Span
            if self.low > self.high:
                raise ValueError("low is above high")
            self.width = self.high - self.low
            return self

        @pydantic.model_validator(mode="wrap")
        @classmethod
        def around(cls, data: Any, handler: Any, info: Any) -> Any:
            made = handler(data)
            assert type(made) is cls
            made.seen = (info.context or {}).get("by")
            return made

    return Span


def privates(home: Home) -> Any:
    class Usage(home.usage):
        _read: int = PrivateAttr(0)
        _made: list[int] = PrivateAttr(default_factory=list)
        _hidden: dict[str, Any] = {}
        _late: str
        cost: float | None = None

        @property
        def hidden(self) -> Any:
            return self._hidden

        @hidden.setter
        def hidden(self, value: Any) -> None:
            self._hidden = value

        def __init__(self, read: int = 0, **data: Any) -> None:
            super().__init__(**{"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, **data})
            self._read = read
            if self.cost is None:
                del self.cost

    return Usage


def computed(home: Home) -> Any:
    class Square(home.model):
        side: int

        @pydantic.computed_field
        @property
        def area(self) -> int:
            return int(self.side**2)

        @pydantic.computed_field(alias="outerLength", repr=False)
        def outer(self) -> int:
            return 4 * int(self.side)

    return Square


def serializers(home: Home) -> Any:
    class Secret(home.model):
        key: str
        when: int = 0
        many: list[int] = []

        @pydantic.field_serializer("key")
        def starred(self, value: str) -> str:
            assert type(self) is Secret
            return "*" * len(value)

        @pydantic.field_serializer("when", when_used="json")
        def dated(self, value: int, info: Any) -> str:
            return f"{info.mode}:{value}"

        @pydantic.field_serializer("many", mode="wrap")
        def doubled(self, value: Any, handler: Any) -> Any:
            return handler([item * 2 for item in value])

        @pydantic.model_serializer(mode="wrap")
        def marked(self, handler: Any) -> Any:
            assert type(self) is Secret
            return {**handler(self), "kind": "secret"}

    return Secret


def fields(home: Home) -> Any:
    class Row(home.model):
        hidden: int = Field(default=1, exclude=True)
        either: int = Field(default=2, validation_alias=pydantic.AliasChoices("Either", "other"))
        sent: int = Field(default=3, serialization_alias="SENT")
        both: int = Field(default=4, alias="BOTH")
        names: list[str] = Field(default_factory=list)
        checked: int = Field(default="5", validate_default=True)
        quiet: int = Field(default=6, repr=False)

    return Row


def strict(home: Home) -> Any:
    class Route(home.model):
        model_config = {"extra": "forbid", "validate_assignment": True, "str_strip_whitespace": True}

        to: Literal["a", "b"] = "a"
        size: int = Field(default=1, ge=1)

    return Route


def frozen(home: Home) -> Any:
    class Fixed(home.model):
        model_config = pydantic.ConfigDict(frozen=True)

        x: int = 1

    return Fixed


def inherited(home: Home) -> Any:
    base = field_validators(home)

    class Longer(base):
        more: int | None = None

        @classmethod
        def short(cls, value: str, info: Any) -> str:
            return value.lower()

    return Longer


def after_making(home: Home) -> Any:
    class Noted(home.model):
        x: int
        _notes: list[str] = PrivateAttr(default_factory=list)

        def model_post_init(self, context: Any, /) -> None:
            self._notes.append(f"made of {self.x} in {context}")
            self.note = len(self._notes)

    return Noted


COMPLETION: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "service_tier": "standard",
    "new": {"a": [1]},
    "choices": [
        {"index": 0, "finish_reason": "odd", "message": {"role": "assistant", "content": ["a", "b"], "x": 1}},
    ],
}

# What each form is given, by keyword or as a whole.
CASES: list[tuple[Callable[[Home], Any], list[Any]]] = [
    (field_validators, [{"token": "a", "tops": None, "bytes": 3, "new": [1]}, {"token": "long"}, {"tops": 1}, 5]),
    (of_a_generated_class, [{"role": "assistant", "content": ["a", "b"], "new": 1}, {"role": "user"}]),
    (
        holders,
        [
            COMPLETION,
            {**COMPLETION, "choices": [{"index": 0, "finish_reason": "", "message": {"role": "x"}}]},
            {"id": 1},
        ],
    ),
    (model_validators, [{"low": 1}, {"low": 3, "high": 2}, {"low": "x"}, (2, 5), [5, 2]]),
    (privates, [{}, {"read": 4, "cost": 1.5, "new": None}, {"prompt_tokens": "x"}]),
    (computed, [{"side": 3}, {"side": 2, "new": 1}]),
    (serializers, [{"key": "abc"}, {"key": "abc", "when": 4, "many": [1, 2], "new": 1}]),
    (
        fields,
        [
            {},
            {"hidden": 7, "other": 8, "sent": 9, "BOTH": 10, "names": ["n"], "checked": 1, "quiet": 2, "more": 3},
            {"Either": "x", "both": 1},
        ],
    ),
    (strict, [{"to": "b"}, {"to": " b "}, {"to": "c"}, {"more": 1}, {"size": 0}]),
    (frozen, [{"x": 2}, {}]),
    (inherited, [{"token": "LONGER", "tops": None, "more": "3"}]),
    (after_making, [{"x": 1}, {"x": "y"}]),
]
