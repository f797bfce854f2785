"""A download ends with the whole file, goes on later, or says why not."""

import socket
from pathlib import Path

import pytest

from rul_platform.errors import DownloadError, StoreFullError
from rul_platform.storage.downloads import Download, Patience
from rul_platform_tests.storage.archive_server import (
    ArchiveServer,
    chunks_without_end,
    cut_off_after,
    serving,
    silent,
    status,
    whole,
)

BODY = bytes(range(256)) * 1000
"""Larger than one chunk, and no two neighbouring parts are alike."""

HALF = 2 * 65536
"""A whole number of chunks: of a chunk that is cut off, nothing is kept."""

IMPATIENT = Patience(attempts=2, connect_seconds=5, read_seconds=0.2, backoff_seconds=0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """A server on this machine, never asked through a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(BODY) as server:
        yield server


@pytest.fixture
def download(server: ArchiveServer, tmp_path: Path):
    """The download of the server's file."""
    return Download(url=server.url, partial=tmp_path / "file.partial", patience=IMPATIENT)


def test_the_whole_file_arrives_and_gets_its_name(server, tmp_path):
    seen: list[tuple[int, int | None]] = []
    download = Download(
        url=server.url,
        partial=tmp_path / "file.partial",
        progress=lambda done, total: seen.append((done, total)),
    )

    download.complete()
    download.publish(tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))
    assert server.ranges_asked() == [None]


def test_after_a_cut_the_rest_is_asked_for_and_no_more(server, download):
    server.answers = [cut_off_after(HALF)]

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked() == [None, f"bytes={HALF}-"]
    assert server.asked[1]["If-Range"] == '"first"'


def test_what_came_before_an_interruption_is_kept_for_the_next_time(server, download):
    server.answers = [cut_off_after(HALF), status(503)]
    with pytest.raises(DownloadError) as refusal:
        download.complete()
    said = str(refusal.value)
    assert "no complete file after 2 attempts, at last because of the answer 503" in said
    assert f"goes on from the {HALF} bytes that are kept in {download.partial}" in said

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked()[-1] == f"bytes={HALF}-"


def test_a_server_that_ignores_ranges_sends_all_again(server, download):
    server.answers = [cut_off_after(HALF), whole]

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked() == [None, f"bytes={HALF}-"]


def test_a_file_that_changed_meanwhile_is_not_patched_together(server, download):
    server.answers = [cut_off_after(HALF), status(503)]
    with pytest.raises(DownloadError, match="kept in"):
        download.complete()
    server.body, server.validators = BODY[::-1], {"ETag": '"second"'}

    download.complete()

    assert download.partial.read_bytes() == BODY[::-1]


@pytest.mark.parametrize("validators", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_strong_validator_all_is_asked_for_again(server, download, validators):
    server.validators = validators
    server.answers = [cut_off_after(HALF)]

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked() == [None, None]


def test_a_date_serves_where_there_is_no_etag(server, download):
    server.validators = {"Last-Modified": "Wed, 01 Oct 2008 00:00:00 GMT"}
    server.answers = [cut_off_after(HALF)]

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.asked[1]["If-Range"] == "Wed, 01 Oct 2008 00:00:00 GMT"


def test_bytes_of_another_address_are_not_continued(server, download, tmp_path):
    server.answers = [cut_off_after(HALF), status(404)]
    with pytest.raises(DownloadError, match="404"):
        download.complete()

    Download(
        url=server.url.replace("archive", "mirror"), partial=tmp_path / "file.partial"
    ).complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked()[-1] is None


def test_a_file_that_was_complete_is_not_sent_again(server, download):
    download.complete()
    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked() == [None, f"bytes={len(BODY)}-"]


def test_an_answer_with_another_range_starts_all_over(server, download):
    elsewhere = status(206, {"Content-Range": f"bytes 7-{len(BODY) - 1}/{len(BODY)}"})
    server.answers = [cut_off_after(HALF), elsewhere]
    with pytest.raises(DownloadError, match="an answer 206 that does not fit the range asked for"):
        download.complete()

    download.complete()

    assert download.partial.read_bytes() == BODY
    assert server.ranges_asked()[-1] is None


def test_a_file_of_unknown_length_arrives(server, download):
    server.answers = [chunks_without_end]

    download.complete()

    assert download.partial.read_bytes() == BODY


def test_an_absent_file_is_not_asked_for_twice(server, download):
    server.answers = [status(404)]

    with pytest.raises(DownloadError) as refusal:
        download.complete()

    assert f"{server.url}: the server answered 404 Not Found" in str(refusal.value)
    assert len(server.asked) == 1


def test_a_silent_server_is_given_up(server, download):
    server.answers = [silent, silent]

    with pytest.raises(DownloadError, match=r"after 2 attempts, at last because of ReadTimeout"):
        download.complete()


def test_a_server_that_is_not_there_is_named(tmp_path):
    with socket.socket() as taken:  # bound but not listening, so that nobody answers there
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/archive.zip"
        download = Download(url=url, partial=tmp_path / "file.partial", patience=IMPATIENT)
        with pytest.raises(DownloadError) as refusal:
            download.complete()
    assert str(refusal.value).startswith(f"{url}: no complete file after 2 attempts")
    assert "ConnectionError" in str(refusal.value)
    assert str(refusal.value).endswith("Is this machine online? Try again.")


def test_a_password_or_token_in_the_address_is_not_repeated(server, tmp_path):
    server.answers = [silent]
    url = f"{server.url.replace('://', '://me:secret@')}?token=secret"
    patience = Patience(attempts=1, read_seconds=0.1)
    download = Download(url=url, partial=tmp_path / "file.partial", patience=patience)

    with pytest.raises(DownloadError) as refusal:
        download.complete()

    assert str(refusal.value).startswith(f"{server.url}: no complete file")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["archive.zip", "ftp://127.0.0.1/archive.zip", "http://"])
def test_what_is_no_address_is_refused_at_once(tmp_path, url):
    download = Download(url=url, partial=tmp_path / "file.partial")

    with pytest.raises(DownloadError, match="is not an http or https address"):
        download.complete()


@pytest.mark.parametrize("answer", [whole, chunks_without_end])
def test_a_file_that_is_far_too_large_is_given_up(server, tmp_path, answer):
    server.answers = [answer]
    download = Download(url=server.url, partial=tmp_path / "file.partial", limit_bytes=HALF)

    with pytest.raises(DownloadError, match=f"more than {HALF} bytes"):
        download.complete()

    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_says_so(server, tmp_path):
    partial = tmp_path / "file.partial"
    partial.symlink_to("/dev/full")
    download = Download(url=server.url, partial=partial, patience=IMPATIENT)

    with pytest.raises(StoreFullError, match=r"file\.partial: No space left on device"):
        download.complete()
