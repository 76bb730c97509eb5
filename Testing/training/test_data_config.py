"""The json of a training run: three forms, one meaning, and a sentence for whatever is wrong with it."""

import json

import h5py
import numpy as np
import pytest
from aldk.data.config import evaluation_sets, plain_grid, read_config
from aldk.data.loader import check_data, stream
from aldk.data.subjectlists import data_root, subject_names, training_pairs, validation_pairs
from aldk.data.subjects import native_subject
from aldk.errors import TrainingError

FIRST, SECOND = "hippocampus_001", "hippocampus_014"


def described(path, name=None):
    """(root, description) of a config's data set, the only one unless named."""
    config = read_config(path)
    return data_root(config, path), config["datasets"][name or next(iter(config["datasets"]))]


def test_a_folder_becomes_one_data_set_and_one_task(folder_config):
    path = folder_config(val_pairs=[[SECOND, FIRST]], strength=0.1)
    config = read_config(path)
    root, description = described(path)
    assert (config["title"], list(config["datasets"]), evaluation_sets(config)) == ("folder", ["folder"], ["folder"])
    assert validation_pairs(root, description) == [(SECOND, FIRST)]
    assert training_pairs(root, description) == [(FIRST, SECOND), (SECOND, FIRST)]
    (task,) = config["tasks"]
    assert task["strength"] == 0.1 and task["grids"] == [{"shape": [32, 32, 32], "spacing": [1.5, 1.5]}]
    assert plain_grid(config, task) == ((32, 32, 32), 1.5)


def test_subjects_that_nobody_lists_are_found_by_their_images(folder_config):
    root, description = described(folder_config(train=None, val=None))
    assert subject_names(root, description, "train") == [FIRST, SECOND]
    root, description = described(folder_config(train=None, val=[SECOND]))
    assert subject_names(root, description, "train") == [FIRST]


def test_a_name_may_occur_twice_in_a_pattern(folder_config, tmp_path):
    for file in ("a/a_T1.nii", "b/b_T1.nii", "b/c_T1.nii"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    root, description = described(folder_config(root=".", images="{name}/{name}_T1.nii", train=None, val=None))
    assert subject_names(root, description, "train") == ["a", "b"]


def test_validation_pairs_are_all_ordered_pairs_unless_listed(folder_config):
    assert validation_pairs(*described(folder_config())) == [(FIRST, SECOND), (SECOND, FIRST)]


def test_splits_give_names_and_pairs(folder_config, tmp_path):
    splits = {"s": {"train": ["a", "b", "c"], "val": ["d"], "val_pairs_fixed_moving": [["d", "a"]]}}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    description = {"split": "s", "images": ["{name}.nii"], "spacing": 1.0}
    assert len(training_pairs(tmp_path, description)) == 6
    assert validation_pairs(tmp_path, description) == [("d", "a")]
    with pytest.raises(TrainingError, match=r"splits.json has no split called other; there are s"):
        training_pairs(tmp_path, {**description, "split": "other"})


def test_an_absolute_root_stands_and_a_relative_one_yields_to_the_environment(folder_config, tmp_path, monkeypatch):
    monkeypatch.setenv("LDR_DATA", str(tmp_path))
    assert described(folder_config())[0].name == "msd_hippocampus"
    assert data_root({"root": "../elsewhere"}, tmp_path / "x.json") == tmp_path
    monkeypatch.setenv("LDR_DATA", str(tmp_path / "none"))
    with pytest.raises(TrainingError, match=r"There is no data folder .*none; set LDR_DATA"):
        data_root({"root": ".."}, tmp_path / "x.json")


def test_the_public_layout_becomes_a_task_and_a_data_set_for_each_scheme(public_config):
    path = public_config()
    config = read_config(path)
    assert evaluation_sets(config) == ["lits", "lspig"]
    assert [(t["dataset"], t["augmentation"], t["share"]) for t in config["tasks"]] == [("train", "paper", 1.0)]
    assert subject_names(*described(path, "train"), "train") == ["liver/132", "liver/133", "pancreas/1"]
    assert validation_pairs(*described(path, "lits")) == [("lits/0", "lits/2"), ("lits/2", "lits/0")]
    names = ["pigs/a_after", "pigs/a_pre", "pigs/b_after", "pigs/b_pre"]
    a, b, c, d = names
    assert validation_pairs(*described(path, "lspig")) == [(a, b), (b, a), (c, d), (d, c)]


def test_an_atlas_is_in_every_pair_and_fixed_in_evaluation(public_config):
    path = public_config(atlas="lits/1")
    assert training_pairs(*described(path, "train"))[:2] == [("lits/1", "liver/132"), ("liver/132", "lits/1")]
    assert len(training_pairs(*described(path, "train"))) == 6
    assert validation_pairs(*described(path, "lits")) == [("lits/1", "lits/0"), ("lits/1", "lits/2")]


def test_public_volumes_lie_on_their_voxels_and_masks_become_a_label(public_config):
    path = public_config()
    subject = native_subject(*described(path, "lits"), "lits/2")
    with h5py.File(path.parent / "lits.h5") as file:
        stored = file["2/volume"][...]
    np.testing.assert_array_equal(subject.images[0].array, stored)
    np.testing.assert_array_equal(subject.images[0].ijkToRas, np.eye(4))
    np.testing.assert_array_equal(subject.labels.array, stored > 100)
    assert native_subject(*described(path, "train"), "liver/132").labels is None


def test_public_classes_are_the_labels_and_all_else_is_background(public_config):
    path = public_config(segmentation_class_value={"left": 21, "right": 22})
    with h5py.File(path.parent / "lits.h5", "r+") as file:
        del file["0/segmentation"]
        file["0/segmentation"] = (np.arange(16**3) % 30).reshape(16, 16, 16).astype(np.uint8)
    labels = native_subject(*described(path, "lits"), "lits/0").labels
    assert sorted(np.unique(labels.array)) == [0, 21, 22]


def test_the_shipped_descriptions_are_whole(training_folder):
    for path in [*(training_folder / "configs").glob("*.json"), *(training_folder / "datasets").glob("*.json")]:
        config = read_config(path)
        assert all(task["dataset"] in config["datasets"] for task in config["tasks"] if "dataset" in task), path
        if path.stem not in ("general", "general_ixi"):
            assert evaluation_sets(config), path
    general, with_heads = (read_config(training_folder / "configs" / f"general{n}.json") for n in ("", "_ixi"))
    shares, mixed = ({task["name"]: task["share"] for task in config["tasks"]} for config in (general, with_heads))
    assert mixed == pytest.approx({**{name: 0.75 * share for name, share in shares.items()}, "heads": 0.25})
    assert not {"oasis_brains", "liver_4dmri"} & with_heads["datasets"].keys()
    liver = read_config(training_folder / "datasets" / "liver.json")
    assert liver["datasets"]["lits"]["hdf5"]["lits"] == str(training_folder / "datasets" / "lits_val.h5")
    assert evaluation_sets(liver) == ["sliver", "lits", "lspig"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"images": None}, 'describes no data: it needs "tasks" and "datasets"'),
        ({"images": "images/one.nii.gz"}, "needs patterns with {name}"),
        ({"grid": None}, 'lacks a "grid"'),
        ({"grid": {"shape": [31, 32, 32], "spacing": 1.0}}, "needs grids of three even numbers"),
        ({"grid": {"shape": [32, 32, 32], "spacing": [2.0, 1.0]}}, "from small to large"),
        ({"align": "rigid"}, "unknown alignment rigid; there are affine, content, grids"),
        ({"modality": "PET"}, "unknown modality PET"),
        ({"augmentation": "flip"}, "unknown augmentation flip; there are view, paper, none"),
        ({"train": [FIRST, FIRST]}, "lists hippocampus_001 twice in train"),
    ],
)
def test_what_is_wrong_in_a_folders_json_is_said(folder_config, changed, sentence):
    with pytest.raises(TrainingError, match=sentence):
        read_config(folder_config(**changed))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": None}, r"task 1 lacks kind"),
        ({"kind": "forms"}, r"unknown kind forms; there are subjects, contrasts"),
        ({"count": None}, r"task 1 \(shapes\) lacks count"),
        ({"deformation": None}, r"lacks deformation"),
        ({"grids": []}, r"has no grids"),
        ({"kind": "ct", "dataset": "c"}, r"names the data set c, which is not described"),
    ],
)
def test_what_is_wrong_in_a_task_is_said(tiny_config, tmp_path, changed, sentence):
    content = json.loads(tiny_config.read_text())
    task = {**content["tasks"][0], **changed}
    content["tasks"] = [{key: value for key, value in task.items() if value is not None}]
    (tmp_path / "wrong.json").write_text(json.dumps(content))
    with pytest.raises(TrainingError, match=sentence):
        read_config(tmp_path / "wrong.json")


def test_a_missing_or_broken_json_is_said(tmp_path):
    with pytest.raises(TrainingError, match=r"There is no data description .*none.json"):
        read_config(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{,}")
    with pytest.raises(TrainingError, match=r"bad.json is not valid json"):
        read_config(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(TrainingError, match=r"list.json is not a json object"):
        read_config(tmp_path / "list.json")


def test_schemes_must_be_there_and_name_subsets(public_config):
    with pytest.raises(TrainingError, match='no scheme "1"'):
        read_config(public_config(schemes={"2": {"lits-val": 1.0}}))
    with pytest.raises(TrainingError, match="scheme 1 names the subset all, which is not listed"):
        read_config(public_config(schemes={"1": {"all": 1.0}}))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"train": [FIRST]}, "only one subject, hippocampus_001, for training in images/{name}.nii.gz; pairs need two"),
        ({"train": [FIRST, "x"]}, "There is no file .*images/x.nii.gz"),
        ({"labels": "masks/{name}.nii.gz"}, "There is no file .*masks/hippocampus_001.nii.gz"),
        ({"train": None, "val": None, "images": "{name}.mha"}, r"No image in .*msd_hippocampus is called {name}.mha"),
        ({"root": "/nowhere"}, "There is no data folder /nowhere"),
        ({"augmentation": "none", "grid": {"shape": [32, 32, 32], "spacing": [1, 2]}}, "one grid of one spacing"),
    ],
)
def test_what_is_missing_is_said_before_the_first_item(folder_config, changed, sentence):
    with pytest.raises(TrainingError, match=sentence):
        stream(folder_config(**changed), 0, 0)


def test_what_an_hdf5_file_lacks_is_said(public_config):
    with pytest.raises(TrainingError, match=r"msd.h5 has no subject liver/200"):
        check_data(public_config(subsets={"train": ["liver/200", "liver/132"], "lits-val": [], "pigs-val": []}))
    with pytest.raises(TrainingError, match=r"msd.h5 has no group lever"):
        check_data(public_config(subsets={"train": ["lever/*"], "lits-val": [], "pigs-val": []}))
    path = public_config()
    with h5py.File(path.parent / "msd.h5", "r+") as file:
        file["liver/132/segmentation"] = np.zeros((16, 16, 15), np.uint8)
        del file["liver/133/volume"]
    with pytest.raises(TrainingError, match=r"segmentation of liver/132 lies on another grid.*16 x 16 x 15 voxels"):
        check_data(path)
    with h5py.File(path.parent / "msd.h5", "r+") as file:
        del file["liver/132/segmentation"]
    with pytest.raises(TrainingError, match=r"subject liver/133 has no dataset called volume"):
        check_data(path)
    path = public_config()
    with h5py.File(path.parent / "msd.h5", "r+") as file:
        volume = file["liver/132/volume"][...] / 255.0
        del file["liver/132/volume"]
        file["liver/132/volume"] = volume.astype(np.float32)
    with pytest.raises(TrainingError, match=r"volume of liver/132 holds float32; in these files it is uint8"):
        check_data(path)
    (path.parent / "msd.h5").write_bytes(b"no HDF5")
    with pytest.raises(TrainingError, match=r"msd.h5 is no HDF5 file, or damaged"):
        check_data(path)
    (path.parent / "msd.h5").unlink()
    with pytest.raises(TrainingError, match=r"There is no file .*msd.h5"):
        check_data(path)


def test_files_without_a_prefix_of_their_own_need_a_common_one(public_config):
    path = public_config()
    content = json.loads(path.read_text())
    del content["files"]["/"]
    path.write_text(json.dumps(content))
    with pytest.raises(
        TrainingError, match=r"No HDF5 file is named for liver/13\[2-9\]; there are files for lits, pigs"
    ):
        check_data(path)


@pytest.mark.parametrize("changed", [{"files": {"/": "msd.h5"}}, {"subsets": ["train"]}, {"schemes": ["1"]}])
def test_a_json_of_another_build_is_refused_in_a_sentence(public_config, changed):
    with pytest.raises(TrainingError, match=r"public\.json is not built as|scheme"):
        read_config(public_config(**changed))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"train": [1, 14]}, "train is a list of names"),
        ({"train": "hippocampus_001"}, "train is a list of names"),
        ({"images": 5}, "not built as"),
        ({"losses": [1]}, "losses an object"),
        ({"grid": {"shape": 48, "spacing": 1.0}}, "not built as|three even numbers"),
        ({"structures": "2"}, "structures is a number"),
        ({"strength": "a"}, "strength is a number"),
        ({"deformation": [24, 1.5]}, r"deformation lists \[correlation length"),
        ({"view": {"turn": 3}}, "view has the unknown entry turn"),
    ],
)
def test_entries_of_a_wrong_kind_are_refused_in_a_sentence(folder_config, changed, words):
    with pytest.raises(TrainingError, match=words):
        read_config(folder_config(**changed))


def test_a_description_without_tasks_cannot_be_trained_on(training_folder):
    with pytest.raises(TrainingError, match=r"evaluation\.json has no tasks"):
        check_data(training_folder / "configs" / "evaluation.json")


def test_whoever_is_evaluated_on_is_not_trained_on(folder_config):
    """Also if the validation subjects are given by their pairs alone."""
    path = folder_config(train=None, val=None, val_pairs=[["hippocampus_001", "hippocampus_001"]])
    config = read_config(path)
    (description,) = config["datasets"].values()
    assert subject_names(data_root(config, path), description, "train") == ["hippocampus_014"]
