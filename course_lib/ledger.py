r"""The formula ledger: every equation that the chapters display, verified by the derivation checker.

A display is `$$...$$`, `$\displaystyle...$` or an environment such as align in a Markdown cell. What a notebook's
metadata says under "course" holds for the whole chapter, what a cell's metadata says holds from there to the end of
its section (the next heading with one or two #):

    "shapes"     {"X": "n d"}, as `derive` takes them; a letter that is declared again means something new
    "functions"  ["sigma"]
    "given"      lines that define names, such as "R = XW - Y"; a name that is given again means the new thing
    "equations"  in a cell only: one entry for each of its displays. An entry may hold the three above, for this
                 display alone, and

    "expect"     "right": a claim, and no definition. "wrong": shown in order to be refuted.
                 "definition": the display gives its name a new meaning from here on.
    "mistake"    the mistake that a wrong claim must be recognised by
    "excuse"     why the checker need not read this display: one sentence

What a display defines holds to the end of its section. One that says again what the metadata gives is compared with it
and counts as a definition, unless it is expected to be right: h = x(A + A^T), where h = \nabla_x q is given.

An excuse covers only what cannot be read. It is refused where the checker can read the display, and a claim that is
found wrong is never excused.
"""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field, replace

import nbformat

from course_lib.derivation.document import defined_name, read_document
from course_lib.derivation.engine import Session
from course_lib.derivation.names import canonical, dependencies
from course_lib.derivation.tree import names_in
from course_lib.errors import CourseError

KINDS = ("verified", "refuted", "definition", "excused", "unexplained")
LEAST_SHARE = 0.9
SECONDS = 20.0
SHORTEST_EXCUSE = 15

_SETTING = {"shapes": dict, "functions": list, "given": list}
_ENTRY = {**_SETTING, "expect": str, "mistake": str, "excuse": str}
_EXPECTATIONS = ("right", "wrong", "definition")
_CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[`~]*[ \t]*$|(?P<ticks>`+)[^`].*?(?P=ticks)", re.M | re.S)
_DISPLAY = re.compile(
    r"\$\$(?P<dollars>.*?)\$\$"
    r"|(?<![\\$])\$\s*\\displaystyle(?![a-z])(?P<styled>.*?)(?<!\\)\$"
    r"|(?P<whole>\\begin\{(?P<kind>(?:align|alignat|equation|gather|multline|eqnarray)\*?)\}.*?\\end\{(?P=kind)\})",
    re.S,
)


@dataclass(frozen=True)
class Entry:
    """One displayed equation and what became of it.

    file, cell, number: where it stands (cells from 0 as their ids count them, displays of a cell from 1).
    kind: one of KINDS; "refuted" is a claim meant to be wrong and found wrong. message: the reason of an excuse, the
    mistake found in a refuted claim, what is the matter with an unexplained one.
    """

    file: str
    cell: int
    number: int
    section: str
    equation: str
    kind: str
    message: str = ""


@dataclass
class Ledger:
    """All displayed equations of some chapters, and faults of their declarations."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def count(self, kind, file=None):
        """How many entries are of this kind, in one file or in all."""
        return sum(e.kind == kind for e in self.entries if file in (None, e.file))

    @property
    def share(self):
        """Of the claims (all that is no definition), the part that was judged as it was meant; 1 when none is made."""
        claims = len(self.entries) - self.count("definition")
        return (self.count("verified") + self.count("refuted")) / claims if claims else 1.0

    @property
    def ok(self):
        """Whether everything is explained and the share of judged claims is high enough."""
        return not self.faults and not self.count("unexplained") and self.share >= LEAST_SHARE

    def to_dict(self):
        """The ledger as plain data for programs."""
        return {
            "ok": self.ok,
            "share": self.share,
            "counts": {kind: self.count(kind) for kind in KINDS},
            "faults": self.faults,
            "equations": [asdict(e) for e in self.entries],
        }


@dataclass(frozen=True)
class Setting:
    """What holds at some place of a chapter.

    `given` maps a defined name to the line that defines it, `declared` holds those of them that the metadata defines.
    """

    shapes: dict = field(default_factory=dict)
    functions: tuple = ()
    given: dict = field(default_factory=dict)
    declared: frozenset = frozenset()

    def session(self):
        """A session that has read what is given; CourseError when that is no row of definitions."""
        try:
            session = Session(self.shapes, self.functions, SECONDS)
        except (TypeError, ValueError) as error:
            raise CourseError(f"the declaration is not understood: {error}") from error
        for line in session.read("\n".join(self.given.values())):
            if line.verdict != "definition":
                raise CourseError(f"given: {line.text} is no definition here. {line.message}".rstrip())
        session.lines.clear()
        return session

    def with_declared(self, declared):
        """The setting after some more declarations; what a name meant before is forgotten."""
        shapes = declared.get("shapes", {})
        new = replace(
            self.without(shapes),
            shapes={**self.shapes, **shapes},
            functions=(*self.functions, *declared.get("functions", ())),
        )
        for line in declared.get("given", ()):
            new = new.with_given(line)
            new = replace(new, declared=new.declared | {next(reversed(new.given))})
        return new

    def with_given(self, line):
        """The setting with one more defining line, the last of `given`."""
        name = self.name_defined_by(line)
        if name is None:
            raise CourseError(f"given: {line} defines no name")
        rest = self.without([name])
        return replace(rest, given={**rest.given, name: line})

    def name_defined_by(self, line):
        """The name on the left of a line as the checker spells it, or None."""
        names = self.session().names
        statements = read_document(line, names)
        members = statements[0].clauses[0].members if statements and statements[0].clauses else []
        found = defined_name(members[0].nodes, names) if members else None
        if found is None:
            return None
        return (found.indices and names.with_entries(found.name)) or found.name

    def without(self, forgotten):
        """The setting without the definitions of some names, and without what was defined by means of them."""
        forgotten = {canonical(name) for name in forgotten}
        if not forgotten or not self.given:
            return self
        names = self.session().names
        kept = {
            name: line
            for name, line in self.given.items()
            if not forgotten & {name, *dependencies(names.definitions[name].body, names)}
        }
        return replace(self, given=kept, declared=self.declared & set(kept))

    def restates(self, line):
        """Whether a right line only says again what a name of the metadata stands for."""
        left = line.claimed
        alone = left is not None and left.op in ("sym", "idx") and names_in(left) <= self.declared
        return alone and len(line.sides) == 2


def ledger_of(root, names=()):
    """The Ledger of the chapters in `root`/notebooks, or of those whose file name starts with one of `names`."""
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    chosen = [path for path in paths if not names or path.name.startswith(tuple(names))]
    if not chosen:
        known = ", ".join(path.stem for path in paths) or "none"
        raise CourseError(f"No notebook's name starts with {' or '.join(names) or 'anything'}; there are: {known}.")
    ledger = Ledger()
    for path in chosen:
        chapter = chapter_ledger(nbformat.read(path, as_version=4), path.name)
        ledger.entries += chapter.entries
        ledger.faults += chapter.faults
    return ledger


def chapter_ledger(notebook, file):
    """The Ledger of one notebook; `file` is the name that its entries carry."""
    ledger, used, section = Ledger(), set(), ""
    of_chapter = Setting()
    try:
        declared = _checked(notebook.metadata.get("course", {}), _SETTING, "the notebook's metadata")
        of_chapter = of_chapter.with_declared(declared)
    except CourseError as error:
        ledger.faults.append(f"{file}: {error}")
    setting = of_chapter
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        heading = _section_heading(cell.source)
        if heading:
            section, setting = heading, of_chapter
        try:
            course = _checked(cell.metadata.get("course", {}), {**_SETTING, "equations": list}, "the cell's metadata")
            setting = setting.with_declared(course)
            pairs = _with_notes(displays(cell.source), course.get("equations"))
        except CourseError as error:
            ledger.faults.append(f"{file}, cell {number}: {error}")
            continue
        for place, (text, note) in enumerate(pairs, 1):
            kind, message, setting = _entered(setting, text, note, used)
            ledger.entries.append(Entry(file, number, place, section, " ".join(text.split()), kind, message))
    idle = [name for name in of_chapter.shapes if canonical(name) not in used]
    ledger.faults += [f"{file}: {name} is declared, but no display uses it" for name in idle]
    return ledger


def displays(source):
    """The displayed equations of a Markdown cell, in order, without their dollar signs."""
    prose = _CODE.sub("", source)
    if prose.count("$$") % 2:
        raise CourseError("a display opened with $$ is never closed")
    unquoted = re.sub(r"^[ \t]*>[ \t]?", "", prose, flags=re.M)
    found = _DISPLAY.finditer(unquoted)
    return [(m["dollars"] or m["styled"] or m["whole"] or "").strip() for m in found]


def _with_notes(texts, notes):
    """Pairs (display, its entry in the metadata)."""
    notes = [{} for _ in texts] if notes is None else notes
    if len(notes) != len(texts):
        raise CourseError(f"the cell displays {len(texts)} equations and its metadata speaks of {len(notes)}")
    return list(zip(texts, notes, strict=True))


def _entered(setting, text, note, used):
    """(kind, message, the setting after it) of one display; the names it uses are added to `used`."""
    try:
        here = setting.with_declared(_checked(note, _ENTRY, "its entry in the metadata"))
        if note.get("expect") == "definition":
            here = here.without([here.name_defined_by(text) or ""])
        session = here.session()
        lines = session.read(text)
        used |= session.used
        kind, message = _judged(lines, note, here)
        if kind in ("verified", "definition"):
            for line in lines:
                setting = setting.with_given(line.text) if line.defines else setting
    except CourseError as error:
        kind, message = "unexplained", str(error)
    return kind, message, setting


def _judged(lines, note, setting):
    """(kind, message) of a display from its judged lines, its entry in the metadata and what holds there."""
    expected = note.get("expect")
    bad = next((line for line in lines if line.verdict not in ("right", "definition")), None)
    if not lines or (bad and bad.verdict == "unreadable"):
        return _unread(bad.message if bad else "nothing stands in this display", note)
    if "excuse" in note:
        return "unexplained", "it is excused, but the checker can read it: drop the excuse"
    if expected == "wrong":
        return _refuted(bad, note)
    if bad:
        return "unexplained", f"{bad.text}: {bad.message}"
    right = [line for line in lines if line.verdict == "right"]
    claims = right if expected == "right" else [line for line in right if not setting.restates(line)]
    kind = "verified" if claims else "definition"
    if (expected == "right" and kind == "definition") or (expected == "definition" and kind == "verified"):
        return "unexplained", f"it is meant as {_SAID[expected]}, and the checker reads {_SAID[kind]}"
    return kind, ""


_SAID = {"right": "a claim", "verified": "a claim", "definition": "a definition"}


def _unread(said, note):
    """(kind, message) of a display that the checker cannot read."""
    excuse = note.get("excuse")
    if excuse is None:
        return "unexplained", said
    if len(excuse.strip()) < SHORTEST_EXCUSE:
        return "unexplained", f"the excuse {excuse!r} gives no reason; say in a sentence why this need not be verified"
    return "excused", excuse.strip()


def _refuted(bad, note):
    """(kind, message) of a claim that is meant to be wrong; `bad` is its first line that is not right, or None."""
    if bad is None:
        return "unexplained", "it is meant to be wrong, and it is right"
    wanted = note.get("mistake")
    if wanted and wanted != bad.mistake:
        return "unexplained", f"the mistake should be {wanted!r}; found {bad.mistake!r}. {bad.message}"
    return "refuted", bad.message


def _checked(declared, keys, where):
    """The declarations when every key and kind is known, else a CourseError."""
    for key, value in declared.items():
        if key not in keys:
            raise CourseError(f"{where} has the key {key!r}; it may hold {', '.join(keys)}")
        if not isinstance(value, keys[key]):
            raise CourseError(f"{where}: {key!r} must be a {keys[key].__name__}; got {type(value).__name__}")
    expected = declared.get("expect")
    if expected is not None and expected not in _EXPECTATIONS:
        raise CourseError(f"{where}: 'expect' is {' or '.join(_EXPECTATIONS)}; got {expected!r}")
    if "mistake" in declared and expected != "wrong":
        raise CourseError(f"{where} names a mistake, but does not expect it to be wrong")
    return declared


def _section_heading(source):
    """The first heading of level 1 or 2 in a cell outside of code, or None."""
    found = re.search(r"^##?[ \t]+(.+)$", _CODE.sub("", source), re.M)
    return found[1].strip() if found else None


# -- on a terminal


def written(ledger, every=False):
    """The ledger as text: a table of counts, then what is not plainly verified (or every equation)."""
    files = list(dict.fromkeys(e.file for e in ledger.entries))
    width = max([len("chapter"), *(len(f) for f in files)])
    out = ["  ".join(["chapter".ljust(width), *KINDS])]
    for file in files:
        counts = [str(ledger.count(kind, file)).rjust(len(kind)) for kind in KINDS]
        out.append("  ".join([file.ljust(width), *counts]))
    out.append("  ".join(["all".ljust(width), *(str(ledger.count(kind)).rjust(len(kind)) for kind in KINDS)]))
    for kind in KINDS if every else KINDS[1:2] + KINDS[3:]:
        chosen = [e for e in ledger.entries if e.kind == kind]
        out += ["", _HEADS[kind]] if chosen else []
        for e in chosen:
            out.append(f"  {e.file}, cell {e.cell}, display {e.number} ({e.section or 'before the first section'})")
            out.append(f"    {e.equation}")
            out += [f"    {e.message}"] if e.message else []
    out += ["", "Declarations:", *(f"  {said}" for said in ledger.faults)] if ledger.faults else []
    return "\n".join([*out, "", summary(ledger)])


_HEADS = {
    "verified": "Verified:",
    "refuted": "Meant to be wrong, and found wrong:",
    "definition": "Definitions:",
    "excused": "Excused:",
    "unexplained": "Unexplained:",
}


def summary(ledger):
    """One or two sentences about the whole."""
    counts = Counter(e.kind for e in ledger.entries)
    claims = len(ledger.entries) - counts["definition"]
    judged = counts["verified"] + counts["refuted"]
    said = f"{len(ledger.entries)} displayed equations, {claims} claims, {judged} judged as meant ({ledger.share:.1%})."
    if counts["unexplained"] or ledger.faults:
        return f"{said} {counts['unexplained'] + len(ledger.faults)} unexplained."
    if ledger.share < LEAST_SHARE:
        return f"{said} At least {LEAST_SHARE:.0%} are needed."
    return f"{said} Nothing is unexplained."
