"""The one exception tree of Stork.

An infeasible request is a *result* (`mission.model.refusal.Refusal`, `mission.model.verdict.Verdict`),
never an exception. Exceptions are for broken input and broken links::

    StorkError
    ├── InputError            a document or argument is broken: says file, place, what, how to mend it
    ├── LinkError             a vehicle link does not work
    │   ├── LinkTimeoutError  no answer before the deadline
    │   └── CommandRejectedError   the vehicle answered, and said no
    └── InvariantError        a state machine or a rule of ours was broken: a defect in Stork
"""

from dataclasses import dataclass


class StorkError(Exception):
    """Base of all errors that Stork raises on purpose."""


@dataclass(frozen=True)
class InputProblem:
    """One thing wrong with an input document.

    Attributes:
        file: name of the document, or "<argument>" for a value given on the command line.
        place: where in the document, as a path such as ``orders[3].parcel.mass_kg`` or ``line 12``.
        what: what is wrong, with the value found.
        mend: how to mend it, as an instruction.
    """

    file: str
    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.what}. {self.mend}"


class InputError(StorkError):
    """A document or argument is broken; nothing was done with it."""

    def __init__(self, *problems: InputProblem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class LinkError(StorkError):
    """A vehicle link does not work."""


class LinkTimeoutError(LinkError):
    """No answer from the vehicle before the deadline."""


class CommandRejectedError(LinkError):
    """The vehicle answered a command, and refused it."""


class InvariantError(StorkError):
    """A state machine or rule of Stork itself was broken: a defect, to be reported."""
