"""Log in to a cluster, and verify who answers."""

from __future__ import annotations

import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidConfig

SECRETS = ("password", "api_key")
"""Fields of ``Credentials`` that are shown to nobody."""


@dataclass(frozen=True)
class Credentials:
    """Credentials for a cluster, and the authority whose certificates are trusted.

    ``HOUNDSTOOTH_ENGINE_USER`` and so on set them. Secrets are not part of the representation.

    Attributes:
        user: Name of a user.
        password: The user's password.
        api_key: API key, in the encoded form.
        ca: PEM file of a private authority; None trusts those of the system.
        certificate: PEM file of the client's certificate; it may hold the private key too.
        key: PEM file of that certificate's private key.
        aws_region: Region of Amazon's service; requests are signed.
        aws_service: ``es``, or ``aoss`` for the serverless one.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    aws_region: str = ""
    aws_service: str = "es"

    def client_options(self, tls: bool) -> dict[str, Any]:
        """Make the options of the client.

        Args:
            tls: Whether the cluster is reached over TLS.

        Raises:
            InvalidConfig: The settings contradict each other, a file cannot be used, or what
                signs requests is missing.
        """
        self._check(tls)
        options: dict[str, Any] = {"ssl_context": self._context()} if tls else {}
        if self.aws_region:
            options["http_auth"] = self._signer()
        elif self.api_key:
            options["headers"] = {"authorization": f"ApiKey {self.api_key}"}
        elif self.user:
            # The client would encode it in Latin-1, and both engines expect UTF-8.
            words = b64encode(f"{self.user}:{self.password}".encode()).decode()
            options["headers"] = {"authorization": f"Basic {words}"}
        return options

    def _check(self, tls: bool) -> None:
        logins = [name for name in ("user", "api_key", "aws_region") if getattr(self, name)]
        if len(logins) > 1:
            given = " and ".join(map(variable_name, logins))
            raise InvalidConfig(f"expected one way to log in; got {given}")
        for name, other in (("user", "password"), ("password", "user"), ("key", "certificate")):
            if getattr(self, name) and not getattr(self, other):
                raise InvalidConfig(
                    f"expected {variable_name(other)} beside {variable_name(name)}; got none"
                )
        if not tls and (unused := [name for name in ("ca", "certificate") if getattr(self, name)]):
            raise InvalidConfig(
                f"expected an engine URL with TLS, opensearchs:// or elasticsearchs://, beside "
                f"{variable_name(unused[0])}; got one without"
            )

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # that of ssl is one too
            raise _unusable("ca", "a PEM file of certificates", error) from None
        if self.certificate:
            try:
                # Without a password, Python would ask for that of an encrypted key.
                context.load_cert_chain(self.certificate, self.key, password="")
            except OSError as error:
                expected = "PEM files of a certificate and its unencrypted key"
                raise _unusable("certificate", expected, error) from None
        return context

    def _signer(self) -> Any:
        try:
            from botocore.exceptions import BotoCoreError
            from botocore.session import Session
        except ImportError:
            raise InvalidConfig(
                f"expected the package botocore for {variable_name('aws_region')}; install it: "
                "pip install 'houndstooth[aws]'"
            ) from None
        from opensearchpy import Urllib3AWSV4SignerAuth

        try:
            keys = Session().get_credentials()
        except BotoCoreError as error:
            raise InvalidConfig(f"expected credentials of AWS; {error}") from None
        if keys is None:
            raise InvalidConfig(
                f"expected a role or a profile of AWS beside {variable_name('aws_region')}, or "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; got none"
            )
        return Urllib3AWSV4SignerAuth(keys, self.aws_region, self.aws_service)


ANONYMOUS = Credentials()
"""Credentials for a cluster that asks for none."""


def variable_name(name: str) -> str:
    """Name the environment variable of a field of ``Credentials``."""
    return f"HOUNDSTOOTH_ENGINE_{name.upper()}"


def _unusable(name: str, expected: str, error: OSError) -> InvalidConfig:
    return InvalidConfig(
        f"expected {variable_name(name)} to name {expected}: {error.strerror or error}"
    )
