"""The commands of training/README.md and docs/own-student.md, run as they are written, on the two bundled crops."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import eval as evaluation
import export
import pytest
import train
from LDRRegistrationLib import __main__ as ldr_register
from LDRRegistrationLib.registration.modelcards import UNTESTED
from LDRRegistrationLib.registration.models import ModelStore
from support import scripts

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "training" / "datasets" / "sample.json"
CROPS = ROOT / "LDRRegistration" / "Resources" / "SampleData" / "msd_hippocampus" / "images"
OWN_STUDENT = (ROOT / "docs" / "own-student.md").read_text(encoding="utf-8")
COMMANDS = {
    "training/train.py": train.main,
    "training/eval.py": evaluation.main,
    "training/export.py": export.main,
    "ldr-register": ldr_register.main,
}


def test_every_command_once(tmp_path):
    text = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## Every command once.*?```sh\n(.*?)```", text, flags=re.DOTALL)
    commands = [shlex.split(line) for line in block.splitlines()]
    assert [Path(words[1]).name for words in commands] == ["train.py", "train.py", "eval.py", "teach.py", "export.py"]
    for words in commands:
        places = [str(tmp_path / word) if word.startswith("runs/") else word for word in words]
        arguments = [sys.executable, *places[1:]]
        answer = scripts.run(arguments, cwd=ROOT)
        assert answer.returncode == 0, answer.stderr
    assert [card.name for card in ModelStore(tmp_path / "runs" / "models").cards()] == ["student"]
    assert len(list((tmp_path / "runs" / "fields").glob("*.npy"))) == 2
    assert (tmp_path / "runs" / "student" / "evaluation.md").exists()


def blocks_with(word: str) -> list[str]:
    return [block for block in re.findall(r"```sh\n(.*?)```", OWN_STUDENT, flags=re.DOTALL) if word in block]


def shortened(words: list[str]) -> list[str]:
    """A command of the document on the bundled crops, in a few steps. What a reader fills in is filled in."""
    mine = {
        "my_data.json": str(SAMPLE),
        "data.json": str(SAMPLE),
        "FIXED": str(CROPS / "hippocampus_001.nii.gz"),
        "MOVING": str(CROPS / "hippocampus_014.nii.gz"),
    }
    short = {"--round": "2", "--validation.every": "1"}
    return [short.get(before, mine.get(word, word)) for before, word in zip(["", *words], words, strict=False)]


def test_a_groups_own_student(tmp_path, monkeypatch):
    """From shipped weights to a registration with the student."""
    monkeypatch.chdir(tmp_path)
    (block,) = blocks_with("--start-from c2f-general")
    commands = [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]
    done = []
    for words in commands:
        name, *arguments = words[1:] if words[0] == "python" else words
        here = ["-g", "-1", "--workers", "0", "--threads", "1"] if name.endswith("train.py") else []
        here += ["-g", "-1", "--pairs", "1"] if name.endswith("eval.py") else []
        assert COMMANDS[name](shortened(arguments) + here) == 0, words
        done.append(name)
    assert done == list(COMMANDS)
    (card,) = ModelStore(tmp_path / "runs" / "models").cards()
    assert card.content["licence"] == "CC BY-SA 4.0" and card.testedOn != UNTESTED
    report = json.loads((tmp_path / "OUT" / "report.json").read_text(encoding="utf-8"))
    assert report["model"]["name"] == "mine"
    # The table says what config.json leaves out.
    (config,) = re.findall(r"`config.json` \| (.*?);", OWN_STUDENT)
    assert config == "all options but folder, GPUs and threads"
    left_out = {"output", "gpu", "threads"}
    assert not left_out & json.loads((tmp_path / "runs" / "mine" / "config.json").read_text()).keys()


def test_torchrun_starts_the_processes(tmp_path):
    (block,) = blocks_with("torchrun")
    words = [tmp_path / "run" if word == "runs/ldr" else word for word in shortened(shlex.split(block))]
    assert words[:4] == ["torchrun", "--standalone", "--nproc_per_node", "4"]
    here = ["-g", "-1", "--workers", "0", "--threads", "1", "--epochs", "1"]
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        "2",
        *words[4:],
        *here,
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "run" / "checkpoint.pt").is_file() and "2 steps" in answer.stdout


@pytest.mark.parametrize("block", blocks_with("#SBATCH"))
def test_the_batch_script_asks_for_what_fabric_needs(block):
    subprocess.run(["bash", "-n"], input=block, check=True, text=True)
    asked = dict(re.findall(r"--([\w-]+)=(\S+)", "".join(re.findall(r"^#SBATCH .*\n", block, re.MULTILINE))))
    assert asked["gpus-per-node"] == asked["ntasks-per-node"] and "gpus-per-task" not in asked
    (line,) = [line for line in block.splitlines() if line.startswith("srun python training/train.py ")]
    options = train.parse(shlex.split(line)[3:])
    assert (options.processes, options.nodes, options.gpu) == (1, 1, "auto")
