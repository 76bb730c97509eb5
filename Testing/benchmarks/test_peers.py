"""Other tools as the benchmark runs them: each finds a known motion in an oblique geometry, the right way round.

Which environments exist depends on the machine (``make bench`` makes them in .bench); what needs none is tested always.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import catalog
import numpy as np
import pytest
from LDRRegistrationLib.space.grid import Grid, transformPoints
from LDRRegistrationLib.space.image import Image

sys.path.append(str(catalog.ROOT / "benchmarks"))

from aldk.evaluation.pairs import EvaluationPair
from peers import load, peer
from peers.peer import PEERS, Peer, PeerFailed

SHAPE = (44, 52, 48)
BUMP_MM, BUMP_SIGMA_MM = 4.0, 14.0
# One an environment is enough where two differ in a setting, and full SyN takes minutes.
LEFT_OUT = ("ANTs SyN",)


def grid(shift_mm: float) -> Grid:
    """Oblique, with three spacings, its middle at the origin but for ``shift_mm`` along each axis."""
    a, b = np.radians([12.0, -8.0])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_z @ about_x @ np.diag([2.0, 1.8, 2.2])
    matrix[:3, 3] = -matrix[:3, :3] @ (np.array(SHAPE[::-1]) - 1) / 2 + shift_mm
    return Grid(SHAPE, matrix)


def voxels(of: Grid) -> np.ndarray:
    """(k, j, i, 3), RAS mm."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in of.shape), indexing="ij")
    return transformPoints(of.ijkToRas, np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)).reshape(*SHAPE, 3)


def motion(points: np.ndarray) -> np.ndarray:
    """T(x): a shift, a little growth, and a bump at the origin that is no affine map."""
    away = np.linalg.norm(points, axis=-1, keepdims=True)
    bump = BUMP_MM * np.exp(-((away / BUMP_SIGMA_MM) ** 2) / 2) * np.array([0.48, -0.6, 0.64])
    return points * 1.02 + np.array([3.0, -2.0, 1.5]) + bump


def shown(points: np.ndarray) -> np.ndarray:
    """A body of 34 mm with blobs, given at any point in mm."""
    random = np.random.default_rng(5)
    body = 1 / (1 + np.exp((np.linalg.norm(points, axis=-1) - 34) / 1.5))
    texture = np.zeros(points.shape[:-1])
    for center, sigma, sign in zip(
        random.uniform(-30, 30, (160, 3)), random.uniform(3, 6, 160), random.choice([-1, 1], 160), strict=True
    ):
        texture += sign * np.exp(-((points - center) ** 2).sum(axis=-1) / (2 * sigma**2))
    return (body * (500 + 250 * texture)).clip(0).astype(np.float32)


@pytest.fixture(scope="module")
def pair() -> EvaluationPair:
    fixed, moving = grid(0.0), grid(6.0)
    images = (Image(shown(motion(voxels(fixed))), fixed.ijkToRas), Image(shown(voxels(moving)), moving.ijkToRas))
    return EvaluationPair("known", *images)


def errors(pair: EvaluationPair, displacement: np.ndarray) -> tuple[float, float]:
    """Mean mm in the body, and where the bump is."""
    points = voxels(pair.fixed.grid)
    off = np.linalg.norm(points + displacement - motion(points), axis=-1)
    away = np.linalg.norm(points, axis=-1)
    return float(off[away < 28].mean()), float(off[away < 10].mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PEERS if name not in LEFT_OUT])
def test_a_known_motion_is_found_the_right_way_round(name: str, pair: EvaluationPair) -> None:
    if not PEERS[name].python.is_file():
        pytest.skip(f"make bench makes {PEERS[name].environment}")
    answer = PEERS[name](pair)
    body, bump = errors(pair, answer.displacement)
    print(name, body, bump)
    assert body < 1.0
    assert bump < BUMP_MM / 2, "an affine map alone leaves about 3 mm, a displacement the wrong way round 6"
    assert answer.values["cold_seconds"] > answer.values["seconds"] > 0
    assert answer.values["cpu_seconds"] > 0
    assert answer.values["peak_mb"] > 50


FAKE = """
import os, sys
import numpy as np
import SimpleITK as sitk
from process import THREADS, serve

def register(fixed, moving, how):
    if how == "fails":
        raise RuntimeError("no overlap")
    total = sum(i * i for i in range(500_000))
    assert os.environ["OMP_NUM_THREADS"] == str(THREADS), os.environ["OMP_NUM_THREADS"]
    def finish():
        vectors = np.tile(np.array([1.0, 2.0, 3.0], np.float32), (*fixed.GetSize()[::-1], 1))
        field = sitk.GetImageFromArray(vectors, isVector=True)
        field.CopyInformation(fixed)
        return sitk.WriteImage, field
    return finish

serve(register, lambda path: sitk.ReadImage(path, sitk.sitkFloat32))
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """A tool that answers with one shift, run by this Python."""
    python = tmp_path / "bench" / "here" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    for name in peer.SHARED_SCRIPTS:
        (tmp_path / name).write_text((peer.HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "fake.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setattr(peer, "HERE", tmp_path)
    monkeypatch.setattr(peer, "BENCH", tmp_path / "bench")
    monkeypatch.setattr(peer, "_version", lambda python, package: f"{package} 1.0")
    # A link alone would lose the packages of the environment that it points into.
    monkeypatch.setattr(Peer, "python", property(lambda self: Path(sys.executable)))
    return Peer("Fake", "fake", "works", "here", ("fake",))


def test_the_answer_of_a_process_is_in_ras_and_timed(fake: Peer, pair: EvaluationPair) -> None:
    answer = fake(pair)
    assert np.allclose(answer.displacement, (-1, -2, 3))
    assert answer.displacement.shape == (*SHAPE, 3)
    values = answer.values
    assert 0 < values["seconds"] < values["cold_seconds"]
    assert values["cpu_seconds"] > 0
    assert values["loaded"] in (0, 1)


def test_a_tool_that_fails_is_said_with_its_words(fake: Peer, pair: EvaluationPair) -> None:
    with pytest.raises(PeerFailed, match="no overlap"):
        dataclasses.replace(fake, how="fails")(pair)


def test_a_tool_that_hangs_fails(fake: Peer, pair: EvaluationPair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "LONGEST_SECONDS", 0.01)
    with pytest.raises(PeerFailed, match="not done after"):
        fake(pair)


def test_another_version_or_script_is_another_key(fake: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fake.key()
    assert before == dataclasses.replace(fake, shown="Other name").key()
    monkeypatch.setattr(peer, "_version", lambda python, package: f"{package} 1.1")
    newer = fake.key()
    (peer.HERE / "fake.py").write_text(FAKE + "\n", encoding="utf-8")
    assert len({before, newer, fake.key()}) == 3


def test_work_of_others_is_told_from_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process works for 0.2 s: with all else still nothing is marked, with another core busy it is."""
    for others, loaded in ((0.0, 0), (1.0, 1)):
        start, own = time.perf_counter(), load._own_seconds()
        monkeypatch.setattr(
            load,
            "_busy_seconds",
            lambda start=start, own=own, others=others: (
                load._own_seconds() - own + others * (time.perf_counter() - start)
            ),
        )
        watched = load.Load()
        while load._own_seconds() - own < 0.2:
            pass
        assert watched.values()["loaded"] == loaded
