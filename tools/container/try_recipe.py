"""Does what the Dockerfile beside it says, line by line, in a Debian that debootstrap made: no image is built.

    sudo debootstrap --variant=minbase bookworm CAGE
    sudo python tools/container/try_recipe.py CAGE [--bind FOLDER ...] [--env NAME=VALUE ...]

Then the entry point registers the bundled pair there. ``--bind`` shows folders of this machine in it, ``--env`` sets
variables, for machines whose packages do not come from the network. The first line that fails ends it.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Path(__file__).with_name("Dockerfile")
SAMPLE = ROOT / "LDRRegistration" / "Resources" / "SampleData" / "ms_longitudinal_patient01"


def copied(cage: Path, words: list[str]) -> None:
    """COPY: files into a folder that ends with a slash; a folder as what the last word says."""
    *sources, target = words
    there = cage / target.lstrip("/")
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, there, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            there.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)


def run(cage: Path, command: list[str], variables: list[str]) -> None:
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = ["DEBIAN_FRONTEND=noninteractive", path, "HOME=/root", *variables]
    subprocess.run(["chroot", str(cage), "/usr/bin/env", "-i", *environment, *command], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cage", type=Path, help="folder that debootstrap filled")
    parser.add_argument("--bind", type=Path, nargs="*", default=[], help="folders of this machine to show in it")
    parser.add_argument("--env", nargs="*", default=[], help="NAME=VALUE")
    options = parser.parse_args()
    cage, entry = options.cage, []
    for folder in (Path("/proc"), Path("/etc/resolv.conf"), *options.bind):
        there = cage / str(folder).lstrip("/")
        there.mkdir(parents=True, exist_ok=True) if folder.is_dir() else there.touch()
        subprocess.run(["mount", "--bind", str(folder), str(there)], check=True)
    try:
        for line in RECIPE.read_text(encoding="utf-8").splitlines():
            instruction, _space, rest = line.partition(" ")
            print(line, flush=True)
            if instruction == "COPY":
                copied(cage, rest.split())
            elif instruction == "RUN":
                run(cage, ["/bin/sh", "-c", rest], options.env)
            elif instruction == "ENTRYPOINT":
                entry = json.loads(rest)
        shutil.copytree(SAMPLE, cage / "data", dirs_exist_ok=True)
        command = [*entry, "/data/study2_FLAIR.nii.gz", "/data/study1_FLAIR.nii.gz", "-o", "/data/out", "--overwrite"]
        print(shlex.join(command), flush=True)
        run(cage, command, [])
        print(json.loads((cage / "data" / "out" / "report.json").read_text(encoding="utf-8"))["verdict"])
    finally:
        for folder in reversed([Path("/proc"), Path("/etc/resolv.conf"), *options.bind]):
            subprocess.run(["umount", str(cage / str(folder).lstrip("/"))], check=False)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("Only root may change into another root.")
    main()
