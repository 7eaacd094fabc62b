"""The journal: what was decided, commanded and seen, one JSON object a line, in order.

An effect is written here, and is on disk, before it is carried out (invariant I-14).
"""

import json
import math
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any


class Journal:
    """Append-only. Lines carry a sequence number without gaps, so that a lost line shows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sequence = 0
        self._file = path.open("x", encoding="utf-8")

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, kind: str, now: datetime, content: Mapping[str, Any], *, effect: bool = False) -> None:
        """Append one line; with `effect`, return only when it is on disk."""
        line = {"sequence": self._sequence, "time": now.isoformat(), "kind": kind, **content}
        self._file.write(json.dumps(plain(line), ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()
        if effect:
            os.fsync(self._file.fileno())
        self._sequence += 1


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: no NaN or infinity (null instead), mappings and sequences copied."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value
