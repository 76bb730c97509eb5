"""The panel in other languages: what there is to translate, and the files of Qt Linguist that have it translated.

    python tools/translations.py [--missing]

brings LDRRegistration/Resources/Translations/*.ts up to date with the sources: new sentences are marked as unfinished,
those that are gone go. Then it compiles them (*.qm) with lrelease, which PySide6 brings. With --missing it changes
nothing. Either way it names what is not translated.

A sentence's context is that of Slicer's ``i18n.getContext``: folder and file of Python, or the class of the panel's
layout. tools of Qt, such as Linguist, edit the .ts files; a test compares both kinds with the sources.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

MODULE = Path(__file__).resolve().parents[1] / "LDRRegistration"
FOLDER = MODULE / "Resources" / "Translations"
LANGUAGES = ("de", "fr")
PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")

# (context, sentence)
Message = tuple[str, str]


def messages() -> list[Message]:
    """All that is to be translated, each once, by context."""
    found = dict.fromkeys([*_in_python(), *_in_panel()])
    return sorted(found)


def _in_python() -> Iterator[Message]:
    for path in sorted(MODULE.rglob("*.py")):
        is_package = (path.parent / "__init__.py").exists()
        context = f"{path.parent.name}.{path.stem}" if is_package else path.stem
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                yield context, ast.literal_eval(node.args[0])


def _in_panel() -> Iterator[Message]:
    for path in sorted(MODULE.rglob("*.ui")):
        root = ET.parse(path).getroot()
        lists = [e for e in root.iter("stringlist") if e.get("notr") == "true"]
        not_translated = {id(child) for parent in lists for child in parent}
        for element in root.iter("string"):
            if element.get("notr") != "true" and element.text and id(element) not in not_translated:
                yield root.findtext("class", ""), element.text


def translations(language: str) -> dict[Message, str]:
    """What the .ts file of a language has, without what is marked as unfinished."""
    path = ts_file(language)
    found: dict[Message, str] = {}
    if not path.exists():
        return found
    for context in ET.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") is None and translation.text:
                found[context.findtext("name", ""), message.findtext("source", "")] = translation.text
    return found


def ts_file(language: str) -> Path:
    return FOLDER / f"LDRRegistration_{language}.ts"


def missing(language: str) -> list[Message]:
    """What a language lacks, or has with other placeholders, which would make ``format`` fail."""
    known = translations(language)
    return [m for m in messages() if m not in known or places(known[m]) != places(m[1])]


def places(text: str) -> list[str]:
    """The placeholders of a sentence, with how often each stands there."""
    return sorted(PLACEHOLDER.findall(text))


def write(language: str, known: dict[Message, str]) -> None:
    """The .ts file of a language. A sentence that is known in one context is taken for another, too."""
    anywhere = {source: text for (_context, source), text in known.items()}
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE TS>"]
    lines.append(f'<TS version="2.1" language="{language}" sourcelanguage="en">')
    last = None
    for context, source in messages():
        if context != last:
            lines += ["</context>"] if last is not None else []
            lines += ["<context>", f"    <name>{context}</name>"]
            last = context
        text = known.get((context, source), anywhere.get(source, ""))
        mark = "" if text else ' type="unfinished"'
        lines += ["    <message>", f"        <source>{escape(source)}</source>"]
        lines += [f"        <translation{mark}>{escape(text)}</translation>", "    </message>"]
    lines += ["</context>", "</TS>"]
    ts_file(language).write_text("\n".join(lines) + "\n", encoding="utf-8")


def compile_to_qm(language: str) -> None:
    """What Slicer loads."""
    program = Path(sys.executable).with_name("pyside6-lrelease")
    source = ts_file(language)
    command = [str(program), "-silent", str(source), "-qm", str(source.with_suffix(".qm"))]
    subprocess.run(command, check=True)


def main() -> None:
    for language in LANGUAGES:
        if "--missing" not in sys.argv[1:]:
            write(language, translations(language))
            compile_to_qm(language)
        for context, source in missing(language):
            print(f"{language}  {context}: {source}")


if __name__ == "__main__":
    main()
