"""Who may reach a receiver, and how: the address, TLS and a bearer token."""

from __future__ import annotations

import hmac
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spanpact.errors import UsageError


@dataclass(frozen=True, slots=True)
class Access:
    """Who may reach a receiver.

    `allow_remote`: it may listen on an address other than loopback. `token`: what every request must carry as
    `authorization: Bearer TOKEN`; "" for none. `certificate`, `key`: paths of PEM files for TLS; "" for no TLS.
    """

    allow_remote: bool = False
    token: str = ""
    certificate: str = ""
    key: str = ""

    def check_host(self, host: str) -> None:
        """Raise UsageError for an address other than loopback that was not allowed."""
        if not self.allow_remote and not is_loopback(host):
            message = f"the receiver listens on loopback, not on {host!r}"
            raise UsageError(message, hint="set allow_remote=True to listen on it")

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request with these headers (names in lower case) has the token."""
        if not self.token:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        wanted = self.token.encode("utf-8", "surrogateescape")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("latin-1", "replace"), wanted)

    @property
    def scheme(self) -> str:
        """Return `https` where TLS is on, else `http`."""
        return "https" if self.certificate else "http"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for servers, None without TLS. Raise UsageError for files that cannot be used."""
        if not self.certificate:
            if self.key:
                raise UsageError("a key for TLS needs its certificate", hint="give both as PEM files")
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key or None, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(filter(None, (self.certificate, self.key)))
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot use {files}: {reason}", hint="accepted: PEM files without a passphrase") from None
        return context

    def pem_files(self) -> tuple[bytes, bytes]:
        """Return the key and the certificate chain, for gRPC. Raise OSError where they cannot be read."""
        return Path(self.key or self.certificate).read_bytes(), Path(self.certificate).read_bytes()

    def __repr__(self) -> str:
        token = "with" if self.token else "without"
        return f"<Access {self.scheme}, {token} token, {'remote' if self.allow_remote else 'loopback'}>"


ONLY_LOOPBACK = Access()


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_password() -> str:
    raise ValueError("the key has a passphrase")
