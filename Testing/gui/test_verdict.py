"""The panel says first whether a result can be trusted, and asks before a failed one reaches the scene."""

from __future__ import annotations

from typing import Any

import pytest
from harness.panel import Computation, is_idle, node_names, picture
from harness.user import choose, click, wait_for

WRONG = ("failed", "Nothing fits.")
COLORS = {"good": "#4e9a62", "check": "#b8841c", "failed": "#c0564d"}


def bar_of(label: Any) -> str:
    """The color at the label's left edge, as it is drawn."""
    from harness.pythonqt import unwrap

    image = unwrap(label).grab().toImage()
    return str(image.pixelColor(1, image.height() // 2).name())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that lets the user answer; what was asked is in ``asked.questions``."""
    import slicer

    def answer(yes: bool, meanwhile: Any = None) -> None:
        def ask(text: str, **unused: Any) -> bool:
            answer.questions.append(text)
            if meanwhile is not None:
                meanwhile()
            return yes

        monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", ask)

    answer.questions = []
    answer(True)
    return answer


def apply(panel: Any, verdict: tuple[str, str]) -> None:
    Computation(panel, verdict=verdict)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (("good", ""), "Alignment: good. Check the edges."),
        (("good", "One placement fits best."), "Alignment: good. Check the edges."),
        (("check", "They overlap little."), "Check: They overlap little."),
        (("check", ""), "Check: the result may be wrong."),
    ],
)
def test_the_first_line_is_the_verdict(
    panel: Any, pair: tuple[Any, Any], asked: Any, verdict: tuple[str, str], line: str
) -> None:
    status = panel.ui.statusLabel
    usual = status.toolTip
    apply(panel, verdict)
    assert status.text == line, "figures are for who points at it, and for the log"
    assert "0.300" in status.toolTip and bar_of(status) == COLORS[verdict[0]]
    assert verdict[0] != "good" or verdict[1] in status.toolTip
    said = panel.ui.logTextEdit.toPlainText()
    assert line in said and "0.300" in said and asked.questions == []
    # What qualifies it stands below, with a bar of its own.
    assert panel.ui.statusNotesLabel.visible and bar_of(panel.ui.statusNotesLabel) == COLORS["check"]
    picture(panel, f"verdict-{verdict[0]}")
    choose(panel.ui.prealignmentComboBox, "Rigid: shift and turn")
    assert line not in status.text and status.styleSheet == "" and status.toolTip == usual
    assert not panel.ui.statusNotesLabel.visible


def test_a_failed_result_is_kept_if_the_user_says_so(panel: Any, pair: tuple[Any, Any], asked: Any) -> None:
    before = []
    asked(True, meanwhile=lambda: before.extend(node_names("vtkMRMLTransformNode")))
    apply(panel, WRONG)
    assert len(asked.questions) == 1 and "Failed: Nothing fits." in asked.questions[0]
    assert before == [] and node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"]
    assert panel.ui.statusLabel.text == "Failed: Nothing fits."
    assert bar_of(panel.ui.statusLabel) == COLORS["failed"]
    picture(panel, "verdict-failed")


def test_a_failed_result_that_is_discarded_leaves_the_scene_as_it_was(
    panel: Any, pair: tuple[Any, Any], asked: Any
) -> None:
    import slicer

    before = [(node.GetID(), node.GetMTime()) for node in slicer.util.getNodesByClass("vtkMRMLTransformableNode")]
    asked(False)
    apply(panel, WRONG)
    after = [(node.GetID(), node.GetMTime()) for node in slicer.util.getNodesByClass("vtkMRMLTransformableNode")]
    assert after == before and panel.ui.outputTransformSelector.currentNode() is None
    assert panel.ui.statusLabel.text == "Discarded; the scene is as it was." and panel.errors == []
    assert panel.ui.applyButton.enabled and panel.ui.statusLabel.styleSheet == ""


def test_what_happens_while_the_user_is_asked_counts(panel: Any, pair: tuple[Any, Any], asked: Any) -> None:
    import slicer

    asked(True, meanwhile=lambda: slicer.mrmlScene.RemoveNode(pair[1]))
    apply(panel, WRONG)
    assert "removed from the scene" in panel.ui.logTextEdit.toPlainText() and panel.errors == []
    assert node_names("vtkMRMLTransformNode") == []


def test_the_user_closes_the_scene_while_asked(panel: Any, pair: tuple[Any, Any], asked: Any, add_volume: Any) -> None:
    import slicer

    def meanwhile() -> None:
        slicer.mrmlScene.Clear()
        add_volume("Another patient")
        add_volume("Another scan")

    asked(True, meanwhile=meanwhile)
    apply(panel, WRONG)
    assert "removed from the scene" in panel.ui.logTextEdit.toPlainText() and panel.errors == []
    assert node_names("vtkMRMLTransformNode") == []


def test_colors_are_seen_on_light_and_dark_windows(panel: Any) -> None:
    from LDRRegistrationLib.gui import verdicts

    assert verdicts.COLORS == COLORS

    def luminance(color: str) -> float:
        values = [int(color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for color in COLORS.values():
        for window in ("#efefef", "#323232"):
            high, low = sorted((luminance(color), luminance(window)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 2.5, (color, window)
