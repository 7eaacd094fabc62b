"""How a command ends: exit code, words for people, one object for programs."""

import json
import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from mission.errors import InputError
from operations.journal import plain


class Exit(IntEnum):
    """Exit codes of every `stork` command."""

    DONE = 0
    REFUSED = 1
    BAD_INPUT = 2


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(plain(content), ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def report_bad_input(error: InputError, *, as_json: bool) -> Exit:
    """Say what is wrong with the input, each problem with file, place and how to mend it."""
    if as_json:
        print_json({"error": "bad input", "problems": [vars(problem) for problem in error.problems]})
    else:
        for problem in error.problems:
            mend = problem.mend if problem.mend.endswith((".", "?")) else f"{problem.mend}."
            sys.stderr.write(f"{problem.file}: {problem.place}\n    {problem.what}. {mend}\n")
    return Exit.BAD_INPUT
