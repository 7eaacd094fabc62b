"""A feed of zones: malformed, late and old versions never shrink what is restricted."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.airspace.feed import Delivery, FeedAge, ZoneFeed
from mission.policy import Policy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy(max_zone_age_s=6 * 3600.0)
GeoJson = Callable[..., bytes]


def taken(feed: ZoneFeed, document: bytes, version: int, issued_at: datetime = NOON) -> ZoneFeed:
    """Return the feed after a document that it must take."""
    feed, report = feed.take(document, version, issued_at, issued_at + timedelta(seconds=5))
    assert report.outcome is Delivery.TAKEN
    assert report.why == ""
    return feed


def test_a_malformed_version_is_refused_whole_and_the_last_good_one_stays(geojson: GeoJson) -> None:
    """One broken feature among good ones refuses the document; its zones are none of those in force (F-A8, I-20)."""
    good = taken(ZoneFeed("Authority"), geojson(id="A"), 1)
    document: dict[str, Any] = json.loads(geojson(id="B"))
    document["features"].append({"type": "Feature", "properties": {"restriction": "PROHIBITED"}, "geometry": None})
    feed, report = good.take(json.dumps(document).encode(), 2, NOON + HOUR, NOON + HOUR)
    assert report.outcome is Delivery.MALFORMED
    assert report.problems[0].mend
    assert feed.held is good.held
    assert [zone.identifier for zone in feed.zones] == ["A"]
    assert feed.refused == report
    assert "version 2 is malformed" in feed.alarm(POLICY, NOON + HOUR)


def test_a_malformed_version_does_not_make_the_zones_younger(geojson: GeoJson) -> None:
    """Age counts from the last good version, however many broken ones arrive after it (F-A8, F-A14)."""
    feed = taken(ZoneFeed("Authority"), geojson(), 1)
    for version in range(2, 9):
        now = NOON + version * HOUR
        feed, _ = feed.take(b"{", version, now, now)
    assert feed.age(NOON + 8 * HOUR) == 8 * HOUR
    assert feed.age_class(POLICY, NOON + 8 * HOUR) is FeedAge.EXPIRED


def test_a_mended_version_is_taken_and_the_alarm_ends(geojson: GeoJson) -> None:
    """The same number again with a good document: what was refused never counted as received (F-A8)."""
    feed = taken(ZoneFeed("Authority"), geojson(id="A"), 1)
    feed, _ = feed.take(b"[", 2, NOON + HOUR, NOON + HOUR)
    feed = taken(feed, geojson(id="B"), 2, NOON + HOUR)
    assert feed.refused is None
    assert feed.alarm(POLICY, NOON + HOUR) == ""


def test_zones_known_to_be_superseded_cannot_be_confirmed(geojson: GeoJson) -> None:
    """While version 2 could not be read, version 1 issued once more is late, and ages on (F-A8, F-A15)."""
    feed = taken(ZoneFeed("Authority"), geojson(id="A"), 1)
    feed, _ = feed.take(b"{", 2, NOON + HOUR, NOON + HOUR)
    feed, report = feed.take(geojson(id="A"), 1, NOON + 2 * HOUR, NOON + 2 * HOUR)
    assert report.outcome is Delivery.LATE
    assert feed.as_of == NOON


def test_a_silent_feed_ages_alarms_and_expires(geojson: GeoJson) -> None:
    """Half of the maximum age raises the alarm, all of it forbids launches, to the second (F-A14)."""
    feed = taken(ZoneFeed("Authority"), geojson(), 1)
    second = timedelta(seconds=1)
    classes = {
        3 * HOUR: FeedAge.CURRENT,
        3 * HOUR + second: FeedAge.AGEING,
        6 * HOUR: FeedAge.AGEING,
        6 * HOUR + second: FeedAge.EXPIRED,
    }
    assert {age: feed.age_class(POLICY, NOON + age) for age in classes} == classes
    assert "launches stop at 6.0 h" in feed.alarm(POLICY, NOON + 4 * HOUR)
    assert "nothing may be launched" in feed.alarm(POLICY, NOON + 7 * HOUR)


def test_a_feed_that_never_brought_anything_forbids_launches() -> None:
    """No zones known is not the same as no zones (F-A14)."""
    feed = ZoneFeed("Authority")
    assert feed.as_of is None
    assert feed.age_class(POLICY, NOON) is FeedAge.NEVER
    assert "nothing may be launched" in feed.alarm(POLICY, NOON)


def test_the_version_in_force_issued_again_is_young_again(geojson: GeoJson) -> None:
    """An authority that confirms its zones keeps them from expiring; the zones are the same object (F-A14)."""
    first = taken(ZoneFeed("Authority"), geojson(), 1)
    feed, report = first.take(geojson(), 1, NOON + 5 * HOUR, NOON + 5 * HOUR)
    assert report.outcome is Delivery.CONFIRMED
    assert feed.zones is first.zones
    assert feed.as_of == NOON + 5 * HOUR


@pytest.mark.parametrize(
    ("version", "issued_after", "name", "outcome"),
    [
        (4, HOUR, "B", Delivery.LATE),
        (4, -HOUR, "B", Delivery.LATE),
        (5, -HOUR, "A", Delivery.LATE),
        (5, HOUR, "B", Delivery.CONFLICTING),
        (5, -HOUR, "B", Delivery.CONFLICTING),
        (6, -HOUR, "B", Delivery.CONFLICTING),
        (6, 2 * HOUR, "B", Delivery.FROM_THE_FUTURE),
    ],
)
def test_versions_never_go_back(
    geojson: GeoJson, version: int, issued_after: timedelta, name: str, outcome: Delivery
) -> None:
    """A lower number, an earlier issue, one number with two contents, or the future: ignored and said (F-A15, F-S5)."""
    good = taken(ZoneFeed("Authority"), geojson(id="A"), 5)
    feed, report = good.take(geojson(id=name), version, NOON + issued_after, NOON + HOUR)
    assert report.outcome is outcome
    assert str(version) in report.why
    assert feed == replace(good, refused=report)
    assert report.why in feed.alarm(POLICY, NOON + HOUR)


@pytest.mark.parametrize("which", ["issued_at", "now"])
def test_a_time_without_zone_is_refused(geojson: GeoJson, which: str) -> None:
    """Naive times are off by hours for somebody (F-A7)."""
    times = {"issued_at": NOON, "now": NOON} | {which: NOON.replace(tzinfo=None)}
    with pytest.raises(ValueError, match=which):
        ZoneFeed("Authority").take(geojson(), 1, **times)


deliveries = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 6), st.sampled_from(["A", "B", "broken"]), st.integers(0, 3)),
    max_size=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries)
def test_whatever_arrives_in_whatever_order_versions_and_issues_only_grow(
    geojson: GeoJson, arriving: list[tuple[int, int, str, int]]
) -> None:
    """Number and issue never fall, and zones change only with a growing number (F-A15, I-20)."""
    documents = {"A": geojson(id="A"), "B": geojson(id="B"), "broken": b'{"features": [{}'}
    feed, now = ZoneFeed("Authority"), NOON
    for version, issued, content, later in arriving:
        now += later * HOUR
        before = feed.held
        feed, report = feed.take(documents[content], version, NOON + issued * HOUR, now)
        after = feed.held
        if before is None:
            assert (after is not None) is (report.outcome is Delivery.TAKEN)
            continue
        assert after is not None
        assert after.version >= before.version
        assert after.issued_at >= before.issued_at
        assert after.reading is before.reading or after.version > before.version
        assert (feed.refused is None) is (report.outcome in {Delivery.TAKEN, Delivery.CONFIRMED})
