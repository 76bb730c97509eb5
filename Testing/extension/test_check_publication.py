"""tools/check_publication.py on this repository, and on copies of it that lack something each."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.error import URLError

import catalog
import pytest

sys.path.append(str(catalog.ROOT / "tools"))
import check_publication

TOOL = "check_publication.py"
LIBRARY = "LDRRegistration/LDRRegistrationLib"
# What is spoilt: the file, its old text, the new one (None: the text is put in front), and what is said.
SPOILT = {
    "names": ("CMakeLists.txt", "project(LDRRegistration)", "project(Other)", "['Other']"),
    "description": ("CMakeLists.txt", "Aligns two 3D", "One. Two. Aligns two 3D", "4 sentences"),
    "license": ("README.md", "Code: MIT", "Code: free", "does not name the license MIT"),
    "catalog files": ("LDRRegistration.s4ext", "enabled 1", "enabled 0", "run tools/catalog.py"),
    "images": ("CMakeLists.txt", "Screenshots/demo.png", "Screenshots/none.png", "none.png"),
    "start": (f"{LIBRARY}/mrml/names.py", None, "import torch\n", "names.py imports ['torch']"),
    "packaging": (
        "LDRRegistration/CMakeLists.txt",
        "  ${MODULE_NAME}Lib/mrml/names.py\n",
        "",
        "LDRRegistrationLib/mrml/names.py",
    ),
    "home page": ("README.md", "doi:", "", "no publication"),
    "tutorial": ("README.md", "LDRFollowUpFLAIR", "MRHead", "registered sample data"),
}


def git(folder: Path, *command: str) -> None:
    subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks here, in a repository of its own."""
    folder = tmp_path_factory.mktemp("repository")
    for path in check_publication.tracked_files():
        if path.is_file():
            target = folder / path.relative_to(catalog.ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "TST: A copy")
    return folder


@pytest.fixture
def repository(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The copy, to be spoilt, in place of this repository."""
    monkeypatch.setattr(catalog, "ROOT", copy)
    yield copy
    git(copy, "checkout", "-q", ".")


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    status = check_publication.main(list(arguments))
    return status, capsys.readouterr().out.splitlines()


def test_all_that_a_program_can_check_holds_here(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = report(capsys)
    assert [line for line in lines if line.startswith("BROKEN")] == [] and status == 0
    assert sum(line.startswith("HOLDS ") for line in lines) == len(check_publication.CHECKS)
    said = "\n".join(line for line in lines if line.startswith("PERSON "))
    for word in ("3d-slicer-extension", "try_in_slicer", "ExtensionsIndex", "patent"):
        assert word in said


def test_every_check_is_spoilt_below() -> None:
    names = {check.__name__.removeprefix("check_").replace("_", " ") for check in check_publication.CHECKS}
    assert names == set(SPOILT) | {"size"}


@pytest.mark.parametrize("words", SPOILT)
def test_what_is_missing_is_said(repository: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    name, old, new, said = SPOILT[words]
    path = repository / name
    text = path.read_text(encoding="utf-8")
    assert old is None or old in text
    path.write_text(new + text if old is None else text.replace(old, new), encoding="utf-8")
    status, lines = report(capsys)
    assert status == 1
    (line,) = [line for line in lines if line.startswith(f"BROKEN  {words}: ")]
    assert said in line


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from urllib import request\n", "reach the network"),
        ("slicer.util.pip_install('x')\n", "installs packages without asking, in later"),
        ("slicer.util.pip_install('x')\n    slicer.util.confirmOkCancelDisplay('?')\n", "without asking, in later"),
    ],
)
def test_a_file_that_installs_or_asks_the_network_is_said(repository: Path, code: str, said: str) -> None:
    path = repository / LIBRARY / "mrml" / "names.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n\ndef later():\n    " + code, encoding="utf-8")
    with pytest.raises(check_publication.Missing, match=said):
        check_publication.check_start()


def test_too_large_a_repository_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_publication, "LARGEST_MB", 1.0)
    with pytest.raises(check_publication.Missing, match="MB with history"):
        check_publication.check_size()


def test_what_several_packs_hold_counts_once(repository: Path) -> None:
    """A runner's clone may hold each object twice, which no user downloads."""
    before = check_publication.check_size()
    git(repository, "repack", "-q", "-a")
    pack = next((repository / ".git/objects/pack").glob("*.pack"))
    kept = pack.with_name("pack-" + "0" * 40 + ".pack")
    kept.write_bytes(pack.read_bytes())
    kept.with_suffix(".idx").write_bytes(pack.with_suffix(".idx").read_bytes())
    after = check_publication.check_size()
    held = sum(path.stat().st_size for path in (repository / ".git/objects").rglob("*") if path.is_file()) / 1024**2

    def history(said: str) -> int:
        return int(said.split("at most ")[1].split(maxsplit=1)[0])

    assert history(after) <= history(before) < held - 5


class GitHub:
    """Answers as GitHub does: images, and the topics of the repository."""

    def __init__(self, topics: list[str], kind: str = "image/png") -> None:
        self.topics, self.kind, self.asked = topics, kind, []

    def open(self, request: object, timeout: float) -> io.BytesIO:
        address = request if isinstance(request, str) else request.full_url
        self.asked.append(address)
        answer = io.BytesIO(json.dumps({"names": self.topics}).encode())
        answer.headers = Message()
        answer.headers["Content-Type"] = self.kind
        return answer


def test_once_published_github_is_asked(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(github: GitHub) -> tuple[int, str]:
        monkeypatch.setattr(check_publication, "urlopen", github.open)
        status, lines = report(capsys, "--online")
        return status, "\n".join(line for line in lines if line.startswith("BROKEN"))

    with (repository / "docs" / "TRYING.md").open("a", encoding="utf-8") as file:
        file.write("\n".join(check_publication.PLACEHOLDERS))
    status, broken = say(GitHub(["3d-slicer-extension"]))
    assert status == 1 and "topic" not in broken
    assert all(f"{placeholder} in " in broken for placeholder in check_publication.PLACEHOLDERS)
    assert broken.count("docs/TRYING.md") == len(check_publication.PLACEHOLDERS)
    for path in repository.rglob("*"):
        if path.is_file() and path.suffix in (".txt", ".py", ".json", ".s4ext", ".md") and path.name != TOOL:
            data = path.read_bytes()
            for placeholder in check_publication.PLACEHOLDERS:
                data = data.replace(placeholder.encode(), b"roe")
            path.write_bytes(data)
    github = GitHub(["3d-slicer-extension"])
    assert say(github) == (0, "")
    home = catalog.cmake_variables()["HOMEPAGE"].removeprefix("https://github.com/")
    assert github.asked[-1] == f"https://api.github.com/repos/{home}/topics"
    assert "topic: the topics of the repository are ['mri']" in say(GitHub(["mri"]))[1]
    assert "addresses answer" in say(GitHub(["3d-slicer-extension"], "text/html"))[1]


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*unused: object, **others: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(check_publication, "urlopen", fail)
    status, lines = report(capsys, "--online")
    assert status == 1 and any(line.startswith("BROKEN  topic:") and "no route" in line for line in lines)
