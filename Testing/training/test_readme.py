"""The commands of training/README.md that need no data from elsewhere, run as they are written."""

import re
import shlex
import sys
from pathlib import Path

from LDRRegistrationLib.registration.models import ModelStore
from support import scripts

ROOT = Path(__file__).resolve().parents[2]


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
