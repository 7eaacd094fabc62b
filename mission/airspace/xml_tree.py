"""XML bytes → a small tree, with no document type, no entities of its own and bounded depth (fault F-X10)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from mission.airspace.reading import DocumentCaps
from mission.errors import InputError, InputProblem

_MAX_ELEMENTS = 2_000_000


@dataclass(slots=True)
class Element:
    """An XML element: its name without namespace, attributes, own text and children."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Return the children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """Return the first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def text_of(self, name: str) -> str:
        """Return the stripped text of the first child of a name, "" if there is none."""
        child = self.first(name)
        return child.text.strip() if child is not None else ""

    def walk(self) -> Iterator["Element"]:
        """Yield this element and all below it, in document order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


class _Builder:
    """Builds the tree from expat's events."""

    def __init__(self, document: str, caps: DocumentCaps) -> None:
        self.document = document
        self.caps = caps
        self.root: Element | None = None
        self.open: list[Element] = []
        self.pieces: list[list[str]] = []
        self.count = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity

    def refuse(self, what: str, mend: str) -> InputError:
        return InputError(InputProblem(self.document, f"line {self.parser.CurrentLineNumber}", what, mend))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > _MAX_ELEMENTS:
            raise self.refuse("too many elements", f"Split it: at most {_MAX_ELEMENTS} are read.")
        if len(self.open) >= self.caps.max_depth:
            raise self.refuse("nested too deeply", f"At most {self.caps.max_depth} levels are read.")
        element = Element(name.rpartition(":")[2], attributes, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.pieces.append([])

    def end(self, _name: str) -> None:
        self.open.pop().text = "".join(self.pieces.pop())

    def characters(self, data: str) -> None:
        self.pieces[-1].append(data)

    def doctype(self, *_declaration: object) -> None:
        raise self.refuse("it declares a document type", "Remove the DOCTYPE: entities are not read.")

    def entity(self, *_declaration: object) -> None:
        raise self.refuse("it declares an entity", "Remove it: entities are not read.")


def parse_xml(data: bytes, document: str, caps: DocumentCaps) -> Element:
    """Return the root element.

    Raises:
        InputError: not well-formed, a DOCTYPE or entity, too deep or too many elements.
    """
    builder = _Builder(document, caps)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        place = f"line {error.lineno} column {error.offset}"
        problem = InputProblem(document, place, f"not valid XML: {expat.ErrorString(error.code)}", "Mend it.")
        raise InputError(problem) from error
    except (ValueError, LookupError) as error:  # an encoding that this Python does not know
        raise InputError(InputProblem(document, "line 1", str(error), "Save it as UTF-8.")) from error
    if builder.root is None:
        raise builder.refuse("it has no element", "Give a KML document.")
    return builder.root
