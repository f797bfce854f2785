"""What is told of a retrain that is asked for."""

from rul_platform.operation import triggering
from rul_platform.storage.home import Home
from rul_platform_tests.operation.rated_plant import NOW, PRESS, put_in_charge


def test_a_persons_own_words_leave_the_platform_in_no_alert(home: Home):
    put_in_charge(home)
    reason = "Ann says the new bearings run hot"

    retrain = triggering.force(home, PRESS, actor="a" * 64, reason=reason, now=NOW)

    assert retrain.reason == reason
    (alert,) = home.alerts.recent(5)
    expected = "Forced by a person; the reason is in `rul retrain history`. The champion serves"
    assert alert.text.startswith(expected)
    assert "Ann" not in alert.title + alert.text
