"""Who may hear and command over a network: CURVE keys, and what each of them stands for.

A gateway's key folder holds ``gateway.key_secret`` (its certificate, as `zmq.auth` writes it) and ``peers.json``, the
only keys that are let in::

    {"control": {"public_key": "...", "commands": ["*"]}, "screen": {"public_key": "..."}}

Everybody in it may hear; `commands` are the vehicles that the peer may also command, "*" for all. A client's folder
holds ``client.key_secret`` and ``gateway.key``: it talks to nobody but the holder of that gateway's secret key, and
believes what comes from there for that gateway's shard only.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from mission.errors import InputError, InputProblem

ZAP_DOMAIN = b"stork"
ALL_VEHICLES = "*"


class Peer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``peers.json``."""

    public_key: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeyPair:
    """A CURVE key pair in Z85, as sockets take it."""

    public_key: bytes
    secret_key: bytes


def _read_certificate(path: Path) -> tuple[bytes, bytes | None]:
    try:
        public_key, secret_key = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as problem:
        mend = "Make one with zmq.auth.create_certificates."
        raise InputError(InputProblem(str(path), "file", str(problem), mend)) from problem
    return public_key, secret_key


def _read_pair(path: Path) -> KeyPair:
    public_key, secret_key = _read_certificate(path)
    if secret_key is None:
        raise InputError(InputProblem(str(path), "secret-key", "is missing", "Give the .key_secret file."))
    return KeyPair(public_key, secret_key)


class GatewayKeys:
    """A gateway's key pair and its peers.

    Raises:
        InputError: a file of `folder` is missing or broken.
    """

    def __init__(self, folder: Path) -> None:
        self._pair = _read_pair(folder / "gateway.key_secret")
        path = folder / "peers.json"
        try:
            peers = msgspec.json.decode(path.read_bytes(), type=dict[str, Peer])
        except OSError as problem:
            mend = "List who may connect."
            raise InputError(InputProblem(str(path), "file", problem.strerror or str(problem), mend)) from problem
        except msgspec.DecodeError as problem:
            mend = 'Give {"name": {"public_key": "...", "commands": []}}.'
            raise InputError(InputProblem(str(path), "document", str(problem), mend)) from problem
        self._peers = {peer.public_key: peer for peer in peers.values()}
        self._authenticator: ThreadAuthenticator | None = None

    def start(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Let in the peers and nobody else, on every socket that `secure` was called for."""
        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.start()
        self._authenticator.configure_curve_callback(ZAP_DOMAIN.decode(), self)

    def stop(self) -> None:
        """End the authenticator. Idempotent."""
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None

    def callback(self, _domain: str, public_key: bytes) -> bool:
        """Whether a key (Z85) is a peer's; asked by the authenticator, from its thread."""
        return public_key.decode("ascii") in self._peers

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Make a socket, before it is bound, one that only peers reach."""
        socket.setsockopt(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._pair.public_key)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._pair.secret_key)

    def why_not(self, user_id: str, vehicle_id: str) -> str:
        """Why the peer of this ZAP user id may not command a vehicle; "" where it may."""
        peer = self._peers.get(user_id)
        if peer is not None and (ALL_VEHICLES in peer.commands or vehicle_id in peer.commands):
            return ""
        return f"this peer may not command {vehicle_id}"


class ClientKeys:
    """A client's key pair and the gateway that it believes.

    Raises:
        InputError: a file of `folder` is missing or broken.
    """

    def __init__(self, folder: Path) -> None:
        self._pair = _read_pair(folder / "client.key_secret")
        self._gateway_key, _ = _read_certificate(folder / "gateway.key")

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Make a socket, before it is connected, one that talks to that gateway only."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self._gateway_key)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._pair.public_key)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._pair.secret_key)
