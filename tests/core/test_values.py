"""The small values: headers, URLs, timeouts, secrets, sentinels, requests and replies."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.credential import bearer, checked, hidden
from antiphon.core.headers import Headers, is_sensitive
from antiphon.core.omit import NOT_GIVEN, NotGiven, Omit, is_given, not_given, omit
from antiphon.core.omit import given as given_only
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.timeout import DEFAULT_TIMEOUT, Timeout
from antiphon.core.url import URL, Origin, parse_url
from antiphon.errors import InvalidBaseURL, InvalidCredential

ORIGIN = Origin("https", "api.openai.com", 443)


class TestHeaders:
    def test_reads_without_case_and_joins_repeated_fields(self) -> None:
        headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
        assert headers["x-A"] == "1, 2"
        assert headers.get_list("X-a") == ["1", "2"]
        assert "b" in headers
        assert 3 not in headers
        assert list(headers) == ["x-a", "b"]
        assert len(headers) == 2
        assert headers.multi_items() == [("x-a", "1"), ("x-a", "2"), ("b", "3")]

    def test_setting_replaces_in_place_and_deleting_removes_all(self) -> None:
        headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
        headers["a"] = "9"
        assert headers.fields == [("a", "9"), ("B", "2")]
        headers["C"] = "4"
        del headers["B"]
        assert headers == {"a": "9", "c": "4"}
        with pytest.raises(KeyError):
            del headers["nope"]
        assert headers != 3

    def test_raw_bytes_never_fail(self) -> None:
        assert Headers.from_raw([(b"x", bytes(range(256)))])["x"][255] == "\xff"

    def test_no_credential_is_printed_or_pickled(self) -> None:
        headers = Headers({"Authorization": "Bearer sk-secret", "api-key": "k-secret", "X-Fine": "seen"})
        assert "secret" not in repr(headers)
        assert "seen" in repr(headers)
        assert pickle.loads(pickle.dumps(headers)) == {"x-fine": "seen"}
        assert is_sensitive("Proxy-Authorization")
        assert headers.without_credentials() == {"x-fine": "seen"}

    @given(st.lists(st.tuples(st.sampled_from(["a", "B", "c"]), st.text(max_size=3))))
    def test_copies_are_independent(self, fields: list[tuple[str, str]]) -> None:
        headers = Headers(fields)
        twin = headers.copy()
        twin["new"] = "x"
        assert "new" not in headers
        assert Headers(headers) == headers


class TestURL:
    @pytest.mark.parametrize(
        ("text", "origin", "target"),
        [
            ("https://api.openai.com/v1", ("https", "api.openai.com", 443), "/v1"),
            ("HTTP://LocalHost:8080", ("http", "localhost", 8080), "/"),
            ("http://[::1]:9/x?y=1#z", ("http", "::1", 9), "/x?y=1"),
            ("https://bücher.example/ä", ("https", "xn--bcher-kva.example", 443), "/%C3%A4"),
            ("wss://h/a%20b", ("wss", "h", 443), "/a%20b"),
        ],
    )
    def test_parses(self, text: str, origin: tuple[str, str, int], target: str) -> None:
        url = URL(text)
        assert (url.origin, url.target, url.raw_path) == (origin, target, target.encode())

    @pytest.mark.parametrize(
        "text",
        ["", "api.openai.com/v1", "/v1", "https://", "https:///v1", "ftp://h", "https://u:p@h/", "https://h\\@evil/", "https://h/a b",
         "https://h:0/", "https://h:65536/", "https://h:x/", "https://[::1/", "https://[::1]x/", "https://h/\n", "https://:80/",
         "https://" + "ü" * 80 + ".example/"],
    )  # fmt: skip
    def test_row_57_refuses_before_any_io(self, text: str) -> None:
        with pytest.raises(InvalidBaseURL) as caught:
            URL(text)
        assert ":p@" not in str(caught.value)

    def test_is_a_value(self) -> None:
        url = parse_url("https://h:8443/v1?a=1")
        assert url == URL("https://h:8443/v1?a=1") == "https://h:8443/v1?a=1"
        assert hash(url) == hash(URL(str(url)))
        assert (url.scheme, url.host, url.port, url.query) == ("https", "h", 8443, "a=1")
        assert URL("https://h/").port is None
        assert str(url.with_path("/v2", "")) == "https://h:8443/v2"
        assert "h:8443" in repr(url)
        assert url != 3
        assert Origin("http", "::1", 80).authority == "[::1]"


class TestTimeout:
    def test_phases(self) -> None:
        assert Timeout(600, connect=5).as_dict() == {"connect": 5, "read": 600, "write": 600, "pool": 600}
        assert Timeout(None).read is None
        assert Timeout((1, 2, 3, 4)).as_dict() == {"connect": 1, "read": 2, "write": 3, "pool": 4}
        assert Timeout(Timeout(3), read=1) == Timeout(3, read=1)
        assert Timeout(connect=1, read=2, write=3, pool=4).write == 3

    def test_is_a_value(self) -> None:
        import httpx2

        assert Timeout(600, connect=5.0) == DEFAULT_TIMEOUT
        assert httpx2.Timeout(600, connect=5.0) == DEFAULT_TIMEOUT
        assert Timeout(httpx2.Timeout(7.0)) == Timeout(7.0)
        assert hash(Timeout(1)) == hash(Timeout(1))
        assert pickle.loads(pickle.dumps(Timeout(1, pool=2))) == Timeout(1, pool=2)
        assert Timeout(1) != 1
        assert repr(Timeout(1)) == "Timeout(connect=1, read=1, write=1, pool=1)"

    @pytest.mark.parametrize("wrong", [-1, "5", float("nan"), object()])
    def test_refuses(self, wrong: object) -> None:
        with pytest.raises(ValueError, match="seconds"):
            Timeout(wrong)

    def test_is_immutable_and_complete(self) -> None:
        with pytest.raises(AttributeError):
            Timeout(1).read = 2
        with pytest.raises(ValueError, match="all four"):
            Timeout(connect=1)


class TestSecret:
    def test_shows_nothing(self) -> None:
        secret = Secret("sk-very-secret")
        for shown in (
            repr(secret),
            str(secret),
            f"{secret}",
            f"{secret:>30}",
            str([secret]),
            str(getattr(secret, "__dict__", "")),
        ):
            assert "very" not in shown
        assert secret.reveal() == "sk-very-secret"
        assert len(secret.id) == 6

    def test_row_59_does_not_pickle_but_copies(self) -> None:
        secret = Secret("x")
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(secret)
        assert copy.copy(secret) is secret
        assert copy.deepcopy([secret])[0] is secret

    def test_compares(self) -> None:
        assert Secret("x") == Secret("x")
        assert Secret("x") != Secret("y")
        assert Secret("x") != "x"
        assert hash(Secret("x")) == hash(Secret("x"))
        assert Secret("")
        assert Secret("\ud800").id


class TestCredential:
    @pytest.mark.parametrize(
        "key",
        ["", "  ", "sk-1\n", " sk-1", "sk-\r\n1", "sk-ü", "'sk-1'", '"sk-1"', "Bearer sk-1", "sk-\x00", "sk-\u200b1"],
    )
    def test_row_56_refused_without_being_shown(self, key: str) -> None:
        with pytest.raises(InvalidCredential) as caught:
            checked(Secret(key))
        text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        if key.strip():
            assert repr(key) not in text.replace(
                f"key = {key!r}", "", 1
            )  # pytest's own parameter is in this test's frame
        assert isinstance(caught.value, ValueError)

    def test_a_blank_is_only_wrong_for_the_official_host(self) -> None:
        assert checked(Secret("not needed")).reveal() == "not needed"
        with pytest.raises(InvalidCredential, match="blank"):
            checked(Secret("not needed"), official=True)

    def test_not_text(self) -> None:
        with pytest.raises(InvalidCredential, match="must be text; got int"):
            checked(Secret(3))  # type: ignore[arg-type]

    def test_hiding(self) -> None:
        assert hidden("x") == Secret("x")
        assert hidden(None) is None
        assert bearer(Secret("k")).reveal() == "Bearer k"


class TestSentinels:
    def test_are_falsy_and_named(self) -> None:
        assert not omit
        assert not not_given
        assert (repr(omit), repr(NOT_GIVEN)) == ("omit", "NOT_GIVEN")
        assert pickle.loads(pickle.dumps([omit, not_given])) == [omit, not_given]

    def test_only_given_arguments_stay(self) -> None:
        assert given_only({"a": omit, "b": None, "c": NotGiven(), "d": 0, "e": Omit()}) == {"b": None, "d": 0}
        assert is_given(None)
        assert not is_given(omit)


class TestRequestAndReply:
    def request(self) -> Request:
        return Request(
            "POST", ORIGIN, "/v1/x?q=1", Headers({"Authorization": "Bearer sk-secret", "A": "b"}), b"{}", Timeout(1)
        )

    def test_a_request_prints_and_pickles_without_its_credential(self) -> None:
        request = self.request()
        assert repr(request) == "<Request [POST https://api.openai.com/v1/x]>"
        assert str(request.url) == "https://api.openai.com/v1/x?q=1"
        twin = pickle.loads(pickle.dumps(request))
        assert (twin.method, twin.target, dict(twin.headers), twin.content) == ("POST", "/v1/x", {"a": "b"}, None)

    def test_a_copy_has_its_own_headers(self) -> None:
        request = self.request()
        twin = request.replace()
        twin.headers["A"] = "c"
        assert request.headers["a"] == "b"
        assert request.rewind()

    def test_a_reply_reads_like_one_of_httpx(self) -> None:
        reply = Reply(
            404, Headers({"content-type": "text/plain; charset=latin-1"}), request=self.request(), content=b"\xe9"
        )
        assert (reply.text, reply.reason_phrase, reply.is_success, reply.method) == ("é", "Not Found", False, "POST")
        assert str(reply.url).endswith("q=1")
        assert repr(reply) == "<Reply [404 Not Found]>"
        assert Reply(200, Headers(), request=self.request(), content=b'{"a": 1}').json() == {"a": 1}
        assert (
            Reply(299, Headers({"content-type": "x; charset=nope"}), request=self.request(), content=b"x").encoding
            == "utf-8"
        )
        assert Reply(799, Headers(), request=self.request()).reason_phrase == ""
        assert pickle.loads(pickle.dumps(reply)).content == b"\xe9"

    def test_an_unread_body_says_how_to_read_it(self) -> None:
        reply = Reply(200, Headers(), request=self.request())
        assert not reply.is_read
        with pytest.raises(RuntimeError, match="read"):
            _ = reply.content
