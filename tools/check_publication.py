"""What Slicer's extension catalog asks for: what holds, what does not, and what only a person can do.

    python3 tools/check_publication.py [--online]     (or: make check-publication)

The list is that of the catalog's pull request template and of its checks (Slicer/ExtensionsIndex, August 2026). With
--online it also asks GitHub, which makes sense once the repository is published: then a placeholder is an error, too.
The exit status is 1 if something does not hold that a program can tell, else 0.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import catalog
import inspection

# Everything that stands in for what is known only at publication, and what it stands for.
PLACEHOLDERS = {
    "SET-AT-PUBLICATION": "the organization or person on GitHub that owns the repository",
    "LDRRegistration contributors": "the authors' names with their institutions, as in: Jane Roe (Example University)",
}
TOPIC = "3d-slicer-extension"
LARGEST_MB = 100.0
LICENSE_FILES = ("LICENSE", "LICENCE", "License.txt", "license.txt", "LICENSE.txt", "COPYING", "COPYING.txt")
# Modules by which a program reaches the network.
NETWORK = {"urllib.request", "http.client", "socket", "ftplib", "smtplib", "requests", "aiohttp", "httpx"}

PERSON = f"""
- Give the repository on GitHub the topic {TOPIC}, and hide what is not used of Wiki, Projects, Discussions, Releases
  and Packages (in Settings, and at the wheel beside About).
- Say in the description if a patent on the method is known.
- Build and package on Windows, macOS and Linux: the catalog packages no extension that depends on another one.
- Run tools/try_in_slicer.py in Slicer on each system (docs/TRYING.md), and look at the screenshots.
- Look at the icon, the screenshots and the README as they appear on GitHub.
- Decide which tier to ask for (EXTENSION_TIER): 3 also asks that maintainers answer issues, and mentions on the forum.
- Tell the reviewers that the default model's weights are CC BY-SA 4.0, and that the panel asks before others.
- Send {catalog.NAME}.json to github.com/Slicer/ExtensionsIndex: a pull request to main, one to the stable branch.
"""


class Missing(Exception):
    """Something that the catalog asks for does not hold."""


def require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Missing(otherwise)


def readme() -> str:
    return (catalog.ROOT / "README.md").read_text(encoding="utf-8")


def git(*command: str) -> str:
    whole = ["git", "-C", str(catalog.ROOT), *command]
    ran = subprocess.run(whole, capture_output=True, text=True, check=False)
    require(ran.returncode == 0, f"git {command[0]} failed: {ran.stderr.strip()}")
    return ran.stdout


def tracked_files() -> list[Path]:
    return [catalog.ROOT / name for name in git("ls-files", "-z").split("\0") if name]


def placeholders() -> Iterator[tuple[str, str, str]]:
    """Each placeholder, what it stands for, and the files that hold it; files that are written by program left out."""
    derived = {f"{catalog.NAME}.json", f"{catalog.NAME}.s4ext", Path(__file__).name}
    for placeholder, meaning in PLACEHOLDERS.items():
        places = [
            path.relative_to(catalog.ROOT).as_posix()
            for path in tracked_files()
            if path.is_file() and path.name not in derived and placeholder.encode() in path.read_bytes()
        ]
        if places:
            yield placeholder, meaning, ", ".join(places)


def check_names() -> str:
    project = re.findall(r"project\s*\(\s*([^\s)]+)", inspection.cmake_text(catalog.ROOT))
    require(project == [catalog.NAME], f"the project in CMakeLists.txt is {project}, not {catalog.NAME}")
    require(not catalog.NAME.lower().startswith("slicer"), "the extension's name begins with Slicer")
    repository = urlsplit(catalog.cmake_variables()["HOMEPAGE"]).path.split("/")[-1]
    require(repository == f"Slicer{catalog.NAME}", f"the repository is {repository}, not Slicer{catalog.NAME}")
    return f"{catalog.NAME} in {repository}"


def check_description() -> str:
    description = catalog.cmake_variables()["DESCRIPTION"]
    number = inspection.number_of_sentences(description)
    require(1 <= number <= 2, f"the description has {number} sentences; one or two are asked for")
    return f"{number} sentences"


def check_license() -> str:
    found = [name for name in LICENSE_FILES if (catalog.ROOT / name).is_file()]
    require(found, "there is no license file at the top")
    name = (catalog.ROOT / found[0]).read_text(encoding="utf-8").split()[0]
    require(re.search(rf"\b{name}\b.*{re.escape(found[0])}", readme()), f"the README does not name the license {name}")
    return f"{name}, {found[0]}"


def check_catalog_files() -> str:
    for suffix, expected in (("json", catalog.json_text()), ("s4ext", catalog.s4ext_text())):
        written = (catalog.ROOT / f"{catalog.NAME}.{suffix}").read_bytes()
        same = written == expected.encode()
        require(same, f"{catalog.NAME}.{suffix} is not that of CMakeLists.txt: run tools/catalog.py")
    entry = json.loads(catalog.json_text())
    require(entry["category"] == "Registration", f"{entry['category']} is not the category of such extensions")
    return f"category {entry['category']}, dependencies {entry['build_dependencies']}, tier {entry['tier']}"


def image_addresses() -> list[str]:
    variables = catalog.cmake_variables()
    return [variables["ICONURL"], *variables["SCREENSHOTURLS"].split()]


def check_images() -> str:
    icon, *screenshots = image_addresses()
    size = inspection.png_size(inspection.file_in_repository(icon))
    require(size == (128, 128), f"the icon has {size} pixels, not (128, 128)")
    require(screenshots, "there is no screenshot")
    for address in screenshots:
        inspection.png_size(inspection.file_in_repository(address))
    return f"icon, {len(screenshots)} screenshots"


def check_size() -> str:
    # What a clone downloads: each object once, however many packs hold copies of it here.
    history = int(git("rev-list", "--disk-usage", "--objects", "HEAD")) / 1024.0**2
    files = sum(path.stat().st_size for path in tracked_files() if path.is_file()) / 1024.0**2
    require(history + files <= LARGEST_MB, f"{history + files:.0f} MB with history, more than {LARGEST_MB:.0f} MB")
    return f"{files:.0f} MB, and at most {history:.0f} MB of history; {LARGEST_MB:.0f} MB are allowed"


def check_start() -> str:
    files = inspection.python_files()
    for path in files:
        foreign = inspection.foreign_imports(path)
        require(not foreign, f"{path.name} imports {sorted(foreign)} when Slicer starts")
        network = inspection.imports_anywhere(path) & NETWORK
        require(not network, f"{path.name} can reach the network, by {sorted(network)}")
        # PyTorch is left to the extension of that name, which asks.
        unasked = inspection.functions_that_install_unasked(path)
        require(not unasked, f"{path.name} installs packages without asking, in {', '.join(unasked)}")
    return f"{len(files)} files import nothing that Slicer lacks, install nothing unasked and open no connection"


def check_packaging() -> str:
    listed = inspection.cmake_list("MODULE_PYTHON_SCRIPTS") | inspection.cmake_list("MODULE_PYTHON_RESOURCES")
    folder = inspection.module_folder()
    tracked = {p.relative_to(folder).as_posix() for p in tracked_files() if folder in p.parents and p.is_file()}
    differs = sorted((tracked - {"CMakeLists.txt"}) ^ listed)
    require(not differs, f"CMakeLists.txt lists other files than there are: {differs}")
    return f"{len(listed)} files are listed"


def check_home_page() -> str:
    text = readme()
    require(text.startswith(f"# {catalog.NAME}"), "the README does not begin with the extension's name")
    pictures = inspection.readme_pictures()
    require(pictures, "the README has no picture")
    for picture in pictures:
        inspection.png_size(picture)
    title = re.search(r'parent\.title = _\("(.+?)"\)', (inspection.module_folder() / f"{catalog.NAME}.py").read_text())
    require(title and f"| {title[1]} | " in text, "the README has no sentence on the module")
    require("doi:" in text, "the README names no publication")
    return f"name, {len(pictures)} pictures, a sentence on the module, a publication"


def check_tutorial() -> str:
    section = re.search(r"^### Step by step$(.*?)^### ", readme(), re.MULTILINE | re.DOTALL)
    require(section, "the README has no section Step by step")
    steps = re.findall(r"^\d+\. ", section[1], re.MULTILINE)
    pictures = re.findall(r"!\[", section[1])
    require(len(steps) >= 3 and len(pictures) >= 3, f"the tutorial has {len(steps)} steps, {len(pictures)} pictures")
    library = inspection.module_folder() / f"{catalog.NAME}Lib" / "gui" / "sampledata.py"
    samples = re.findall(r'Sample\(\s*"(\w+)"', library.read_text(encoding="utf-8"))
    used = [name for name in samples if name in section[1]]
    require(used, f"the tutorial uses none of the registered sample data: {samples}")
    return f"{len(steps)} steps, {len(pictures)} pictures, on the registered sample {used[0]}"


CHECKS: tuple[Callable[[], str], ...] = (
    check_names,
    check_description,
    check_license,
    check_catalog_files,
    check_images,
    check_size,
    check_start,
    check_packaging,
    check_home_page,
    check_tutorial,
)


def check_no_placeholder() -> str:
    left = [f"{placeholder} in {places}" for placeholder, _meaning, places in placeholders()]
    require(not left, "; ".join(left))
    return "none is left"


def check_addresses_answer() -> str:
    addresses = image_addresses()
    for address in addresses:
        with urlopen(address, timeout=30) as answer:
            kind = answer.headers.get("Content-Type", "")
        require(kind.startswith("image/"), f"{address} answers with {kind}, not an image")
    return f"{len(addresses)} images"


def check_topic() -> str:
    owner, repository = urlsplit(catalog.cmake_variables()["HOMEPAGE"]).path.strip("/").split("/")
    address = f"https://api.github.com/repos/{owner}/{repository}/topics"
    with urlopen(Request(address, headers={"Accept": "application/vnd.github+json"}), timeout=30) as answer:
        topics = json.load(answer)["names"]
    require(TOPIC in topics, f"the topics of the repository are {topics}, without {TOPIC}")
    return TOPIC


ONLINE_CHECKS = (check_no_placeholder, check_addresses_answer, check_topic)


def main(arguments: list[str]) -> int:
    online = arguments == ["--online"]
    if arguments and not online:
        sys.exit(__doc__)
    broken = 0
    for check in CHECKS + (ONLINE_CHECKS if online else ()):
        words = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            print(f"HOLDS   {words}: {check()}")
        except (Missing, AssertionError, OSError, KeyError, ValueError) as problem:
            broken += 1
            print(f"BROKEN  {words}: {problem}")
    for placeholder, meaning, places in placeholders():
        print(f"PERSON  Replace {placeholder} by {meaning}; in {places}. Then run tools/catalog.py.")
    for task in PERSON.strip().removeprefix("- ").split("\n- "):
        print(f"PERSON  {' '.join(task.split())}")
    print(f"{broken} of the checks do not hold." if broken else "All checks hold; the rest is for a person.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
