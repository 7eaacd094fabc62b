"""Strict access to the parts of a JSON document, with problems that say where and how to mend."""

import json
import math
from dataclasses import dataclass
from typing import NoReturn

from mission.errors import InputError, InputProblem

_Json = object


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and its place in it, such as ``mission.items[3].params``."""

    file: str
    place: str
    value: _Json

    @classmethod
    def parse(cls, text: str, file: str) -> "Node":
        """Return the root of a JSON document.

        Raises:
            InputError: it is not JSON (NaN and Infinity are not).
        """
        try:
            return cls(file, "", json.loads(text, parse_constant=_no_constant))
        except (ValueError, RecursionError) as error:
            place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "document"
            problem = InputProblem(file, place, f"not JSON: {error}", "Export the plan again.")
            raise InputError(problem) from None

    def fail(self, what: str, mend: str) -> NoReturn:
        """Raise an InputError at this place."""
        raise InputError(InputProblem(self.file, self.place or "document", what, mend))

    def get(self, key: str) -> "Node":
        """Return the value of a key that must be there."""
        if not isinstance(self.value, dict):
            self.fail(f"{_kind(self.value)} found, an object expected", "Write an object: {…}.")
        if key not in self.value:
            self.fail(f"{key!r} is missing", f"Add {key!r}.")
        return self._child(f".{key}" if self.place else key, self.value[key])

    def has(self, key: str) -> bool:
        """Return whether an object has a key."""
        return isinstance(self.value, dict) and key in self.value

    def elements(self, count: int | None = None) -> list["Node"]:
        """Return the elements of an array, exactly `count` of them where given."""
        if not isinstance(self.value, list):
            self.fail(f"{_kind(self.value)} found, an array expected", "Write an array: […].")
        if count is not None and len(self.value) != count:
            self.fail(f"{len(self.value)} elements found", f"Write exactly {count}.")
        return [self._child(f"[{index}]", value) for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            self.fail(f"{_kind(self.value)} found, a string expected", "Write a string.")
        return self.value

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self.value, bool):
            self.fail(f"{_kind(self.value)} found, true or false expected", "Write true or false.")
        return self.value

    def number(self) -> float:
        """Return a finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.fail(f"{_kind(self.value)} found, a number expected", "Write a number.")
        if abs(self.value) > 1e300 or not math.isfinite(self.value):
            self.fail(f"{self.value} is no finite number", "Write a finite number.")
        return float(self.value)

    def number_or_nan(self) -> float:
        """Return a finite number, or NaN for null."""
        return math.nan if self.value is None else self.number()

    def integer(self, low: int, high: int) -> int:
        """Return a whole number between two limits."""
        number = self.number()
        if not (number.is_integer() and low <= number <= high):
            self.fail(f"{self.value} found", f"Write a whole number from {low} to {high}.")
        return int(number)

    def _child(self, step: str, value: _Json) -> "Node":
        return Node(self.file, self.place + step, value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _kind(value: _Json) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), f"{value}")
