"""A copy that was given is the only way; what lies in the cache comes before a download."""

from pathlib import Path

import pytest

from rul_platform.core.cmapss import SIMULATED, SUBSETS
from rul_platform.errors import ArchiveError, DataError, DataNotFoundError, WrongHashError
from rul_platform.storage.cmapss_source import DOWNLOADED, CmapssSource
from rul_platform_tests.storage.cmapss_copies import (
    FOLDER,
    INNER,
    OUTER,
    TEXTS,
    fetched,
    is_the_sample,
    zipped,
)


def given(path: Path, cache: Path = Path("unused")) -> CmapssSource:
    """A copy that the user gave, and an address where nobody may be asked."""
    return CmapssSource(given=path, cache=cache, url="http://127.0.0.1:1/unasked")


@pytest.fixture
def good_cache(tmp_path: Path):
    """A cache that would do, if the given copy were not the only way."""
    cache = tmp_path / "good cache"
    cache.mkdir()
    (cache / "CMAPSSData.zip").write_bytes(INNER)
    return cache


@pytest.fixture
def source(tmp_path: Path):
    """Nothing given, and an address where nobody may be asked."""
    return CmapssSource(given=None, cache=tmp_path / "cache", url="http://127.0.0.1:1/unasked")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(TEXTS, id="text files"),
        pytest.param({f"a/b/{name}": data for name, data in TEXTS.items()}, id="nested texts"),
        pytest.param({"CMAPSSData.zip": INNER}, id="inner zip"),
        pytest.param({f"{FOLDER}/CMAPSSData.zip": INNER}, id="unpacked outer zip"),
        pytest.param({"6.+Turbofan.zip": OUTER}, id="outer zip"),
        pytest.param({"CMAPSSData.zip": INNER, "outer.zip": OUTER}, id="the same twice"),
        pytest.param(
            {"CMAPSSData.zip": INNER, "filters.zip": zipped({"x.csv": b"1"})}, id="a stranger"
        ),
    ],
)
def test_a_folder_in_any_of_the_usual_forms(tmp_path, files):
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    found = fetched(given(tmp_path))

    assert is_the_sample(found)
    assert found.origin.startswith(str(tmp_path))


@pytest.mark.parametrize("data", [INNER, OUTER, zipped({f"x/{k}": v for k, v in TEXTS.items()})])
def test_a_zip_in_any_of_the_usual_forms(tmp_path, data):
    path = tmp_path / "any name.zip"
    path.write_bytes(data)

    found = fetched(given(path))

    assert is_the_sample(found)
    assert found.origin == str(path)


def test_a_folder_without_the_files_is_an_error_and_no_reason_to_go_on(tmp_path, good_cache):
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "train_FD001.txt").write_bytes(TEXTS["train_FD001.txt"])

    message = (
        f"{folder}: neither this folder nor a zip in it holds train_FD001.txt, "
        f"test_FD001.txt, RUL_FD001.txt."
    )
    with pytest.raises(ArchiveError) as refusal:
        fetched(given(folder, good_cache))
    assert str(refusal.value).startswith(message)


def test_a_zip_that_lacks_a_file_is_an_error(tmp_path):
    path = tmp_path / "some.zip"
    path.write_bytes(zipped({"train_FD001.txt": b"1", "test_FD001.txt": b"1"}))

    with pytest.raises(ArchiveError, match=r"some\.zip: 0 members are called RUL_FD001\.txt"):
        fetched(given(path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (OUTER[:-100], r"cut\.zip: this is no complete zip archive"),
        (
            zipped({"CMAPSSData.zip": INNER[:-100]}),
            r"cut\.zip/CMAPSSData\.zip: this is no complete zip archive",
        ),
        (b"", r"cut\.zip: this is no complete zip archive"),
    ],
)
def test_a_truncated_zip_is_an_error(tmp_path, good_cache, data, message):
    path = tmp_path / "cut.zip"
    path.write_bytes(data)

    with pytest.raises(ArchiveError, match=message):
        fetched(given(path, good_cache))


def test_two_different_copies_in_one_folder_are_not_chosen_between(tmp_path):
    for folder, addition in (("a", b""), ("b", b"1 2\n")):
        (tmp_path / folder).mkdir()
        for name, data in TEXTS.items():
            (tmp_path / folder / name).write_bytes(data + addition)

    with pytest.raises(DataError, match=r"a/train_FD001.txt and .*differ in content. Which one"):
        fetched(given(tmp_path))


def test_another_data_set_is_refused_unless_it_is_accepted(tmp_path):
    path = tmp_path / "other.zip"
    path.write_bytes(INNER)

    with pytest.raises(WrongHashError, match=r"other\.zip/train_FD001\.txt: sha256 is"):
        given(path).fetch("FD001")


@pytest.mark.parametrize("name", ["CMAPSSData.zip", DOWNLOADED])
def test_a_zip_that_the_user_put_there(source, name):
    source.cache.mkdir()
    (source.cache / name).write_bytes(INNER)

    found = fetched(source)

    assert is_the_sample(found)
    assert found.origin == str(source.cache / name)


def test_a_broken_zip_is_an_error(source):
    source.cache.mkdir()
    (source.cache / "CMAPSSData.zip").write_bytes(INNER[:1000])

    with pytest.raises(ArchiveError, match=r"cache/CMAPSSData\.zip: this is no complete zip"):
        fetched(source)


def test_when_the_download_is_switched_off(tmp_path):
    source = CmapssSource(given=None, cache=tmp_path / "cache", url="")

    with pytest.raises(DataNotFoundError) as refusal:
        source.fetch("FD004")

    first, *ways = str(refusal.value).splitlines()
    assert first == (
        f"FD004 was not found: RUL_CMAPSS is not set, the cache folder {tmp_path / 'cache'} "
        f"holds no copy, and the download is switched off (RUL_CMAPSS_URL is empty)."
    )
    expected = (
        "set RUL_CMAPSS to",
        f"into {source.cache}",
        "RUL_CMAPSS_URL is https",
        "--simulate",
    )
    assert ways[0] == "Do one of these:"
    for way, words in zip(ways[1:], expected, strict=True):
        assert words in way
    assert not source.cache.exists()


@pytest.mark.parametrize("subset", ["FD005", SIMULATED])
def test_what_is_no_subset_of_nasas(source, subset):
    with pytest.raises(DataNotFoundError, match=f"'{subset}' is not one of NASA's subsets: FD0"):
        source.fetch(subset)


@pytest.mark.data
@pytest.mark.parametrize("subset", SUBSETS)
def test_nasas_zip_gives_all_subsets_proven_by_hash(real_data, tmp_path, subset):
    source = CmapssSource(given=real_data / "CMAPSSData.zip", cache=tmp_path, url="")

    files = source.fetch(subset)

    assert files.train.startswith(b"1 1 ")
    assert len(files.rul.split()) == {"FD002": 259, "FD004": 248}.get(subset, 100)
