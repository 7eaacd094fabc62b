"""JSON bytes → Python values, refusing what is ambiguous or too large."""

import json
from collections.abc import Iterator

from mission.airspace.reading import DocumentCaps
from mission.errors import InputError, InputProblem

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def kind_of(value: object) -> str:
    """Return what JSON calls a value, with its article, for messages."""
    return _KINDS.get(type(value), "a number")


def parse_json(data: bytes, document: str, caps: DocumentCaps) -> object:
    """Return the value of a JSON document in UTF-8, -16 or -32, with or without a byte order mark.

    Raises:
        InputError: not text, not JSON, NaN or Infinity, a name twice in one object, or nested too deeply.
    """

    def refuse(place: str, what: str, mend: str) -> InputError:
        return InputError(InputProblem(document, place, what, mend))

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise refuse("document", f"the name {twice[:60]!r} stands twice in one object", "Keep one of the two.")
        return members

    def no_constant(constant: str) -> object:
        raise refuse("document", f"{constant} is not a JSON number", "Write a number, or null if unknown.")

    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refuse(f"byte {error.start}", f"not valid {encoding} text", "Save the document as UTF-8.") from error
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except RecursionError as error:
        raise refuse("document", "nested too deeply", f"At most {caps.max_depth} levels are read.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise refuse(place, f"not valid JSON: {error.msg}", "Mend the syntax at this place.") from error
    except ValueError as error:  # an integer of thousands of digits
        raise refuse("document", f"a number cannot be read: {error}", "Write fewer digits.") from error
    _check_depth(value, document, caps)
    return value


def _check_depth(value: object, document: str, caps: DocumentCaps) -> None:
    """Raise InputError where containers are nested deeper than the cap."""
    level: list[object] = [value]
    for _ in range(caps.max_depth + 1):
        level = [child for parent in level for child in _containers_in(parent)]
        if not level:
            return
    raise InputError(
        InputProblem(document, "document", "nested too deeply", f"At most {caps.max_depth} levels are read.")
    )


def _containers_in(parent: object) -> Iterator[object]:
    members = parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ()
    return (member for member in members if isinstance(member, dict | list))
