"""docs/command-line.md has every option, output and exit status, and no other."""

import re
from pathlib import Path

from LDRRegistrationLib.commandline.options import makeParser
from LDRRegistrationLib.commandline.outputfolder import OUTPUTS, frameFile

TEXT = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
SHOWN = [action for action in makeParser()._actions if action.help != "==SUPPRESS=="]


def section(title):
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_option_is_there_and_no_other():
    known = {name for action in SHOWN for name in action.option_strings}
    written = set(re.findall(r"`(--?[a-z][a-z-]*)", section("Options")))
    assert written == known


def test_every_option_says_what_it_does():
    for action in SHOWN:
        assert action.help and len(action.help) > 8, action.dest


def test_choices_are_those_of_the_program():
    rows = dict(re.findall(r"^\| (?:`-\w`, )?`(--[a-z-]+)`.*? \| (.*) \|$", TEXT, re.MULTILINE))
    choosing = [action for action in SHOWN if action.choices]
    assert choosing
    for action in choosing:
        for choice in action.choices:
            assert f"`{choice}`" in rows[action.option_strings[-1]], (action.dest, choice)


def test_every_output_is_there_and_no_other():
    written = set(re.findall(r"`([\w/]+\.[\w.]+)`", section("What it writes").partition("\n\nOUT_DIR holds")[0]))
    assert written == {*OUTPUTS, frameFile(0), frameFile(1)}


def test_every_exit_status_of_the_help_is_there():
    said = makeParser().format_help().partition("Exit status:")[2]
    rows = re.findall(r"^\| ([\d, ]+) \|", section("Exit status"), re.MULTILINE)
    written = {number for row in rows for number in re.findall(r"\d+", row)}
    assert set(re.findall(r"(?:^| )(\d+) ", said.replace("130 or 143", "130 143 "))) <= written
    assert {"0", "1", "2", "3", "130", "143"} <= written
