"""Tables as CSV and Markdown that say where their numbers come from; written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import torch

from ..errors import TrainingError

REPOSITORY = Path(__file__).resolve().parents[3]
# Decimals by the beginning of a column's name; others are written as they are.
DECIMALS = {"dice": 4, "jaccard": 4, "hd95": 3, "tre": 3, "sd_log_j": 4, "folds_percent": 5, "folds": 1}
SIGNIFICANT = {"seconds": 4, "cpu_seconds": 4, "gpu_seconds": 4}


@dataclass(frozen=True)
class Provenance:
    """Where a row comes from: the commit ("-dirty" if files differed from it), the command, the machine, and when."""

    commit: str
    command: str
    machine: str
    date: str

    @staticmethod
    def here(command: list[str], device: torch.device | str = "cpu") -> Provenance:
        """Of this process. ``command``: the command line, word by word."""
        return Provenance(
            commit=current_commit(),
            command=shlex.join(command),
            machine=machine(torch.device(device)),
            date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


COLUMNS = tuple(Provenance.__dataclass_fields__)


def current_commit(folder: Path = REPOSITORY) -> str:
    """The commit checked out, with "-dirty" if a tracked file differs from it; "unknown" outside a repository."""

    def git(*arguments: str) -> str | None:
        try:
            run = subprocess.run(
                ["git", "--no-optional-locks", *arguments], cwd=folder, check=False, capture_output=True, text=True
            )
        except OSError:
            return None
        return run.stdout.strip() if run.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return commit + ("-dirty" if git("status", "--porcelain", "--untracked-files=no") else "")


def machine(device: torch.device) -> str:
    """Processor, threads, GPU where one is used, and the version of torch."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass  # Only Linux has this file, and not on every processor this line.
    gpu = [torch.cuda.get_device_name(device)] if device.type == "cuda" else []
    return ", ".join([model, f"{torch.get_num_threads()} threads", *gpu, f"torch {torch.__version__}"])


def update_table(stem: Path, fresh: pd.DataFrame, keys: list[str], provenance: Provenance, title: str) -> pd.DataFrame:
    """Put rows into the table ``stem``.csv and write it, and ``stem``.md, anew; returns the whole table.

    Rows of the table that agree with a fresh one in all ``keys`` are replaced. Every row keeps its own provenance; the
    lines before the table list each that occurs.

    :raises TrainingError: if the table there cannot be read, or the files cannot be written.
    """
    path = stem.with_name(stem.name + ".csv")
    fresh = fresh.assign(**asdict(provenance)).astype(dict.fromkeys(keys, str))
    if path.exists():
        before = read_table(path, keys)
        new = set(fresh[keys].itertuples(index=False, name=None))
        kept = [row not in new for row in before[keys].itertuples(index=False, name=None)]
        before = before.loc[kept].dropna(axis=1, how="all")
        fresh = pd.concat([before, fresh], ignore_index=True) if len(before) else fresh
    others = [column for column in fresh if column not in COLUMNS]
    table = fresh[[*others, *COLUMNS]]
    headers = [
        (f"commit: {row.commit}", f"command: {row.command}", f"machine: {row.machine}", f"date: {row.date}")
        for row in table[list(COLUMNS)].drop_duplicates().itertuples()
    ]
    comment = "".join(f"# {line}\n" for lines in headers for line in lines)
    write_whole(path, comment + table.to_csv(index=False, lineterminator="\n"))
    lists = "".join("- " + "\n  ".join(f"{line}  " for line in lines).rstrip() + "\n" for lines in headers)
    write_whole(stem.with_name(stem.name + ".md"), f"# {title}\n\n{lists}\n{markdown(table)}\n")
    return table


def read_table(path: Path, text: list[str] | None = None) -> pd.DataFrame:
    """A table that ``update_table`` wrote; the columns named in ``text`` are not taken for numbers.

    :raises TrainingError: if it is not one.
    """
    try:
        with path.open(encoding="utf-8") as file:
            comments = 0
            while file.readline().startswith("#"):
                comments += 1
        table = pd.read_csv(path, skiprows=comments, dtype=dict.fromkeys([*(text or []), *COLUMNS], str))
    except (OSError, ValueError) as error:
        raise TrainingError(f"The table {path} cannot be read ({error}); move it away.") from error
    missing = [column for column in [*(text or []), *COLUMNS] if column not in table]
    if missing:
        raise TrainingError(f"{path} is not a table of this program: it has no column {missing[0]}; move it away.")
    return table


def markdown(table: pd.DataFrame) -> str:
    """The measures of a table; its provenance only by commit."""
    shown = table[[column for column in table if column not in COLUMNS]].copy()
    for column in shown:
        shown[column] = [_shown(str(column), value) for value in shown[column]]
    if "commit" in table:
        shown["commit"] = [commit[:10] + ("-dirty" if commit.endswith("-dirty") else "") for commit in table["commit"]]
    return shown.to_markdown(index=False, disable_numparse=True)


def _shown(column: str, value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        if column in SIGNIFICANT:
            return f"{value:.{SIGNIFICANT[column]}g}"
        decimals = next((n for name, n in DECIMALS.items() if column.startswith(name)), None)
        if decimals is not None:
            return f"{value:.{decimals}f}"
        return f"{value:g}" if not value.is_integer() else str(int(value))
    return str(value)


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, so that a crash at any moment leaves the one from before.

    :raises TrainingError: if it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise TrainingError(f"{path} could not be written ({error.strerror}).") from error
