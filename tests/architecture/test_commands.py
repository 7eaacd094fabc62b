"""Every `stork` command is documented."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from operations.cli import app


def commands_of(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be typed, as its words, with the object that defines it."""
    nested = getattr(command, "commands", None)
    if nested is None:
        yield words, command
        return
    for name, child in nested.items():
        yield from commands_of(child, (*words, name))


COMMANDS = dict(commands_of(get_command(app), ("stork",)))


def test_every_command_is_documented(checkout: Path) -> None:
    """`stork …`, word for word, somewhere in the README or in docs/."""
    pages = [checkout / "README.md", *sorted((checkout / "docs").rglob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages if page.is_file())
    assert [" ".join(words) for words in COMMANDS if " ".join(words) not in text] == []


def test_every_command_says_what_it_does() -> None:
    """`--help` has a sentence for the command, and for each of its options and arguments."""
    assert [words for words, command in COMMANDS.items() if not command.help] == []
    silent = [
        (*words, parameter.name)
        for words, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert silent == []


def test_every_command_can_answer_in_json() -> None:
    """Whatever a person can read, a program can."""
    without = [words for words, command in COMMANDS.items() if "--json" not in options_of(command)]
    assert without == []


def options_of(command: Any) -> set[str]:
    """Every spelling of every option of a command."""
    return {spelling for parameter in command.params for spelling in parameter.opts}
