"""Problems: a page for people, problem details for systems."""

import pytest

from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import HTML, visiting
from rul_platform_tests.service.running import Running


@pytest.mark.parametrize("path", ["/nowhere", f"/plants/{PRESS}x", f"/plants/{PRESS}/units/nobody"])
def test_what_is_not_there_is_told_on_a_page(running: Running, path: str):
    with visiting(running) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is nothing here" in answer.text
    assert "Sign out" in answer.text
    assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/audit/versions/{plant}:{number}",
        "/audit/versions/{plant}:{number}/dossier",
        "/plants/{plant}/versions/{number}/report",
    ],
)
def test_a_version_s_number_that_no_database_holds_is_told_on_a_page(running: Running, path: str):
    with visiting(running) as client:
        for number in (2**31 - 1, 2**31, 10**20, 0, -1):
            answer = client.get(path.format(plant=PRESS, number=number))
            assert answer.status_code == (404 if number == 2**31 - 1 else 422)
            assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_what_one_may_not_do_is_told_with_the_navigation_still_there(running: Running):
    with visiting(running, "read") as client:
        answer = client.post(f"/plants/{PRESS}/feedback", data={})
    assert answer.status_code == 403
    assert "You may not do this" in answer.text
    assert "Sign out" in answer.text


def test_systems_get_problem_details_whatever_they_accept(running: Running):
    with running.client() as client:
        for headers in ({}, HTML):
            answer = client.get("/api/v1/rul/models/nothing:1", headers=headers)
            assert answer.headers["content-type"] == "application/problem+json"


def test_what_a_caller_wrote_is_shown_as_text(running: Running):
    with visiting(running) as client:
        answer = client.get(f"/plants/{PRESS}/units/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_files_of_pages_are_kept_for_good_under_their_hash(running: Running):
    with visiting(running, None) as client:
        page = client.get("/sign-in").text
        address = page.split('rel="stylesheet" href="')[1].split('"')[0]
        answer = client.get(address)
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert client.get(address.replace("/static/", "/static/0")).status_code == 404
        assert client.get("/static/x/../../../etc/passwd").status_code == 404


def test_pages_themselves_are_kept_nowhere_and_framed_by_nobody(running: Running):
    with visiting(running) as client:
        answer = client.get(f"/plants/{PRESS}")
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert " style=" not in answer.text
