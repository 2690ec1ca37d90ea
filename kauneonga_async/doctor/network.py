"""Network: the URL, its host's addresses, and the certificate that is shown there."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from typing import Final

from anyio import to_thread
from yarl import URL

from kauneonga_async import config
from kauneonga_async.doctor.diagnosis import Finding
from kauneonga_async.transport import ConnectionOptions

__all__ = ["check_names", "check_tls", "check_url"]

_DAYS_LEFT: Final = 14  # of a certificate, below which it is time to ask: those that renew themselves do at 30
_SECONDS_A_DAY: Final = 86_400


def check_url(url: URL) -> Finding:
    """Look at what can be told from the URL alone. Pure."""
    facts = {"base_url": str(url)}
    if url.scheme == "http" and not config.is_loopback(url.host or ""):
        return Finding(
            check="URL",
            status="warning",
            says=f"{url}: the token and all messages travel unencrypted",
            advice="use https",
            facts=facts,
        )
    if url.path != "/api":
        return Finding(
            check="URL",
            status="warning",
            says=f"{url}: its path is not /api, where the API usually stands",
            advice="if the lists below cannot be had, try it with /api",
            facts=facts,
        )
    return Finding(check="URL", status="ok", says=f"{url}", facts=facts)


async def check_names(url: URL, options: ConnectionOptions) -> Finding:
    """Look up the host's addresses."""
    host = url.host or ""
    if options.proxy_for(url) is not None:
        return Finding(check="DNS", status="skipped", says="a proxy is used, which looks up names by itself")
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return Finding(check="DNS", status="ok", says="the URL has an address, and no name to look up")
    began = time.monotonic()
    try:
        async with asyncio.timeout(config.CONNECT_TIMEOUT):
            found = await asyncio.get_running_loop().getaddrinfo(host, url.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return Finding(
            check="DNS",
            status="failure",
            says=f"{host} was not resolved within {config.CONNECT_TIMEOUT:g} seconds",
            advice="check this machine's network and its name servers",
        )
    except (OSError, UnicodeError):
        return Finding(
            check="DNS",
            status="failure",
            says=f"{host} has no address",
            advice="check the host's name in the URL for a slip, and this machine's network",
        )
    seconds = time.monotonic() - began
    addresses = sorted({str(entry[4][0]) for entry in found})
    return Finding(
        check="DNS",
        status="ok",
        says=f"{host} is {', '.join(addresses[:3])}{', ...' if len(addresses) > 3 else ''}",  # noqa: PLR2004 - a line's worth
        facts={"addresses": addresses, "seconds": round(seconds, 4)},
    )


async def check_tls(url: URL, options: ConnectionOptions) -> Finding:
    """Shake hands as the client would, and look at the certificate."""
    host = url.host or ""
    if url.scheme != "https":
        return Finding(check="TLS", status="skipped", says="http has none")
    if options.proxy_for(url) is not None or options.session is not None:
        what = "a proxy" if options.session is None else "a session of yours"
        return Finding(check="TLS", status="skipped", says=f"{what} is used; each call verifies the certificate")
    context = options.ssl_context or await to_thread.run_sync(ssl.create_default_context)
    try:
        async with asyncio.timeout(config.CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(host, url.port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        return Finding(
            check="TLS",
            status="failure",
            says=f"the certificate is not trusted: {error.verify_message.rstrip('.')}",
            advice="if it is of an authority of your own, give that with --ca (ssl_context=); else tell who runs the "
            "server; check this machine's clock, too",
        )
    except ssl.SSLError:
        return Finding(
            check="TLS",
            status="failure",
            says=f"there is no TLS on port {url.port} of {host}, or none that this Python speaks",
            advice="check the URL's scheme and port",
        )
    except (OSError, TimeoutError) as error:
        why = f"within {config.CONNECT_TIMEOUT:g} seconds" if isinstance(error, TimeoutError) else "there"
        return Finding(
            check="TLS",
            status="failure",
            says=f"no connection to port {url.port} of {host} came about {why}",
            advice="check the URL's port, this machine's network, and whether a proxy or firewall is in between",
        )
    try:
        return _judge(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _judge(tls: ssl.SSLObject) -> Finding:
    certificate = tls.getpeercert() or {}
    days = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / _SECONDS_A_DAY
    version = tls.version() or "TLS"
    facts = {"version": version, "certificate_days_left": round(days, 1)}
    if days < _DAYS_LEFT:
        return Finding(
            check="TLS",
            status="warning",
            says=f"{version}; the certificate ends in {days:.0f} days",
            advice="tell who runs the server; when it has ended, no call will work",
            facts=facts,
        )
    return Finding(
        check="TLS", status="ok", says=f"{version}; the certificate is good for {days:.0f} days", facts=facts
    )
