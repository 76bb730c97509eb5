"""Store a trained teacher's deformations for all ordered pairs of training subjects; run it again to go on.

python training/teach.py --teacher runs/teacher -d my_data.json --output runs/fields
python training/train.py -b LDR --round 2000 --output runs/student -d my_data.json --aldk --teacher runs/fields

Stored fields fit pairs without augmentation ("augmentation": "none" in the data description). Where the teacher is at
hand, train.py --teacher CHECKPOINT computes them in the loop instead, for the very images that the student sees.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from aldk.commands import add_device_options, check_at_least, make_fabric, run_command
from aldk.data.config import read_config
from aldk.data.loader import check_data
from aldk.data.pairs import Pair, collate, plain_pair
from aldk.data.subjectlists import data_root, training_pairs
from aldk.data.subjects import read_subjects
from aldk.teachers import load_teacher, plain_data, store_fields
from tqdm import tqdm


def work(options: argparse.Namespace) -> None:
    check_at_least(options, "threads")
    torch.set_num_threads(options.threads)
    config = read_config(options.data)
    root = data_root(config, options.data)
    data = plain_data(config, root)
    check_data(options.data)
    pairs = training_pairs(root, data["dataset"])
    teacher = load_teacher(options.teacher)
    fabric = make_fabric(options)
    teacher.prepare(fabric)
    subjects = read_subjects(root, data["dataset"], "train")

    def read(fixed_name: str, moving_name: str) -> Pair:
        pair = collate([plain_pair(subjects, fixed_name, moving_name, tuple(data["shape"]), data["spacing"])])
        fixed, moving = fabric.to_device(pair.fixed), fabric.to_device(pair.moving)
        return Pair(fixed, moving, fixed, moving, names=pair.names)

    description = {**data, "teacher": teacher.provenance()}
    for _ in tqdm(store_fields(teacher, pairs, read, options.output, description), total=len(pairs), unit="pair"):
        pass
    print(f"{len(pairs)} fields in {options.output}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="checkpoint, or folder of a run")
    parser.add_argument("-d", "--dataset", "--data", dest="data", type=Path, required=True, help="data description")
    parser.add_argument("--output", type=Path, required=True, help="folder of the fields")
    add_device_options(parser, several=False)
    return run_command("teach.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
