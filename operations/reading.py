"""Files in, documents out: every fault of a file becomes an `InputError` with place and remedy."""

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mission.airspace.json_text import parse_json
from mission.airspace.reading import DEFAULT_CAPS
from mission.errors import InputError, InputProblem

Shape = TypeVar("Shape", bound=BaseModel)

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        InputError: it is absent, a folder, unreadable, or larger than `MAX_DOCUMENT_BYTES`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_DOCUMENT_BYTES:
            raise InputError(
                InputProblem(str(path), "file", f"it has {size} bytes", f"Split it: {MAX_DOCUMENT_BYTES} at most")
            )
        return path.read_bytes()
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name, _siblings(path), n=1)
        mend = f"Did you mean {path.parent / near[0]}?" if near else "Check the path"
        raise InputError(InputProblem(str(path), "file", "it does not exist", mend)) from None
    except OSError as error:
        raise InputError(InputProblem(str(path), "file", f"cannot be read: {error.strerror}", "Check it")) from None


def read_document(path: Path, shape: type[Shape]) -> Shape:
    """Read a JSON or TOML file (by its ending) into `shape`.

    Raises:
        InputError: every problem of the document, each with its place and how to mend it.
    """
    return validate(parse_text(path), shape, str(path))


def parse_text(path: Path) -> object:
    """Parse a JSON or TOML file into plain values.

    Raises:
        InputError: wrong ending, not text, broken syntax (line and column given), or a JSON name given twice.
    """
    data = read_bytes(path)
    if path.suffix == ".json":
        return parse_json(data, str(path), DEFAULT_CAPS)
    if path.suffix != ".toml":
        what = f"unknown ending {path.suffix!r}"
        raise InputError(InputProblem(str(path), "file", what, "Use a .toml or .json document"))
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            InputProblem(str(path), f"byte {error.start}", "it is not UTF-8 text", "Save it as UTF-8")
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(InputProblem(str(path), "syntax", str(error), "Mend the TOML syntax there")) from None


def validate(content: object, shape: type[Shape], file: str, within: str = "") -> Shape:
    """Check plain values against `shape`; `within` is where in the file they stand.

    Raises:
        InputError: one problem for each fault found.
    """
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        raise InputError(*(_problem(detail, shape, file, within) for detail in error.errors())) from None


def place_of(location: Sequence[int | str]) -> str:
    """Write a location as a person would: ``orders[3].drop.latitude_deg``."""
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    return place or "document"


def _problem(detail: ErrorDetails, shape: type[BaseModel], file: str, within: str) -> InputProblem:
    location, value = detail["loc"], detail["input"]
    place = place_of((within, *location) if within else location)
    match detail["type"]:
        case "extra_forbidden":
            known = _known_keys(shape, location[:-1])
            return InputProblem(file, place, f"unknown key {str(location[-1])!r}", _suggest(str(location[-1]), known))
        case "missing":
            return InputProblem(file, place, "it is missing", f"Add {str(location[-1])!r}")
        case "timezone_aware":
            return InputProblem(
                file, place, f"{value} has no time zone", "Write it with an offset, such as …Z or +02:00"
            )
        case "float_type" | "int_type" if isinstance(value, str):
            return InputProblem(file, place, f"{value!r} is text", "Write a bare number; the key's ending is its unit")
        case _:
            return InputProblem(file, place, f"{_short(value)}: {_lower_first(detail['msg'])}", "Correct the value")


def _suggest(key: str, known: Sequence[str]) -> str:
    """Name the key that was meant: one that only lacks its unit first, then the nearest spelling."""
    with_unit = [name for name in known if name.startswith(f"{key}_")]
    near = with_unit or difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}"


def _known_keys(shape: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """List the keys that the shape at `location` knows."""
    current: type[BaseModel] = shape
    for part in location:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part)
        nested = _model_within(field.annotation) if field else None
        if nested is None:
            return []
        current = nested
    return list(current.model_fields)


def _model_within(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_within(argument)
        if found:
            return found
    return None


def _siblings(path: Path) -> list[str]:
    return [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
