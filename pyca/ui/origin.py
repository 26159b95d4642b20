"""Where a request comes from, as far as that can be known."""

from __future__ import annotations

import ipaddress

from werkzeug.wrappers import Request

HIDING = ('Forwarded', 'Via', 'X-Real-Ip')
"""With `X-Forwarded-...` the headers by which a proxy says that it is one."""


def on_this_machine(request: Request) -> bool:
    """Whether the browser is certainly on this machine; also asked for under a name of this machine alone.

    The name matters since any page in any browser may lead to a name of its own that means 127.0.0.1. HTTP/1.0 is what
    nginx before 1.29.7 speaks as a proxy that was told nothing else, without any of the headers; no browser does. What
    the browser says of the page that asks was written under the name that it knows, whatever a proxy makes of `Host`.
    """
    return (
        _is_loopback(request.remote_addr or '')
        and _is_loopback_name(request.headers.get('Host', ''))
        and not _is_forwarded(request)
        and not _is_from_elsewhere(request)
        and request.environ.get('SERVER_PROTOCOL') != 'HTTP/1.0'
    )


def client(request: Request, *, proxies: int) -> str:
    """What tells this client from others: its address, its network with IPv6; empty when a proxy may stand before it.

    `proxies` that are known have been asked for the address already.
    """
    text = request.remote_addr or ''
    if _is_loopback(text) or (not proxies and _is_forwarded(request)):
        return ''
    try:
        address = ipaddress.ip_address(text.partition('%')[0])
    except ValueError:
        return ''
    return text if address.version == 4 else str(ipaddress.ip_network(f'{address}/64', strict=False))


def _is_forwarded(request: Request) -> bool:
    names = {name.lower() for name, _ in request.headers}
    return any(name.startswith('x-forwarded-') for name in names) or any(name.lower() in names for name in HIDING)


def _is_from_elsewhere(request: Request) -> bool:
    """Whether a page of another host asks. `Origin: null` is what the forms of our own pages send."""
    if request.headers.get('Sec-Fetch-Site', '').lower() in ('cross-site', 'same-site'):
        return True
    origin = request.headers.get('Origin', 'null')
    return origin != 'null' and not _is_loopback_name(origin.partition('://')[2])


def _is_loopback_name(host: str) -> bool:
    """Whether the `Host` header is `localhost` or an address of the loopback, with a port or without."""
    name = host[1:].partition(']')[0] if host.startswith('[') else host.partition(':')[0]
    return name.lower() == 'localhost' or _is_loopback(name)


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
