"""PX4 SITL instance numbers: the ports each one uses, and which are free on this machine.

A number is reserved with a file lock that the kernel drops when its holder ends, so several Stork
processes may start vehicles at once. PX4 instances started by hand are seen by their server socket and ports.
"""

import errno
import fcntl
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from sim.px4_sitl_build import Px4InstanceTakenError, Px4PortTakenError

# Where PX4 itself keeps its server sockets (px4-sock-<i>): fixed in PX4, whatever TMPDIR says.
RUNTIME_FOLDER = Path("/tmp")  # noqa: S108 - PX4's own fixed place; nothing secret is written there

# px4-rc.mavlink and px4-rc.sihsim of PX4 v1.16: the ports PX4 itself binds are base + instance number.
ONBOARD_PORT_BASE = 14540  # where PX4 sends its onboard link to
ONBOARD_SHARED_FROM = 9  # instances 9 and above share one port
ONBOARD_SOURCE_PORT_BASE = 14580
GCS_SOURCE_PORT_BASE = 18570
OTHER_SOURCE_PORT_BASES = (14280, 13030, 19450)  # camera, gimbal, SIH display

HIGHEST_NUMBER = 254 - 1  # MAVLink system id = number + 1; 255 is the ground stations' by custom


def onboard_port(number: int) -> int:
    """UDP port on loopback to which the instance sends its onboard link; shared by all from 9 up."""
    return ONBOARD_PORT_BASE + min(number, ONBOARD_SHARED_FROM)


def onboard_source_port(number: int) -> int:
    """UDP port from which the instance sends its onboard link, and on which it listens."""
    return ONBOARD_SOURCE_PORT_BASE + number


def gcs_source_port(number: int) -> int:
    """UDP port from which the instance sends its ground station link (to 14550), and on which it listens."""
    return GCS_SOURCE_PORT_BASE + number


@dataclass(slots=True)
class Reservation:
    """A machine-wide claim on an instance number or port, held until `release` or the end of the process."""

    _lock: int | None

    def release(self) -> None:
        """Give it up; a second call does nothing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def reserve(number: int) -> Reservation:
    """Claim exactly this instance number.

    Raises:
        Px4InstanceTakenError: another process holds it, or a PX4 with this number answers.
        Px4PortTakenError: a UDP port of this number is bound by another program.
    """
    reservation = try_lock(f"instance-{number}")
    if reservation is None:
        raise Px4InstanceTakenError(
            f"PX4 instance {number} is reserved by another Stork process on this machine: take another number"
        )
    try:
        if px4_answers(number):
            raise Px4InstanceTakenError(
                f"PX4 instance {number} runs already on this machine ({_server_socket(number)} answers): "
                "stop it, or take another number"
            )
        _check_ports(number)
    except BaseException:
        reservation.release()
        raise
    return reservation


def reserve_free(first: int) -> tuple[int, Reservation]:
    """Claim the lowest free instance number from `first` up.

    Raises:
        Px4InstanceTakenError: no number up to the highest is free; names why the first one is not.
    """
    why_not: Exception | None = None
    for number in range(first, HIGHEST_NUMBER + 1):
        try:
            return number, reserve(number)
        except (Px4InstanceTakenError, Px4PortTakenError) as error:
            why_not = why_not or error
    raise Px4InstanceTakenError(f"no PX4 instance number from {first} to {HIGHEST_NUMBER} is free: {why_not}")


def px4_answers(number: int) -> bool:
    """Whether a living PX4 serves this number; the socket file alone says nothing, it outlives its PX4."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            client.connect(str(_server_socket(number)))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (BlockingIOError, PermissionError):
            return True  # its queue is full, or it belongs to another user: somebody's either way
    return True


def try_lock(name: str) -> Reservation | None:
    """Lock ``stork-px4-<name>.lock`` for this process, or None when another open lock holds it."""
    path = RUNTIME_FOLDER / f"stork-px4-{name}.lock"
    try:
        lock = _open_lock(path)
    except PermissionError:
        return None  # another user's, and not for us to read
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return Reservation(lock)


def _open_lock(path: Path) -> int:
    """Open the lock file for reading, which is enough for a lock, and make it where it is not there yet.

    Asking to create a file that another user made is refused in a sticky folder such as /tmp: look first.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        try:
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return os.open(path, flags)  # made by another process in between


def _server_socket(number: int) -> Path:
    return RUNTIME_FOLDER / f"px4-sock-{number}"


def _check_ports(number: int) -> None:
    """See that PX4 can bind its ports and, where it is not shared, that ours is free too."""
    bases = (ONBOARD_SOURCE_PORT_BASE, GCS_SOURCE_PORT_BASE, *OTHER_SOURCE_PORT_BASES)
    wanted = [("", base + number) for base in bases]
    if number < ONBOARD_SHARED_FROM:
        wanted.append(("127.0.0.1", onboard_port(number)))
    for host, port in wanted:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise Px4PortTakenError(
                    f"UDP port {port}, which PX4 instance {number} needs, is held by another program: "
                    "end that program, or take another instance number"
                ) from error
