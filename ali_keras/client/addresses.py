"""From an address to the transport that it asks for."""

import ipaddress
import ssl
import urllib.parse
from typing import TypeAlias

import grpc

from ali_keras.client import checks
from ali_keras.client.grpc_transport import GrpcTransport
from ali_keras.client.rest_transport import RestTransport
from ali_keras.errors import InputError

Transport: TypeAlias = GrpcTransport | RestTransport
Credentials: TypeAlias = grpc.ChannelCredentials | ssl.SSLContext | None


def open_transport(
    address: str,
    credentials: Credentials,
    plaintext: bool,
    max_message_bytes: int,
    version: int | None,
    version_label: str | None,
) -> Transport:
    """Opens a transport; asks nothing yet.

    Args:
        address: "HOST:PORT" or "unix:PATH" for gRPC, "http://HOST:PORT" or
            "https://HOST:PORT" for REST.
        credentials: `grpc.ChannelCredentials`, `ssl.SSLContext` for https, or
            `None`.
        plaintext: Boolean. Allows other machines to be asked in plaintext.
        max_message_bytes: Integer.
        version: Integer, or `None`.
        version_label: String, or `None`; one of both at most.

    Returns:
        `GrpcTransport` or `RestTransport`.

    Raises:
        InputError: if an argument is not as said here.
    """
    _check_version(version, version_label)
    url = _parse(address)
    _check_credentials(url, address, credentials)
    encrypted = credentials is not None or url.scheme == "https"
    if not (encrypted or plaintext or _is_loopback(url)):
        raise InputError(
            "A server on another machine must be asked over TLS (credentials, "
            f"https) or with plaintext=True. Received: {address}"
        )
    if url.scheme in ("http", "https"):
        return RestTransport(url, credentials, version, version_label)
    return GrpcTransport(
        address, credentials, max_message_bytes, version, version_label
    )


def _check_version(version: int | None, version_label: str | None) -> None:
    if version is None:
        return
    if version_label is not None:
        raise InputError(
            "A model is named by its version or by a label, not by both. "
            f"Received: version {version} and label {version_label}"
        )
    checks.positive("version", version)


def _parse(address: str) -> urllib.parse.SplitResult:
    if isinstance(address, str):
        if address.startswith("unix:"):
            return urllib.parse.urlsplit(address)
        url = address if "://" in address else f"//{address}"
        try:
            parts = urllib.parse.urlsplit(url)
            if parts.hostname and (parts.port or parts.scheme):
                if parts.scheme in ("", "http", "https"):
                    return parts
        except ValueError:  # A port that is none.
            pass
    raise InputError(
        "The address must be HOST:PORT or unix:PATH for gRPC, http://HOST:PORT "
        f"or https://HOST:PORT for REST. Received: {address}"
    )


def _check_credentials(
    url: urllib.parse.SplitResult, address: str, credentials: Credentials
) -> None:
    kinds = {
        "http": (),
        "https": (ssl.SSLContext,),
        "": (grpc.ChannelCredentials,),
        "unix": (grpc.ChannelCredentials,),
    }[url.scheme]
    if credentials is not None and not isinstance(credentials, kinds):
        raise InputError(
            "credentials must be grpc.ChannelCredentials for gRPC, "
            "ssl.SSLContext for https, none for http. Received: "
            f"{type(credentials).__name__} for {address}"
        )


def _is_loopback(url: urllib.parse.SplitResult) -> bool:
    if url.scheme == "unix" or url.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:  # A name.
        return False
