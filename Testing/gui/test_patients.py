"""What DICOM says of the chosen volumes: dates, the newest two, patients that differ."""

from __future__ import annotations

from typing import Any

import pytest
from harness.user import choose, click, wait_for


def in_study(volume: Any, patient: str, date: str) -> None:
    """As a series that is called like the volume."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    above = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), f"Patient {patient}")
    hierarchy.SetItemAttribute(above, "DICOM.PatientID", patient)
    study = hierarchy.CreateStudyItem(above, date)
    hierarchy.SetItemAttribute(study, "DICOM.StudyDate", date)
    item = hierarchy.CreateItem(study, volume)
    hierarchy.SetItemUID(item, "DICOM", f"1.2.{patient}.{date}")


def test_dates_stand_under_the_selectors_and_the_newer_is_fixed(panel: Any, add_volume: Any) -> None:
    import slicer

    older, newer = add_volume("Older"), add_volume("Newer")
    in_study(older, "7", "20190203")
    in_study(newer, "7", "20240506")
    panel.exit()
    panel.enter()
    choices = panel.logic.getParameterNode()
    assert (choices.fixedVolume, choices.movingVolume) == (newer, older)
    assert panel.ui.fixedInfoLabel.visible and panel.ui.fixedInfoLabel.text.startswith("2024-05-06")
    assert "2019-02-03" in panel.ui.movingInfoLabel.text and "7" in panel.ui.movingInfoLabel.text
    choose(panel.ui.fixedVolumeSelector, "Select a volume")
    assert not panel.ui.fixedInfoLabel.visible
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSubjectHierarchyNode") == 1


def test_the_newest_two_of_one_patient_and_one_kind_are_proposed(panel: Any, add_volume: Any) -> None:
    made = {}
    for number, (patient, date, name) in enumerate(
        [
            ("8", "20250101", "5: T1"),
            ("7", "20190203", "3: T2 FLAIR"),
            ("7", "20240506", "7: T1"),
            ("7", "20240506", "9: T2 FLAIR"),
            ("7", "20210304", "4: T2 FLAIR"),
        ]
    ):
        made[number] = add_volume(name)
        in_study(made[number], patient, date)
    panel.exit()
    panel.enter()
    choices = panel.logic.getParameterNode()
    assert (choices.fixedVolume, choices.movingVolume) == (made[3], made[4])


@pytest.mark.parametrize("answer", [True, False])
def test_different_patients_have_to_be_confirmed(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    import slicer
    from harness.panel import Computation, is_idle

    for number, volume in enumerate(pair):
        in_study(volume, str(number), "20240506")
    asked: list[str] = []

    def ask(text: str, **unused: Any) -> bool:
        asked.append(text)
        return answer

    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", ask)
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert len(asked) == 1 and "different patients (0 and 1)" in asked[0]
    assert (panel.logic.getParameterNode().outputTransform is not None) == answer


def test_names_of_patients_are_text_and_break(panel: Any, add_volume: Any) -> None:
    from harness import pythonqt
    from LDRRegistrationLib.gui.pairsection import breakable
    from PySide6.QtCore import Qt

    for name in ("fixedInfo", "movingInfo", "changesPair", "changesNotes", "judged", "status"):
        label = pythonqt.unwrap(getattr(panel.ui, f"{name}Label"))
        assert label.textFormat() == Qt.TextFormat.PlainText, name
    assert breakable("a" * 30).split("\u200b") == ["a" * 12, "a" * 12, "a" * 6]
    assert breakable("2010-05-01 · Muster") == "2010-05-01 · Muster"
