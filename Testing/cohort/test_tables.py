"""What names many pairs: tables, patterns, BIDS datasets; and those that are unusable."""

import json

import pytest
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.cohort import bids, globbed, table
from LDRRegistrationLib.runtime.errors import RegistrationError

GOOD = "fixed\tmoving\nf.nii\tm.nii\n"


def test_a_table_that_is_not_there_is_a_sentence(tmp_path, capsys):
    assert main(["--pairs", str(tmp_path / "gone.tsv"), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "gone.tsv cannot be read" in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("fixed\tmoving\n", "names no pair"),
        ("fixed\tname\nf.nii\ta\n", "has no column 'moving'"),
        ("fixed,moving\nf.nii,m.nii\n", "has no column 'fixed'"),
        ("fixed\tmoving\tmoving\nf\tm\tm\n", "two columns named 'moving'"),
        ("fixed\tmoving\tfixd_mask\nf\tm\tx\n", "is 'fixed_mask' meant"),
        ("fixed\tmoving\nf.nii\n", "Line 2 of"),
        ("fixed\tmoving\nf.nii\tn/a\n", "Line 2 of"),
        ("name\tfixed\tmoving\na\tf\tm\nA\tf\tn\n", "two pairs with the same output"),
        ("fixed\tmoving\nf\tx/m.nii\ng\ty/m.nii.gz\n", "two pairs with the same output"),
        ("name\tfixed\tmoving\n../a\tf\tm\n", "choose another name"),
        ("name\tfixed\tmoving\na/b\tf\tm\n", "choose another name"),
        ("name\tfixed\tmoving\n.a\tf\tm\n", "choose another name"),
        ("name\tfixed\tmoving\ncon.x\tf\tm\n", "a device on Windows"),
        ("name\tfixed\tmoving\ncohort.tsv\tf\tm\n", "a file of ours"),
        ("fixed\tmoving\n\0\tm\n", "not text"),
        ("fixed\tmoving\nf\t\xff\n".encode("latin-1"), "not text"),
    ],
)
def test_a_table_that_is_unusable_is_status_2_and_one_sentence(tmp_path, text, sentence, capsys):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["--pairs", str(path), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and sentence in said, said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--pairs", "TABLE", "--jobs", "0"], "not a whole number of at least 1"),
        (["--pairs", "TABLE", "a.nii", "b.nii"], "cannot be given besides"),
        (["--pairs", "missing.tsv"], "cannot be read"),
        (["--pairs", "TABLE", "--labels", "l.nii"], "column of the table"),
        (["--pairs", "TABLE", "--fixed", "t.nii"], "cannot be used with --fixed"),
        (["--pairs", "TABLE", "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"], "--jobs is for this machine"),
        (["--fixed", "t.nii"], "needs --moving-glob"),
        (["--moving-glob", "*.nii"], "can be used only with"),
        (["--fixed", "t.nii", "--moving-glob", "nothing-*.nii"], "No file is named like"),
        (["--bids", "."], "is no BIDS dataset"),
        (["a.nii", "b.nii", "--jobs", "2"], "can be used only with"),
        (["--estimate", "100"], "has measured 0 pairs"),
        (["--pairs", "TABLE", "--price", "1"], "only with --estimate"),
        (["--pairs", "TABLE", "--model", "none such"], "no model named"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, sentence, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pairs.tsv"
    path.write_text(GOOD)
    arguments = [str(path) if option == "TABLE" else option for option in options]
    try:
        status = main([*arguments, "-o", str(tmp_path / "out")])
    except SystemExit as ended:
        status = ended.code
    said = capsys.readouterr().err
    assert status == 2 and said.count("\n") == 1 and sentence in said, said


def test_a_table_says_all_that_a_pair_has(tmp_path):
    path = tmp_path / "pairs.csv"
    columns = "name,fixed,moving,fixed_mask,moving_mask,labels,initial,change_mask,fixed_date,moving_date,site"
    path.write_text(f'\ufeff{columns}\r\n"a b",f.nii,/m.nii,,n/a,l.nii,t.h5,,2024-05-31,,Ulm\r\n\r\n', encoding="utf-8")
    (pair,), notes = table.readPairs(path)
    assert pair.name == pair.folder == "a b" and pair.dates == ("2024-05-31", None) and pair.extra == {"site": "Ulm"}
    assert {role: str(found) for role, found in pair.inputs.items()} == {
        "fixed": str(tmp_path / "f.nii"),
        "moving": "/m.nii",
        "labels": str(tmp_path / "l.nii"),
        "initial": str(tmp_path / "t.h5"),
    }
    assert len(notes) == 1 and "site" in notes[0]


def test_names_of_a_pattern_do_not_depend_on_what_else_is_found(tmp_path):
    template = tmp_path / "data" / "sub-0" / "T1.nii.gz"
    for name in ("sub-0", "sub-1", "sub-2"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "T1.nii.gz").touch()
    pairs, notes = globbed.findPairs(template, f"{tmp_path}/data/*/T1.nii.gz", None)
    assert [pair.name for pair in pairs] == ["sub-1_T1", "sub-2_T1"] and "is the template itself" in notes[0]
    pairs, _ = globbed.findPairs(template, f"{tmp_path}/data/sub-1/*.nii.gz", tmp_path / "m.nii")
    assert pairs[0].name == "T1" and pairs[0].files == {"fixed_mask": tmp_path / "m.nii"}


def make_dataset(root, images, image=None):
    """A BIDS dataset of images named by their paths below ``root``."""
    root.mkdir()
    description = {"Name": "Test", "BIDSVersion": "1.9.0", "DatasetType": "raw"}
    (root / "dataset_description.json").write_text(json.dumps(description))
    for name in images:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"" if image is None else image.read_bytes())
    return root


def test_a_bids_dataset_to_a_template_and_sessions_to_the_first(tmp_path):
    images = [f"sub-01/ses-{n}/anat/sub-01_ses-{n}_T1w.nii.gz" for n in (1, 2, 10)]
    images += ["sub-01/ses-2/anat/sub-01_ses-2_acq-b_T1w.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz"]
    images += ["sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii.gz", "derivatives/sub-09/anat/sub-09_T1w.nii.gz"]
    root = make_dataset(tmp_path / "data", images)
    template = tmp_path / "tpl-MNI152NLin6Asym_res-01_T1w.nii.gz"
    pairs, _ = bids.findPairs(root, "T1w", template, None)
    assert len(pairs) == 5 and {pair.fixed for pair in pairs} == {template}
    reports = {pair.reportPath for pair in pairs}
    assert "sub-02/anat/sub-02_from-T1w_to-MNI152NLin6Asym_mode-image_xfm.json" in reports
    assert "sub-01/ses-2/anat/sub-01_ses-2_acq-b_from-T1w_to-MNI152NLin6Asym_mode-image_xfm.json" in reports
    pairs, notes = bids.findPairs(root, "T1w", None, None)
    assert [pair.moving.name for pair in pairs] == ["sub-01_ses-2_T1w.nii.gz", "sub-01_ses-10_T1w.nii.gz"]
    assert {pair.fixed.name for pair in pairs} == {"sub-01_ses-1_T1w.nii.gz"} and len(notes) == 1
    with pytest.raises(RegistrationError, match="no subject has two sessions"):
        bids.findPairs(root, "FLAIR", None, None)
    with pytest.raises(RegistrationError, match="no image is named"):
        bids.findPairs(root, "PDw", None, None)
