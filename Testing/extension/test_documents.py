"""The documents: links that lead somewhere, a README that stays short, tables that say what the code says."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import catalog
import pytest
from inspection import png_size
from test_layout import ORDER

sys.path.append(str(catalog.ROOT / "benchmarks"))
import constants
import recorded as accuracy_of_record

ROOT = catalog.ROOT
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "training").glob("*.md")])
README = ROOT / "README.md"
# What is generated, and the notebook of trials, may name commits.
WITHOUT_COMMITS = [path for path in DOCUMENTS if path.name not in ("TRUST.md", "MUTANTS.md", "NOTEBOOK.md")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def brokenLinks(path: Path, text: str) -> list[str]:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        if place.startswith(("http:", "https:")):
            continue
        file = (path.parent / place).resolve() if place else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    assert brokenLinks(path, path.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_found() -> None:
    text = "[a](docs/none.md) [b](README.md#no-such-heading) [c](#citation) [d](docs/README.md)"
    assert brokenLinks(README, text) == ["docs/none.md", "README.md#no-such-heading"]


@pytest.mark.parametrize("path", WITHOUT_COMMITS, ids=named)
def test_no_commit_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b", text)


def test_the_readme_stays_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    documents = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert documents <= set(re.findall(r"\]\(([\w-]+\.md)\)", index))


def test_every_picture_is_shown_somewhere() -> None:
    shown = set()
    for path in DOCUMENTS:
        for picture in re.findall(r"!\[.+?\]\((.+?)\)", path.read_text(encoding="utf-8")):
            shown.add((path.parent / picture).resolve())
    for picture in shown:
        png_size(picture)
    shipped = [*(ROOT / "Resources" / "Screenshots").glob("*.png"), *(ROOT / "benchmarks").rglob("results/*.png")]
    assert set(shipped) <= shown, "a picture that nobody sees"


def test_the_architecture_has_the_folders_in_their_order() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = text.partition("| folder of `LDRRegistrationLib/`")[2].partition("\n\n")[0].splitlines()[2:]
    listed = [
        tuple(name.rstrip("/").removesuffix(".py") for name in re.findall(r"`([\w./]+)`", row.split("|")[1]))
        for row in rows
    ]
    assert listed == list(ORDER)


def test_the_architecture_has_every_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = text.partition("| other folder |")[2].partition("\n\n")[0].splitlines()[2:]
    listed = {re.findall(r"`([\w./]+)`", row.split("|")[1])[0].partition("/")[0] for row in rows}
    made = {
        ".git",
        *(line.strip("/\n") for line in (ROOT / ".gitignore").read_text().splitlines() if line.endswith("/")),
    }
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in made}
    assert listed == {name for name in there if not name.endswith(".egg-info")}


def test_the_picture_of_a_pair_names_what_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.partition("## How a pair flows")[2].partition("```")[2].partition("```")[0]
    named = re.findall(r"((?:\w+/)+\w+\.py)(?:: (\w+))?", picture)
    assert len(named) >= 10
    for file, name in named:
        path = ROOT / catalog.NAME / "LDRRegistrationLib" / file
        assert path.is_file() and (not name or re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))), (
            file,
            name,
        )


def wordsNowhere(text: str) -> list[str]:
    """Files, folders and names in code marks that are not there; a name must be in a file of its paragraph or row."""
    library = ROOT / catalog.NAME / "LDRRegistrationLib"
    nowhere = []
    for block in re.split(r"\n\n|\n(?=\|)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        words, sources = re.findall(r"`([^`\n]+)`", block), []
        for word in words:
            places = [folder / word for folder in (library, library.parent, ROOT, ROOT / "training")]
            if re.fullmatch(r"(?:\w+/)+(?:\w+\.py)?|__main__\.py", word):
                found = [place for place in places if place.exists()]
                nowhere += [] if found else [word]
                for place in found:
                    sources += [place] if place.is_file() else place.glob("*.py")
        content = "\n".join(path.read_text(encoding="utf-8") for path in sources)
        for word in words if content else []:
            if re.fullmatch(r"[A-Za-z_]\w+(?:\.[a-z]\w+)?", word) and not word.endswith((".py", ".txt", ".toml")):
                nowhere += [word] if not all(re.search(rf"\b{n}\b", content) for n in word.split(".")) else []
    return nowhere


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "docs/CHANGE.md"])
def test_files_and_names_that_are_named_are_there(document: str) -> None:
    assert wordsNowhere((ROOT / document).read_text(encoding="utf-8")) == []


def test_a_name_that_is_nowhere_is_found() -> None:
    text = "`registration/models.py` has `ModelStore.card`, not `Shop`.\n\n`registration/none.py`\n\n`nofolder/`"
    assert wordsNowhere(text) == ["Shop", "registration/none.py", "nofolder/"]


def test_the_thresholds_are_those_of_the_code() -> None:
    text = constants.DOCUMENT.read_text(encoding="utf-8")
    assert text.partition("### ")[2] == constants.tables(text).removeprefix("### "), "benchmarks/constants.py --write"
    assert text == constants.with_tried(text), "benchmarks/constants.py --write"
    unexplained = [key for key, words in constants.explanations(text).items() if not all(words)]
    assert not unexplained, "docs/thresholds.md does not say what these do, or what set them"


ROWS = {
    "brains of": ("oasis_brains", "dice_initial", "dice"),
    "hippocampus crops": ("msd_hippocampus", "dice_initial", "dice"),
    "liver in": ("liver_4dmri", "liver tre_initial", "liver tre"),
    "the same, outside": ("liver_4dmri", "outside tre_initial", "outside tre"),
    "one head in two": ("contrasts", "body tre_initial", "body tre"),
    "one CT": ("ct", "body tre_initial", "body tre"),
}


@pytest.mark.parametrize("document", ["README.md", "docs/benchmarks.md"])
def test_figures_of_accuracy_are_those_of_the_recorded_run(document: str) -> None:
    recorded = accuracy_of_record.accuracy()
    text = (ROOT / document).read_text(encoding="utf-8").partition("| pairs | measured | before |")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.partition("\n\n")[0].splitlines()[2:]
    ]
    assert len(rows) >= 4
    for title, _unit, *cells in (row[:5] for row in rows if len(row) >= 5):
        (known,) = [measures for beginning, measures in ROWS.items() if title.startswith(beginning)]
        keys = [(known[0], "fast", known[1]), (known[0], "fast", known[2]), (known[0], "accurate", known[2])]
        for cell, key in zip(cells, keys, strict=True):
            digits = len(cell.partition(".")[2])
            shown = f"{recorded[key]:.{digits}f}" if cell else ""
            assert cell == (shown.removeprefix("0") if known[1] == "dice_initial" else shown), title
            assert cell or key not in recorded, f"{title} was recorded, and is not shown"


def test_the_models_cards_and_the_results_say_what_was_recorded() -> None:
    for model, card in accuracy_of_record.cards().items():
        content = json.loads(card.read_text(encoding="utf-8"))
        assert content["metrics"] == accuracy_of_record.metrics(model), "benchmarks/recorded.py --write"
    text = accuracy_of_record.RESULTS.read_text(encoding="utf-8")
    assert text == accuracy_of_record.with_block(text), "benchmarks/recorded.py --write"


def test_runs_of_other_models_or_settings_are_not_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs = {"": "0.6", " --model other": "0.5", " --model other --steps 0": "0.4", " --passes 1": "0.3"}
    text = "".join(
        f"\n$ python benchmarks/accuracy.py --data DATA --set oasis_brains --preset fast{more}\n  dice    {value}\n"
        for more, value in runs.items()
    )
    (tmp_path / "accuracy-2026-01-01.txt").write_text(text)
    monkeypatch.setattr(accuracy_of_record, "RECORDS", tmp_path)
    key = ("oasis_brains", "fast", "dice")
    assert accuracy_of_record.accuracy() == {key: 0.6} and accuracy_of_record.accuracy("other") == {key: 0.5}
    assert accuracy_of_record.accuracy("nobody") == {}


HOW_FAST = "in a few seconds on an ordinary CPU"


@pytest.mark.parametrize(
    "place",
    ["README.md", "CMakeLists.txt", "pyproject.toml", "LDRRegistration/LDRRegistrationLib/commandline/options.py"],
)
def test_how_long_it_takes_is_said_in_one_wording(place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    # Pieces of one Python sentence, and lines of one paragraph.
    joined = " ".join(re.sub(r'"\s*\n\s*"', "", text).split())
    assert joined.count(HOW_FAST) == 1
    assert "about a second" not in joined


def test_the_preset_is_called_by_that_wording() -> None:
    presets = ROOT / catalog.NAME / "LDRRegistrationLib" / "gui" / "choicelabels.py"
    assert '_("Fast: a few seconds")' in presets.read_text(encoding="utf-8")
    assert "`fast` (default) takes a few seconds" in (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert not [path for path in DOCUMENTS if "about a second" in path.read_text(encoding="utf-8")]


def test_a_new_or_changed_constant_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text = constants.DOCUMENT.read_text(encoding="utf-8")
    (known, *_others) = constants.constants()
    changed = constants.Constant(known.file, known.name, ast.parse("4711").body[0].value)
    new = constants.Constant(known.file, "NEW", ast.parse("1.5, -2").body[0].value)
    monkeypatch.setattr(constants, "constants", lambda: [changed, new])
    tables = constants.tables(text)
    assert "| 4711 |" in tables and "| `NEW` | 1.5, -2 |  |  |  |" in tables
    assert constants.explanations(tables)[f"{known.file}:NEW"] == ("", "")


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        ("registration/recipes.py:RECIPES.FAST.refinement.steps", "steps=4"),
        ("registration/verdict.py:NO_MARGIN", "1.2, 0.88"),
        ("change/regions.py:SHELL_MM", "(0.64, 2.4)"),
        ("registration/energy.py:Energy.folding", "folding: float = 2.4"),
    ],
)
def test_a_trial_changes_one_number_and_nothing_else(constant: str, text: str, tmp_path: Path) -> None:
    (found,) = [each for each in constants.constants() if each.key == constant]
    folder = constants.copyWith(found, constants.scaled(found.name, found.value, 0.8), tmp_path)
    before = (constants.LIBRARY / found.file).read_text(encoding="utf-8").splitlines()
    after = (folder / "LDRRegistrationLib" / found.file).read_text(encoding="utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and text in changed[0]


def test_windows_stay_odd_and_numbers_above_zero() -> None:
    assert [constants.scaled("LNCC_WINDOW", 9, factor) for factor in constants.FACTORS] == [7, 13]
    assert [constants.scaled("stride", 1, factor) for factor in constants.FACTORS] == [1, 2]
    assert [constants.scaled("BRAIN", (2.0, 4.0), factor) for factor in constants.FACTORS] == [(1.6, 3.2), (2.5, 5.0)]
