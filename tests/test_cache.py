"""What pages keep: results once computed, rows only the last few."""

from __future__ import annotations

import pytest

from governance.records.dataset import dataset_of_frames
from governance.settings import settings_of
from governance.ui.cache import cached, cached_lately


@pytest.mark.parametrize(("keep", "computed_n"), [(cached, 8), (cached_lately, 9)])
def test_rows_stay_for_a_few_arguments_only(tmp_path, keep, computed_n):
    data = dataset_of_frames({}, as_of={}, settings=settings_of(tmp_path), data_dir=tmp_path)
    computed = []

    def rows(_dataset, week):
        computed.append(week)
        return week

    for week in (*range(8), 7, 0):
        assert keep(rows, data, week) == week
    assert len(computed) == computed_n
