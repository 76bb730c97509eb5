"""Results of the trust checks: one line of JSON a case, so that whatever was finished is not run again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Records:
    """``folder``/``check``.jsonl. Of several rows of one case the last counts."""

    def __init__(self, folder: Path, check: str) -> None:
        self.path = folder / f"{check}.jsonl"
        self.rows = read_rows(self.path)

    def is_done(self, case: str, again: bool = False) -> bool:
        """:param again: what went wrong is to be run again."""
        row = self.rows.get(case)
        return row is not None and (row.get("passed") is not False or not again)

    def keep(self, case: str, row: dict[str, Any]) -> dict[str, Any]:
        """Add a row, with when and where it was measured; returns it."""
        full = {"case": case, **row, **circumstances()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(full) + "\n")
        self.rows[case] = full
        mark = {True: "ok", False: "WRONG", None: "skipped"}[full.get("passed")]
        print(f"{mark:8s}{case}: {full.get('got', '')}", flush=True)
        return full


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """By case, the last row of each; a line that a kill cut off is left out."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows[row["case"]] = row
    return rows


def circumstances() -> dict[str, str]:
    return {"date": datetime.now(UTC).date().isoformat(), **_place()}


@cache
def _place() -> dict[str, str]:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    described = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return {"commit": described or "unknown", "machine": f"{_processor()}, {os.cpu_count()} cores"}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
