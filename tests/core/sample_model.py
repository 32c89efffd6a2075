"""Model classes as the generated ones are written: text annotations, `None` defaults, aliases, discriminated unions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from antiphon.core.model import BaseModel, Discriminator

T = TypeVar("T")


class Text(BaseModel):
    text: str
    type: Literal["output_text"]
    annotations: list[dict[str, object]] | None = None


class Refusal(BaseModel):
    refusal: str
    type: Literal["refusal"]


Content = Annotated[Text | Refusal, Discriminator("type")]
Status = Literal["done", "open"]


class Message(BaseModel):
    id: str
    content: list[Content]
    type: Literal["message"]
    role: Literal["assistant", "user"]
    status: Status | None = None


class Call(BaseModel):
    arguments: str
    name: str
    type: Literal["call", "legacy_call"]
    async_: bool | None = None
    parent: Item | None = None
    __aliases__: ClassVar[dict[str, str]] = {"async_": "async"}


Item = Annotated[Message | Call, Discriminator("type")]


class Usage(BaseModel):
    input_tokens: int
    output_tokens: int
    cost: float | None = None


class Reply(BaseModel):
    id: str
    created_at: float
    output: list[Item]
    object: Literal["reply"]
    metadata: dict[str, str] | None = None
    usage: Usage | None = None
    input: str | list[Item] | None = None
    by_name: dict[str, Item] | None = None
    choice: Literal["auto", "none"] | Usage | None = None
    matrix: list[list[Usage]] | None = None
    pair: tuple[str, Usage] | None = None
    labels: dict[str, list[Usage]] | None = None
    mixed: list[str | Text] | None = None

    @property
    def first_text(self) -> str:
        return self.output[0].content[0].text  # type: ignore[union-attr]


class Parsed(Reply, Generic[T]):
    parsed: T | None = None


class Square(BaseModel):
    side: float
    colour: str | None = None


class Circle(BaseModel):
    radius: float
    colour: str | None = None


class Named(BaseModel):
    value: str


class Counted(BaseModel):
    value: int


class Shape(BaseModel):
    shape: Square | Circle | None = None
    value: Named | Counted | None = None
    loose: Square | object = None
    table: Square | dict[str, Circle] | None = None
    several: list[Square] | list[Circle] | None = None


def reply() -> dict[str, object]:
    """A reply's data, new each time."""
    return {
        "id": "r1",
        "created_at": 1.5,
        "object": "reply",
        "output": [
            {
                "id": "m1",
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "hi"}, {"type": "refusal", "refusal": "no"}],
            },
            {"type": "legacy_call", "name": "f", "arguments": "{}", "async": True},
            {"type": "unheard_of", "extra": {"deep": [1]}},
        ],
        "metadata": {"k": "v"},
        "usage": {"input_tokens": 3, "output_tokens": 4},
        "by_name": {"a": {"type": "call", "name": "g", "arguments": ""}},
        "matrix": [[{"input_tokens": 1, "output_tokens": 2}], []],
        "pair": ["p", {"input_tokens": 5, "output_tokens": 6}],
        "labels": {"x": [{"input_tokens": 7, "output_tokens": 8}]},
        "mixed": ["s", {"type": "output_text", "text": "t"}],
        "brand_new": {"kept": True},
    }
