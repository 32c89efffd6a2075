"""The models' interface: making, copying, comparing, showing, pickling."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.core.json import decode_json
from antiphon.core.model import BaseModel, ValidationError, caster

from .sample_model import Call, Message, Parsed, Reply, Text, Usage, reply

json_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
field_names = st.sampled_from([*Reply.__annotations__, "type", "async", "content", "extra", "__class__", "copy"])
objects = st.dictionaries(field_names | st.text(max_size=5), json_values, max_size=8)
fitting = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(objects | json_scalars, max_size=3) | objects | json_values
        for name in ("output", "usage", "mixed", "pair")
    },
)


@given(objects | fitting)
@settings(max_examples=300, deadline=None)
def test_any_json_object_survives_being_a_model(data: dict[str, Any]) -> None:
    original = copy.deepcopy(data)
    view = Reply._view(data)
    assert view.to_dict() == original
    repr(view)
    for _ in view:
        pass
    assert view.to_dict() == original
    assert decode_json(view.to_json(indent=None).encode()) == original
    assert Reply._view(original) == view
    assert copy.deepcopy(view) == view
    assert pickle.loads(pickle.dumps(view)).to_dict() == view.to_dict()


def known() -> dict[str, Any]:
    """A reply without the variant nobody knows."""
    data: dict[str, Any] = reply()
    del data["output"][2]
    return data


def test_the_constructor_checks_converts_and_takes_both_names() -> None:
    call = Call(arguments="{}", name="f", type="call", async_="true")  # type: ignore[arg-type]
    assert call.__dict__ == {"arguments": "{}", "name": "f", "type": "call", "async": True}
    assert Call(**{"arguments": "{}", "name": "f", "type": "call", "async": False}).async_ is False  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=r"^name: required, but missing$"):
        Call(arguments="{}", type="call")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match=r"^output\[0\].content\[1\].refusal: expected str, got int$"):
        data: dict[str, Any] = reply()
        data["output"][0]["content"][1]["refusal"] = 5
        Reply(**data)
    usage = Usage(input_tokens="3", output_tokens=4.0, cost=1)  # type: ignore[arg-type]
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (3, 4, 1)


def test_a_constructed_model_does_not_share_the_users_data() -> None:
    data = known()
    for made in (
        Reply(**data),
        Reply.construct(**data),
        Reply.model_validate(data),
        Reply.model_construct(None, **data),
    ):
        assert isinstance(made.output[0], Message)
        made.output[0].content.clear()
        made.usage.input_tokens = -1  # type: ignore[union-attr]
        assert data == known()
        assert made.brand_new == {"kept": True}  # type: ignore[attr-defined]


def test_a_model_given_to_a_model_stays_itself() -> None:
    usage = Usage(input_tokens=1, output_tokens=2)
    data = known() | {"usage": usage}
    assert Reply(**data).usage is usage
    assert Reply.model_validate(made := Reply(**data)) is made


def test_construct_checks_nothing() -> None:
    call = Call.construct(async_=5, name=None)
    assert call.__dict__ == {"async": 5, "name": None}
    assert call.arguments is None


def test_model_validate() -> None:
    assert Usage.model_validate({"input_tokens": "1", "output_tokens": 2}).input_tokens == 1
    with pytest.raises(ValidationError, match="input_tokens: expected int, got str"):
        Usage.model_validate({"input_tokens": "1", "output_tokens": 2}, strict=True)

    class Source:
        input_tokens = 1
        output_tokens = 2

    assert Usage.model_validate(Source(), from_attributes=True) == Usage(input_tokens=1, output_tokens=2)
    assert Usage.model_validate_json('{"input_tokens": 1, "output_tokens": 2}') == Usage(
        input_tokens=1, output_tokens=2
    )
    assert Usage.parse_raw(b'{"input_tokens": 1, "output_tokens": 2}') == Usage.parse_obj(
        {"input_tokens": 1, "output_tokens": 2}
    )
    with pytest.raises(ValueError, match=r"not JSON|truncated"):
        Usage.model_validate_json("{")
    with pytest.raises(ValidationError, match="expected Usage, got list"):
        Usage.model_validate([])


def test_validate_walks_what_the_server_sent() -> None:
    data: dict[str, Any] = reply()
    data["output"].pop()
    view = Reply._view(data)
    assert view.validate() is view
    view.output[1].arguments = 5  # type: ignore[union-attr, assignment]
    with pytest.raises(ValidationError, match=r"output\[1\].arguments: expected str, got int") as caught:
        view.validate()
    assert caught.value.path == "output[1].arguments"
    assert caught.value.errors()[0]["loc"] == ("output", 1, "arguments")
    with pytest.raises(ValidationError, match=r"output\[2\]: no variant has type='unheard_of'"):
        Reply._view(reply()).validate()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol: int) -> None:
    view = Reply._view(reply())
    _ = view.output
    view._reply_headers = Headers({"x-request-id": "req_1", "set-cookie": "secret"})
    back = pickle.loads(pickle.dumps(view, protocol))
    assert back == view
    assert type(back.output[0]) is Message
    assert back._request_id == "req_1"
    assert b"secret" not in pickle.dumps(view, protocol)


def test_the_request_id_stands_beside_the_data() -> None:
    view = Reply._view(reply())
    with pytest.raises(AttributeError, match="part of a reply"):
        _ = view._request_id
    view._reply_headers = Headers({"X-Request-Id": "req_1", "x-ratelimit-limit-requests": "60"})
    assert view._request_id == "req_1"
    assert view._ratelimit.limit_requests == 60
    with pytest.raises(AttributeError, match="Usage"):
        _ = view.usage._request_id  # type: ignore[union-attr]
    view._request_id = "by hand"
    for made in (copy.copy(view), copy.deepcopy(view), view.model_copy(), view.copy(deep=True)):
        assert made._request_id == "by hand"
    assert view.to_dict() == reply()
    assert "req" not in repr(view)


def test_copies() -> None:
    view = Reply._view(reply())
    shallow, deep = view.model_copy(update={"id": "other"}), view.model_copy(deep=True)
    assert (shallow.id, view.id) == ("other", "r1")
    assert shallow.usage is view.usage
    assert deep.usage is not view.usage
    assert deep == view
    assert deep.usage == view.usage
    assert Call._view({}).model_copy(update={"async_": True}).__dict__ == {"async": True}
    assert set(view.copy(include={"id", "usage"}).__dict__) == {"id", "usage"}
    assert "usage" not in view.copy(exclude={"usage"}, update={"new": 1}).__dict__
    assert Call._view({"async": True, "name": "n"}).copy(exclude={"async_"}).__dict__ == {"name": "n"}


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (Usage._view({"input_tokens": 1}), Usage._view({"input_tokens": 1}), True),
        (Usage._view({"input_tokens": 1}), Usage._view({"input_tokens": 1, "cost": None}), True),
        (Usage._view({"input_tokens": 1}), Usage._view({"input_tokens": 2}), False),
        (Usage._view({"input_tokens": 1}), Usage._view({"input_tokens": 1, "new": None}), False),
        (Usage._view({}), Text._view({}), False),
        (Usage._view({}), {}, False),
        (Usage._view({}), None, False),
    ],
)
def test_equality(left: object, right: object, equal: bool) -> None:
    assert (left == right) is equal
    assert (left != right) is not equal


def test_equality_does_not_depend_on_what_was_read() -> None:
    one, other = Reply._view(reply()), Reply._view(reply())
    _ = one.output, one.usage
    assert one == other
    assert other == one


def test_models_do_not_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Usage._view({}))


def test_repr_shows_declared_fields_in_order_then_the_others() -> None:
    usage = Usage._view({"new": {"a": 1}, "output_tokens": 2, "input_tokens": 1})
    assert repr(usage) == str(usage) == "Usage(input_tokens=1, output_tokens=2, cost=None, new={'a': 1})"
    assert dict(usage) == {"input_tokens": 1, "output_tokens": 2, "cost": None, "new": {"a": 1}}
    assert list(usage.__rich_repr__()) == list(usage.__repr_args__()) == list(usage)
    assert repr(Call._view({"async": True})).endswith("async_=True, parent=None)")


def test_a_signing_secret_is_never_shown() -> None:
    endpoint = BaseModel._view({"id": "we_1", "signing_secret": "whsec_x"})
    assert repr(endpoint) == str(endpoint) == "BaseModel(id='we_1')"
    assert endpoint.signing_secret == "whsec_x"  # type: ignore[attr-defined]


def test_what_a_class_tells_of_its_fields() -> None:
    fields = Call.model_fields
    assert list(fields) == ["arguments", "name", "type", "async_", "parent"]
    assert fields["name"].is_required()
    assert fields["name"].default is None
    assert not fields["async_"].is_required()
    assert fields["async_"].alias == "async"
    assert "alias='async'" in repr(fields["async_"])
    assert "required=True" in repr(fields["name"])
    call = Call._view({"async": None, "name": "n", "other": 1})
    assert call.model_fields_set == {"async_", "name"}
    assert call.model_extra == {"other": 1}
    assert call.model_fields.keys() == fields.keys()
    with pytest.raises(AttributeError):
        call.model_fields = {}  # type: ignore[misc]
    assert Call.model_rebuild() is None


def test_setting_a_kept_method_name_writes_data() -> None:
    view = Usage._view({})
    view.copy = 5  # type: ignore[method-assign, assignment]
    assert view.__dict__ == {"copy": 5}
    assert callable(view.copy)


def test_generics_make_no_classes() -> None:
    alias = Parsed[Usage]
    assert alias is Parsed[Usage]
    view = caster(alias)({**reply(), "parsed": {"x": 1}})
    assert type(view) is Parsed
    assert view.parsed == {"x": 1}
    made = alias(**{**reply(), "output": []})  # type: ignore[arg-type]
    assert type(made) is Parsed
    assert "__orig_class__" not in made.__dict__
    assert not hasattr(made, "__orig_class__")


def test_a_model_is_not_slowed_or_fooled_by_properties() -> None:
    view = Reply._view({**reply(), "first_text": "evil"})
    assert view.first_text == "hi"
    assert view.to_dict()["first_text"] == "evil"


def test_json_schema() -> None:
    schema = Call.model_json_schema()
    assert schema["$ref"] == "#/$defs/Call"
    assert set(schema["$defs"]) == {"Call", "Message", "Refusal", "Text"}
    call = schema["$defs"]["Call"]
    assert call["required"] == ["arguments", "name", "type"]
    assert call["properties"]["async"] == {"anyOf": [{"type": "boolean"}, {"type": "null"}], "default": None}
    assert call["properties"]["type"] == {"enum": ["call", "legacy_call"], "type": "string"}
    assert Call.schema(by_alias=False)["$defs"]["Call"]["properties"].keys() >= {"async_"}


def test_plain_views_of_anything() -> None:
    view = BaseModel._view({"a": {"b": 1}})
    assert view.a == {"b": 1}  # type: ignore[attr-defined]
    assert repr(view) == "BaseModel(a={'b': 1})"
    assert BaseModel(x=1).to_dict() == {"x": 1}  # type: ignore[call-arg]
