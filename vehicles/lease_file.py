"""The newest epochs that a gateway has served, on disk: a restarted gateway refuses what its predecessor refused."""

import os
from pathlib import Path

import msgspec

from mission.errors import InputError, InputProblem


def read_epochs(path: Path) -> dict[str, int]:
    """Vehicle id → newest epoch; empty where no gateway has written the file yet.

    Raises:
        InputError: the file cannot be read, or is not what `write_epochs` writes.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as problem:
        mend = "End all other deciding processes, then delete the file."
        raise InputError(InputProblem(str(path), "lease file", str(problem), mend)) from problem


def write_epochs(path: Path, epochs: dict[str, int]) -> None:
    """Replace the file, whole or not at all, and on disk when this returns.

    Raises:
        OSError: it cannot be written: the lease must not be given then.
    """
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(epochs))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
