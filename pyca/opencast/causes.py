"""What libcurl's errors mean to somebody who runs a capture agent."""

from __future__ import annotations

_PLAIN = {
    1: 'the address is neither http nor https; check url in [server]',
    3: 'this is no valid address; check url in [server]',
    5: 'the name of the proxy is not known; check the proxy variables of the environment',
    6: 'the name of the host is not known; check url in [server] and the name service of this machine',
    7: 'nothing accepts connections there; is the core running, and is the address right?',
    18: 'the answer was cut off; it is tried again',
    52: 'the core closed the connection without an answer; it is tried again',
    55: 'the core closed the connection while it was sent data; it is tried again',
    56: 'the connection broke before the answer was whole; it is tried again',
    77: 'the file with the trusted certificates cannot be used; check certificate in [server]',
    97: 'the proxy did not open the connection; check the proxy variables of the environment',
}
_TLS = {35, 51, 53, 54, 58, 59, 60, 64, 66, 80, 82, 83, 90, 91, 98}
_TLS_CAUSES = (
    ('expired', 'the certificate has expired; renew it on the server, and check the clock of this machine'),
    ('not yet valid', 'the certificate is not valid yet; check the clock of this machine'),
    ('alternative certificate subject', 'the certificate is for another host name; check url in [server]'),
    ('does not match', 'the certificate is for another host name; check url in [server]'),
    ('hostname mismatch', 'the certificate is for another host name; check url in [server]'),
    ('self-signed', 'the certificate comes from an unknown authority; set certificate in [server] to its CA file'),
    ('self signed', 'the certificate comes from an unknown authority; set certificate in [server] to its CA file'),
    ('issuer', 'the certificate comes from an unknown authority; set certificate in [server] to its CA file'),
    ('wrong version number', 'the server does not speak TLS on this port; check url in [server]'),
)
TIMEOUT, UNKNOWN_CODING = 28, 61


AGAIN = '; it is tried again'
"""What the sentences about a passing failure end with."""


def once(text: str) -> str:
    """A sentence about a failure, for whoever does not try again."""
    return text.replace(f'{AGAIN} later', '').replace(AGAIN, '')


def cause(number: int, text: str, *, connected: bool) -> str:
    """The cause of a failed transfer with what to do, from libcurl's number and words for it."""
    if number == TIMEOUT:
        if connected:
            return 'no answer within the time limit; raise timeout in [http] if the core needs longer'
        return 'no connection within the time limit; check url in [server], the network and the firewall'
    if number in _TLS:
        lower = text.lower()
        known = next((said for words, said in _TLS_CAUSES if words in lower), '')
        return f'{known} ({text})' if known else f'no secure connection ({text}); check url and certificate in [server]'
    if number in _PLAIN:
        known, _, remedy = _PLAIN[number].partition(';')
        return f'{known} ({text});{remedy}' if text else _PLAIN[number]
    return f'{text or "error " + str(number)}{AGAIN}'
