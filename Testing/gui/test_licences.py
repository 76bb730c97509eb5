"""A model that is not for any use is computed with only after the user has accepted its licence, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.panel import Computation, is_idle, node_names
from harness.user import choose, click, wait_for

RESTRICTED = "T1 brains (non-commercial use)"


@pytest.fixture
def questions(panel: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the user was asked; ``questions.answer`` is what the user says. Nothing was accepted before."""
    import slicer

    class Questions(list):
        answer = True

        def ask(self, text: str, **unused: Any) -> bool:
            self.append(text)
            return self.answer

    asked = Questions()
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", asked.ask)
    slicer.app.userSettings().clear()
    yield asked
    slicer.app.userSettings().clear()


def apply(panel: Any) -> None:
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")


def test_models_for_any_use_ask_nothing(panel: Any, pair: tuple[Any, Any], questions: Any) -> None:
    apply(panel)
    assert questions == [] and node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"]


def test_the_user_is_asked_once_and_the_answer_is_kept(panel: Any, pair: tuple[Any, Any], questions: Any) -> None:
    import slicer

    choose(panel.ui.modelComboBox, RESTRICTED)
    assert questions == [], "choosing computes nothing"
    apply(panel)
    assert len(questions) == 1 and "CC BY-NC 4.0" in questions[0] and "non-commercial" in questions[0]
    assert node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"]
    panel.onReload()
    again = slicer.modules.LDRRegistrationWidget
    again.enter()
    apply(again)
    assert len(questions) == 1, "also a later session of Slicer reads these settings"
    slicer.app.userSettings().sync()
    kept = Path(slicer.app.userSettings().fileName()).read_text()
    assert "c2f-brain-t1=CC BY-NC 4.0" in kept


def test_declined_nothing_is_computed_and_the_question_comes_again(
    panel: Any, pair: tuple[Any, Any], questions: Any
) -> None:
    questions.answer = False
    choose(panel.ui.modelComboBox, RESTRICTED)
    for times in (1, 2):
        apply(panel)
        assert len(questions) == times and node_names("vtkMRMLTransformNode") == []
    click(panel.ui.findChangesButton)
    assert len(questions) == 3 and is_idle(panel), "Find changes asks likewise"
    questions.answer = True
    apply(panel)
    assert node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"] and panel.errors == []


def test_another_licence_is_another_question(questions: Any) -> None:
    from LDRRegistrationLib.gui.licences import isAccepted
    from LDRRegistrationLib.registration.modelcards import ModelCard

    def card(licence: str, **content: Any) -> ModelCard:
        return ModelCard("m", Path("m.pt"), {"nonCommercial": True, "licence": licence, **content})

    assert isAccepted("m", [card("CC BY-NC 4.0")]) and isAccepted("m", [card("CC BY-NC 4.0")])
    assert len(questions) == 1
    assert isAccepted("m", [card("CC BY-NC-ND 4.0")])
    assert len(questions) == 2 and "CC BY-NC-ND 4.0" in questions[1]


def test_only_the_chosen_model_is_asked_for(questions: Any) -> None:
    from LDRRegistrationLib.gui.licences import isAccepted
    from LDRRegistrationLib.registration.modelcards import ModelCard

    questions.answer = False
    content = {"nonCommercial": True, "licence": "CC BY-NC 4.0"}
    cards = [ModelCard(name, Path(f"{name}.pt"), content) for name in ("one", "other")]
    assert isAccepted("auto", cards) and isAccepted("from-elsewhere", cards) and questions == []
    assert not isAccepted("other", cards) and len(questions) == 1


def test_the_console_asks_nothing(panel: Any, pair: tuple[Any, Any], questions: Any) -> None:
    import slicer
    from support.results import shift_result

    panel.logic.compute = lambda job, **unused: shift_result(job)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    panel.logic.registerVolumes(
        fixedVolumeNode=pair[0], movingVolumeNode=pair[1], outputTransformNode=transform, model="c2f-brain-t1"
    )
    assert transform.GetTransformFromParent() is not None and questions == []


def test_the_modules_help_names_the_licences_of_its_models(panel: Any) -> None:
    import slicer

    text = slicer.modules.ldrregistration.helpText
    for card in panel.logic.models.cards():
        assert card.name in text and card.content["licence"] in text
    assert "non-commercial use only" in text and "the code is MIT" in text
