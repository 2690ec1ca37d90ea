"""What a client may be given: base URL, token and options, each refused by its name, and no secret shown."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from kauneonga_async import Event, KauneongaClient, errors
from tests.wire import TOKEN


async def hook_to_await(event: Event) -> None: ...


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("https://host.example", "https://host.example/api"),
        ("https://host.example/", "https://host.example/api"),
        ("https://host.example/api", "https://host.example/api"),
        ("https://host.example/api/", "https://host.example/api"),
        ("https://host.example/api/v2", "https://host.example/api"),
        ("https://host.example/api/v2/", "https://host.example/api"),
        ("https://host.example/v2", "https://host.example/api"),
        ("https://host.example/v2/", "https://host.example/api"),
        ("https://host.example:8443/gateway/api", "https://host.example:8443/gateway/api"),
        ("HTTPS://Host.Example/api", "https://host.example/api"),
        ("http://localhost:8080", "http://localhost:8080/api"),
        ("http://127.0.0.1/api", "http://127.0.0.1/api"),
        ("http://[::1]:80/api", "http://[::1]/api"),
        ("https://bücher.example/api", "https://xn--bcher-kva.example/api"),
    ],
)
async def test_every_form_of_base_url_means_the_same(given: str, root: str) -> None:
    async with KauneongaClient(given, TOKEN) as client:
        assert str(client.base_url) == root


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "scheme"),
        ("host.example/api", "scheme"),
        ("ftp://host.example/api", "'ftp'"),
        ("file:///etc/passwd", "'file'"),
        ("https:///api", "host"),
        ("https://user:SECRET@host.example/api", "user name or password"),
        ("https://host.example/api?token=SECRET", "query"),
        ("https://host.example/api#x", "fragment"),
        ("http://host.example/api", "unencrypted.*allow_http"),
        ("http://127.evil.example/api", "unencrypted"),
        ("https://[::1/api", "cannot be read"),
        ("https://host.example:99999/api", "cannot be read"),
    ],
)
def test_a_base_url_that_cannot_be_is_refused(given: str, said: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=said) as caught:
        KauneongaClient(given, TOKEN)
    assert "SECRET" not in str(caught.value)


async def test_http_to_another_machine_must_be_asked_for_by_name() -> None:
    async with KauneongaClient("http://host.example/api", TOKEN, allow_http=True) as client:
        assert client.base_url.scheme == "http"


def test_base_url_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.ConfigurationError, match="KAUNEONGA_BASE_URL"):
        KauneongaClient(token=TOKEN)
    with pytest.raises(errors.ConfigurationError, match="KAUNEONGA_TOKEN"):
        KauneongaClient("https://host.example")
    monkeypatch.setenv("KAUNEONGA_BASE_URL", "https://host.example")
    monkeypatch.setenv("KAUNEONGA_TOKEN", "from-the-environment")
    assert str(KauneongaClient().base_url) == "https://host.example/api"
    assert str(KauneongaClient("https://other.example").base_url) == "https://other.example/api"


@pytest.mark.parametrize("token", ["", " ", "two words", "new\r\nline", "ends\n", "schlüssel", "\x00", "tab\t"])
def test_a_token_that_cannot_be_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        KauneongaClient("https://host.example", token)
    assert token.strip() == "" or token not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"base_url": 5}, TypeError, "base_url.*int"),
        ({"token": 5}, TypeError, "token.*int"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"timeout": float("inf")}, ValueError, "timeout"),
        ({"timeout": 10**400}, ValueError, "timeout"),
        ({"timeout": "30"}, TypeError, "timeout.*str"),
        ({"timeout": True}, TypeError, "timeout.*bool"),
        ({"timeout": None}, TypeError, "timeout.*None"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"max_retries": 1.5}, TypeError, "max_retries.*float"),
        ({"concurrency": 0}, ValueError, "concurrency"),
        ({"concurrency": "16"}, TypeError, "concurrency.*str"),
        ({"calendar": "UTC"}, TypeError, "calendar.*str"),
        ({"calendar": None}, TypeError, "calendar"),
        ({"session": "x"}, TypeError, "session.*str"),
        ({"ssl_context": False}, TypeError, "ssl_context.*bool"),
        ({"ssl_context": ssl._create_unverified_context()}, errors.ConfigurationError, "does not verify"),
        ({"proxy": 5}, TypeError, "proxy.*int"),
        ({"base_url": "https://host.example/ap\udcff"}, errors.ConfigurationError, "base_url.*read"),
        ({"proxy": "socks5://host"}, errors.ConfigurationError, "proxy"),
        ({"proxy": "http://user:SECRET@[bad"}, errors.ConfigurationError, "proxy"),
        ({"extra_headers": {"X-A": "a\r\nX-B: b"}}, ValueError, "X-A"),
        ({"extra_headers": {"X A": "a"}}, ValueError, "'X A'"),
        ({"extra_headers": {"X-A": 1}}, TypeError, "strings"),
        ({"extra_headers": {"authorization": "Bearer SECRET"}}, ValueError, "authorization"),
        ({"extra_headers": {"Host": "SECRET"}}, ValueError, "Host"),
        ({"extra_headers": {"X-A": "SECRET\x00"}}, ValueError, "X-A"),
        ({"extra_headers": "X-A: a"}, TypeError, "extra_headers.*str"),
        ({"proxy_headers": 5}, TypeError, "proxy_headers.*int"),
        ({"proxy_headers": {"X-A": 1}}, TypeError, "proxy_headers.*strings"),
        ({"proxy_headers": {"X-A": "SECRET\r\n"}}, ValueError, "proxy_headers.*X-A"),
        ({"trust_env": "no"}, TypeError, "trust_env.*str"),
        ({"allow_http": 0}, TypeError, "allow_http.*int"),
        ({"allow_private_recordings": "no"}, TypeError, "allow_private_recordings.*str"),
        ({"on_event": "print"}, TypeError, "on_event.*str"),
        ({"on_event": hook_to_await}, TypeError, "on_event.*not awaited"),
    ],
)
def test_options_that_cannot_be_are_named(options: dict[str, Any], error: type[Exception], said: str) -> None:
    arguments = {"base_url": "https://host.example", "token": TOKEN, **options}
    with pytest.raises(error, match=said) as caught:
        KauneongaClient(**arguments)
    assert "SECRET" not in str(caught.value)
