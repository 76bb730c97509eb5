"""The two catalog files, LDRRegistration.json and LDRRegistration.s4ext, as CMakeLists.txt says they are.

Run this file to write them; the test beside it fails if they differ.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "LDRRegistration"
# Slicer's readers of the format skip lines that begin with "#" (json has no comments).
GENERATED = "Generated from CMakeLists.txt by tools/catalog.py. Do not edit it here."
BRANCH = "main"
SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#"
)


def cmake_variables() -> dict[str, str]:
    """The EXTENSION_ variables of the top CMakeLists.txt, by name without that prefix."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return {name: value.strip('"') for name, value in re.findall(r"^set\(EXTENSION_(\w+) (.+)\)$", text, re.MULTILINE)}


def json_text() -> str:
    """The entry for the extension catalog, after Slicer's schema 1.0.2."""
    variables = cmake_variables()
    entry = {
        "$schema": SCHEMA,
        "build_dependencies": variables["DEPENDS"].split(),
        "build_subdirectory": ".",
        "category": variables["CATEGORY"],
        "scm_revision": BRANCH,
        "scm_url": variables["HOMEPAGE"] + ".git",
        "tier": int(variables["TIER"]),
    }
    return json.dumps(entry, indent=2) + "\n"


def s4ext_text() -> str:
    """The same in the older format, one "key value" a line, that Slicer's build system still writes for itself.

    The catalog takes the json file alone.
    """
    variables = cmake_variables()
    lines = {
        "scm": "git",
        "scmurl": variables["HOMEPAGE"] + ".git",
        "scmrevision": BRANCH,
        "depends": variables["DEPENDS"],
        "recommends": "NA",
        "build_subdirectory": ".",
        "homepage": variables["HOMEPAGE"],
        "contributors": variables["CONTRIBUTORS"],
        "category": variables["CATEGORY"],
        "iconurl": variables["ICONURL"],
        "status": variables["STATUS"],
        "tier": variables["TIER"],
        "description": variables["DESCRIPTION"],
        "screenshoturls": variables["SCREENSHOTURLS"],
        "enabled": "1",
        "dicom_support_rule": "",
        "keywords": variables["KEYWORDS"],
    }
    return f"# {GENERATED}\n" + "".join(f"{key} {value}".rstrip() + "\n" for key, value in lines.items())


if __name__ == "__main__":
    (ROOT / f"{NAME}.json").write_bytes(json_text().encode())
    (ROOT / f"{NAME}.s4ext").write_bytes(s4ext_text().encode())
