"""The published archive over HTTP: kept, continued, proven, or explained."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rul_platform.core.cmapss import SUBSETS
from rul_platform.errors import ArchiveError, DataNotFoundError, WrongHashError
from rul_platform.storage.cmapss_source import DOWNLOADED, CmapssSource
from rul_platform.storage.downloads import Patience
from rul_platform_tests.storage.archive_server import (
    ArchiveServer,
    cut_off_after,
    serving,
    silent,
    status,
)
from rul_platform_tests.storage.cmapss_copies import (
    FOLDER,
    INNER,
    OUTER,
    fetched,
    is_the_sample,
    zipped,
)

IMPATIENT = Patience(attempts=2, read_seconds=0.2, backoff_seconds=0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """Serves the published nesting with other content; never asked through a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(OUTER) as server:
        yield server


@pytest.fixture
def source(server: ArchiveServer, tmp_path: Path):
    """Nothing given, nothing cached, but a server."""
    return CmapssSource(given=None, cache=tmp_path / "cache", url=server.url, patience=IMPATIENT)


def test_it_is_kept_for_the_next_time(server, source):
    first, second = fetched(source), fetched(source)

    assert is_the_sample(first)
    assert is_the_sample(second)
    assert (first.origin, second.origin) == (server.url, str(source.cache / DOWNLOADED))
    assert (source.cache / DOWNLOADED).read_bytes() == OUTER
    assert len(server.asked) == 1


def test_progress_is_told(source):
    seen: list[tuple[int, int | None]] = []

    source.fetch(
        "FD001",
        accept_other_data=True,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[-1] == (len(OUTER), len(OUTER))


def test_an_interrupted_one_says_how_to_go_on_and_does(server, source):
    noise = np.random.default_rng(0).bytes(100_000)  # more than one chunk, and incompressible
    server.body = zipped({f"{FOLDER}/CMAPSSData.zip": INNER, "noise": noise})
    server.answers = [cut_off_after(65536), status(503)]
    with pytest.raises(DataNotFoundError, match=r"goes on from the 65536 bytes that are kept"):
        fetched(source)

    assert is_the_sample(fetched(source))
    assert server.ranges_asked()[-1] == "bytes=65536-"
    assert sorted(path.name for path in source.cache.iterdir()) == ["cmapss.lock", DOWNLOADED]


def test_wrong_bytes_are_refused_by_their_hash_and_not_kept(server, source):
    with pytest.raises(WrongHashError) as refusal:
        source.fetch("FD001")

    assert f"{server.url}/train_FD001.txt: sha256 is" in str(refusal.value)
    assert [path.name for path in source.cache.iterdir()] == ["cmapss.lock"]


def test_a_web_page_instead_of_the_archive_is_refused_and_not_kept(server, source):
    server.body = b"<html>please log in</html>"

    with pytest.raises(ArchiveError) as refusal:
        source.fetch("FD001")

    assert str(refusal.value).startswith(f"{server.url}: this is no complete zip archive")
    assert [path.name for path in source.cache.iterdir()] == ["cmapss.lock"]


def test_partitions_side_by_side_download_once(server, source):
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda subset: fetched(source, subset), SUBSETS))

    assert all(is_the_sample(files) for files in found)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([status(404)], "the server answered 404 Not Found"),
        ([silent, silent], "no complete file after 2 attempts, at last because of ReadTimeout"),
    ],
)
def test_when_the_download_fails(server, source, answers, reason):
    server.answers = answers

    with pytest.raises(DataNotFoundError) as refusal:
        fetched(source)

    assert f"and the download failed: {server.url}: {reason}" in str(refusal.value)


@pytest.mark.data
def test_nasas_nesting_is_downloaded_through_a_cut_and_proven_by_hash(real_data, server, source):
    inner = (real_data / "CMAPSSData.zip").read_bytes()
    server.body = zipped({f"{FOLDER}/CMAPSSData.zip": inner})
    server.answers = [cut_off_after(len(server.body) // 2)]

    files = source.fetch("FD003")

    assert files.origin == server.url
    assert len(server.asked) == 2
