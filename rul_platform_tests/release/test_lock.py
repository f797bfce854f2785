"""The locks: complete, in step with the constraints, PyTorch apart."""

from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from deploy.release.lock import COMMON, GPU, TOP, Locked, read, split, write
from rul_platform_tests.test_checkout_files import PROJECT, needed, pins

BOTH = (*read(TOP / COMMON), *read(TOP / GPU))


def test_all_that_an_installation_needs_is_locked_with_hashes():
    extras = [
        line
        for extra, lines in PROJECT["optional-dependencies"].items()
        if extra != "dev"
        for line in lines
    ]

    assert needed(PROJECT["dependencies"] + extras) <= {each.name for each in BOTH}
    assert all(each.hashes for each in BOTH)


def test_the_locks_hold_the_versions_that_the_tests_passed_with():
    """What the constraints do not name is for other machines than those of the tests."""
    pinned = pins()

    assert {each.name: each.version for each in BOTH if each.name in pinned} == {
        each.name: pinned[each.name] for each in BOTH if each.name in pinned
    }
    assert all(each.marker or each.name in pinned for each in BOTH)


def test_pytorch_and_what_it_brings_for_a_gpu_stand_apart():
    common, gpu = split(BOTH)

    assert [each.name for each in common] == [each.name for each in read(TOP / COMMON)]
    assert {each.name for each in gpu} == {each.name for each in read(TOP / GPU)}
    assert {"torch", "triton"} <= {each.name for each in gpu}
    assert not {each.name for each in common} & {"torch", "triton"}
    assert {"sympy", "filelock", "numpy"} <= {each.name for each in common}


def test_a_lock_is_written_as_it_was_read(tmp_path: Path):
    write(tmp_path / "copy", read(TOP / COMMON))

    assert (tmp_path / "copy").read_bytes() == (TOP / COMMON).read_bytes()


def test_no_line_names_an_index():
    text = (TOP / COMMON).read_text() + (TOP / GPU).read_text()

    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize("line", ["numpy", "numpy>=2", "-e ."])
def test_a_line_that_locks_nothing_is_refused(tmp_path: Path, line: str):
    (tmp_path / "lock").write_text(line)

    with pytest.raises(ValueError, match="no line of a lock"):
        read(tmp_path / "lock")


def test_every_marker_can_be_read():
    for each in BOTH:
        assert canonicalize_name(each.name) == each.name
        assert not each.marker or Marker(each.marker)


def test_what_something_else_needs_too_is_no_gpu_s():
    def locked(name: str, marker: str, *via: str) -> Locked:
        return Locked(name=name, version="1", marker=marker, hashes=(), via=frozenset(via), text="")

    linux = "sys_platform == 'linux'"
    found = (
        locked("torch", "", "us"),
        locked("driver", linux, "torch"),
        locked("below", linux, "driver"),
        locked("shared", linux, "torch", "us"),
        locked("sympy", "", "torch"),
    )

    common, gpu = split(found)

    assert [each.name for each in gpu] == ["torch", "driver", "below"]
    assert [each.name for each in common] == ["shared", "sympy"]
