"""`rul store`, as a person types it."""

from pathlib import Path

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.storage.object_store import Weather, new_bucket


def test_artifacts_move_to_a_bucket_and_everything_reads_them_there(
    tmp_path: Path, s3_server: str, weather: Weather, s3_credentials: None
):
    del s3_credentials
    terminal = Terminal(tmp_path / "home")
    made = terminal.open().store.write({"card.json": b"{}"})
    url = f"s3://{new_bucket(s3_server)}/rul"
    there = {"RUL_STORE": url, "RUL_STORE_ENDPOINT": weather.url}

    checked = terminal.types("store", "copy", url, "--check", RUL_STORE_ENDPOINT=weather.url)
    done = terminal.types("store", "copy", url, RUL_STORE_ENDPOINT=weather.url)

    assert (checked.code, "lacks a file" in checked.out) == (1, True)
    assert done.out == f"1 artifacts are whole in {url}: 2 files sent (0.0 MB), 0 were there.\n"
    (tmp_path / "home" / "store").rename(tmp_path / "old")
    assert terminal.reads("store", "copy", "home", **there)["sent"] == 2
    assert terminal.open().store.verify(made.sha256) == ()
    assert "0 leftovers" in terminal.types("store", "sweep", **there).out


def test_a_place_that_is_none_is_refused(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")

    assert (
        "The place to copy to is 'gs://…', but must be s3://"
        in terminal.types("store", "copy", "gs://bucket").err
    )
    same = terminal.types("store", "copy", "home")
    assert (same.code, "artifacts lie in the home folder already" in same.err) == (2, True)
