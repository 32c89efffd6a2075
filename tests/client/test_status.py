"""Failures the server tells of: every shape of error body becomes the typed error of its status."""

from __future__ import annotations

import copy
import pickle

import pytest

import antiphon
from antiphon.errors import APIError, APIStatusError
from tests.transports.rude import Rude, reply

from .answer import body, create, ok, retrieve, wrong
from .colour import KEY, Colour, failure_of

CLASSES = {
    400: antiphon.BadRequestError,
    401: antiphon.AuthenticationError,
    402: antiphon.APIStatusError,
    403: antiphon.PermissionDeniedError,
    404: antiphon.NotFoundError,
    409: antiphon.ConflictError,
    418: antiphon.APIStatusError,
    422: antiphon.UnprocessableEntityError,
    429: antiphon.RateLimitError,
    500: antiphon.InternalServerError,
    599: antiphon.InternalServerError,
}


def test_every_status_has_its_class_and_tells_what_the_server_said(colour: Colour) -> None:
    answers = [wrong(status, "x-request-id: req_9", code="c_1", message="what is wrong") for status in CLASSES]
    with Rude(*answers) as server, colour.client(server.url, max_retries=0) as it:
        for status, kind in CLASSES.items():
            error = failure_of(it, retrieve)
            assert type(error) is kind
            assert isinstance(error, APIStatusError)
            assert (error.status_code, error.request_id, error.code) == (status, "req_9", "c_1")
            assert (error.param, error.type) == ("p", "t_error")
            assert error.body == {"message": "what is wrong", "type": "t_error", "param": "p", "code": "c_1"}
            assert str(error) == f"Error code: {status} - what is wrong"
            assert error.response.headers["x-request-id"] == "req_9"
            assert error.response.status_code == status
            assert error.request.method == "GET"


SHAPES = {
    "bare object": (b'{"message": "x", "code": "k"}', {"message": "x", "code": "k"}, "k"),
    "text error": (b'{"error": "plain"}', "plain", None),
    "null error": (b'{"error": null}', None, None),
    "empty object": (b"{}", {}, None),
    "array": (b"[1]", [1], None),
    "null": (b"null", None, None),
    "number": (b"7", 7, None),
    "text": (b"upstream gone", "upstream gone", None),
    "html": (b"<html><b>502</b></html>", "<html><b>502</b></html>", None),
    "empty": (b"", None, None),
    "not utf-8": (b"\xff\xfe{", "\ufffd\ufffd{", None),
    "truncated json": (b'{"error": {"message": "x"', '{"error": {"message": "x"', None),
    "list of errors": (b'{"error": [{"message": "a"}]}', [{"message": "a"}], None),
    "odd types": (b'{"error": {"message": 5, "code": 6, "param": [], "type": {}}}', None, "6"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_row_28_error_bodies_of_all_shapes(colour: Colour, shape: str) -> None:
    content, wanted, code = SHAPES[shape]
    with Rude(reply(content, 400)) as server, colour.client(server.url) as it:
        error = failure_of(it, retrieve)
    assert type(error) is antiphon.BadRequestError
    assert str(error).startswith("Error code: 400")
    assert shape == "odd types" or error.body == wanted
    assert error.code == code
    assert pickle.loads(pickle.dumps(error)).body == error.body


def test_row_28_html_from_a_firewall_and_a_404_without_json_carry_a_hint(colour: Colour) -> None:
    page = reply(b"<html>blocked</html>", 403, "Content-Type: text/html")
    lost = reply(b"404 page not found", 404, "Content-Type: text/plain")
    with Rude(page, lost) as server, colour.client(server.url) as it:
        refused = failure_of(it, retrieve)
        assert isinstance(refused, antiphon.PermissionDeniedError)
        assert "<html>blocked</html>" in str(refused)
        missing = failure_of(it, retrieve)
        assert isinstance(missing, antiphon.NotFoundError)
        assert "/v1" in str(missing)
        assert len(server.requests) == 2


def test_a_server_that_repeats_the_key_does_not_get_it_into_the_message(colour: Colour) -> None:
    with Rude(reply(f"denied: Bearer {KEY}".encode(), 401, "Content-Type: text/plain")) as server:
        with colour.client(server.url) as it:
            error = failure_of(it, retrieve)
    assert KEY not in str(error)
    assert KEY not in repr(error)


LIMITS = (
    "x-ratelimit-limit-requests: 5000",
    "x-ratelimit-remaining-requests: 4999",
    "x-ratelimit-reset-requests: 6m0s",
    "x-ratelimit-limit-tokens: 160000",
    "x-ratelimit-remaining-tokens: -1",
    "x-ratelimit-reset-tokens: 12ms",
    "retry-after: 3",
)


def test_row_33_rate_limits_are_typed_on_errors_raw_responses_and_results(colour: Colour) -> None:
    with Rude(wrong(429, *LIMITS), ok({"id": "m"}, *LIMITS)) as server:
        with colour.client(server.url, max_retries=0) as it:
            error = failure_of(it, retrieve)
            raw = it(lambda client: client.models.with_raw_response.retrieve("m"))
            result = it(retrieve)
    for holder in (error, raw, result):
        limits = holder._ratelimit if holder is result else holder.ratelimit
        assert (limits.limit_requests, limits.remaining_requests, limits.reset_requests) == (5000, 4999, 360.0)
        assert (limits.limit_tokens, limits.remaining_tokens, limits.reset_tokens) == (160000, None, 0.012)
        assert limits.retry_after == 3.0


@pytest.mark.parametrize("value", ["-1", "0", "garbage", "nan", "", "1e999"])
def test_row_33_garbage_in_rate_limit_headers_is_absence(colour: Colour, value: str) -> None:
    with Rude(ok({"id": "m"}, f"x-ratelimit-reset-tokens: {value}", f"x-ratelimit-limit-tokens: {value}")) as server:
        with colour.client(server.url) as it:
            limits = it(lambda client: client.models.with_raw_response.retrieve("m")).ratelimit
    assert limits.reset_tokens in (None, 0.0)
    assert limits.limit_tokens in (None, 0)


def test_row_35_request_ids(colour: Colour) -> None:
    endless = "x-request-id: " + "r" * 10_000
    answers = [
        wrong(400, endless),
        wrong(400),
        wrong(400, "x-request-id: a", "x-request-id: b"),
        ok({"id": "m"}, "x-request-id: req_1"),
    ]
    with Rude(*answers) as server, colour.client(server.url) as it:
        assert failure_of(it, retrieve).request_id == "r" * 128
        assert failure_of(it, retrieve).request_id is None
        assert failure_of(it, retrieve).request_id == "a, b"
        assert it(retrieve)._request_id == "req_1"


def test_errors_pickle_and_copy_without_the_key(colour: Colour) -> None:
    with Rude(wrong(400, "x-request-id: req_1", code="c")) as server, colour.client(server.url) as it:
        error = failure_of(it, create)
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert (twin.status_code, twin.code, twin.body, twin.request_id) == (400, "c", error.body, "req_1")
    assert KEY.encode() not in pickle.dumps(error)
    assert KEY not in repr(vars(error))


def test_errors_are_one_tree(colour: Colour) -> None:
    with Rude(wrong(400)) as server, colour.client(server.url) as it:
        error = failure_of(it, retrieve)
    assert isinstance(error, antiphon.OpenAIError)
    assert isinstance(error, APIError)


def test_a_huge_error_body_is_kept_in_part(colour: Colour) -> None:
    with Rude(reply(b"x" * 3_000_000, 500)) as server, colour.client(server.url, max_retries=0) as it:
        error = failure_of(it, retrieve)
    assert isinstance(error, antiphon.InternalServerError)
    assert 0 < len(error.body) <= 1024 * 1024
    assert len(str(error)) < 1000


def test_a_failing_stream_request_is_the_same_typed_error(colour: Colour) -> None:
    with Rude(wrong(400, code="bad_model")) as server, colour.client(server.url) as it:
        error = failure_of(it, lambda client: create(client, stream=True))
    assert type(error) is antiphon.BadRequestError
    assert error.code == "bad_model"
    assert error.body == {"message": "no", "type": "t_error", "param": "p", "code": "bad_model"}


def test_bodies_under_a_wrong_label_are_read_as_what_they_are(colour: Colour) -> None:
    content = body({"error": {"message": "said", "code": "k"}})
    with Rude(reply(content, 400, "Content-Type: text/plain")) as server, colour.client(server.url) as it:
        assert failure_of(it, retrieve).code == "k"
