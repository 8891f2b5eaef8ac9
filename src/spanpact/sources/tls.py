"""The TLS options of sources that ask a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanpact.errors import UsageError

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Paths of PEM files: `ca` replaces the machine's authorities, `certificate` and `key` identify the client."""

    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """Return a client context that checks certificate and host name. Raise UsageError for unusable files."""
        import ssl  # takes long, and most sources are files

        if self.key and not self.certificate:
            raise UsageError("a client key needs its certificate", hint="give both as PEM files")
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key or None, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(file for file in (self.ca, self.certificate, self.key) if file)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot use {files}: {reason}", hint="accepted: PEM files without a passphrase") from None
        return context


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


NO_TLS_OPTIONS = TlsOptions()
