from datetime import time
from pathlib import Path

import pytest

from appliance.message_settings import KEY, TABLE, MessageSettings
from appliance.store.documents import Documents
from config.messages import TOPICS, Messages


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path)


def test_without_changes_the_configuration_counts(documents: Documents) -> None:
    configured = Messages(low_balance=300, off=("prices",))
    settings = MessageSettings(configured, documents)
    assert settings.now == configured
    assert settings.changed == set()
    assert settings.topics == set(TOPICS) - {"prices"}


def test_what_was_changed_counts_before_it_and_outlives_a_restart(
    documents: Documents, tmp_path: Path
) -> None:
    settings = MessageSettings(Messages(low_days=5), documents)
    settings.change(low_balance=None, summary_at="21:30", off=["meter"])
    for again in (settings, MessageSettings(Messages(low_days=5), Documents(tmp_path))):
        assert again.now == Messages(low_days=5, low_balance=None, summary_at=time(21, 30), off=("meter",))
        assert again.changed == {"low_balance", "summary_at", "off"}
    # What is not changed here still follows config.json.
    assert MessageSettings(Messages(low_days=1), Documents(tmp_path)).now.low_days == 1


def test_a_wrong_value_changes_nothing_and_is_told_in_words(documents: Documents) -> None:
    settings = MessageSettings(Messages(), documents)
    with pytest.raises(ValueError, match=r"battery_low_percent: must be at most 100.*, not 140"):
        settings.change(low_balance=50, battery_low_percent=140)
    with pytest.raises(ValueError, match="low_balanse: there is no such option; did you mean low_balance"):
        settings.change(low_balanse=50)
    with pytest.raises(ValueError, match=r"off\[0\]: must be .*summary"):
        settings.change(off=["weather"])
    assert settings.now == Messages()
    assert documents.get(TABLE, KEY) is None


def test_a_change_is_taken_back(documents: Documents, tmp_path: Path) -> None:
    settings = MessageSettings(Messages(low_balance=300), documents)
    settings.change(low_balance=40, low_days=None)
    settings.reset("low_balance")
    settings.reset("high_day_kwh")  # never changed
    assert settings.now == Messages(low_balance=300, low_days=None)
    assert MessageSettings(Messages(), Documents(tmp_path)).changed == {"low_days"}
    with pytest.raises(ValueError, match="nothing_such"):
        settings.reset("nothing_such")


def test_what_another_version_kept_and_this_one_cannot_use_is_left_out(documents: Documents) -> None:
    documents.put(TABLE, KEY, {"low_days": 2, "low_balance": -3, "long_gone": 1})
    settings = MessageSettings(Messages(), documents)
    assert settings.now == Messages(low_days=2)
    assert settings.changed == {"low_days"}
