"""The data behind a page, and what was computed from it, kept as long as the store stands still.

`current_dataset()` reads the manifest's fingerprint at every rerun, so an import made meanwhile
shows at the next one. `cached(function, dataset, *args)` keys on that fingerprint, the function
and its arguments, which must be hashable; results are shared by all users and never written into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import streamlit as st

from governance.settings import data_dir_from_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from governance.records.dataset import Dataset
    from governance.workdays import Week

T = TypeVar("T")
Args = TypeVarTuple("Args")


def data_dir() -> Path:
    """The data folder the dashboard reads."""
    return data_dir_from_environment()


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened(folder: str, fingerprint: str, edited_ns: tuple[int, ...]) -> Dataset:  # noqa: ARG001 (cache keys)
    from governance.records import store

    return store.open_dataset(data_dir())


def current_dataset() -> Dataset:
    """The store as it stands now; the same object until something is imported.

    Raises
    ------
    StoreError
        When the store is damaged.
    """
    from governance.records import chart_notes, store

    folder = data_dir()
    edited = (folder / name for name in ("settings.toml", chart_notes.FILE))
    edited_ns = tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in edited)
    return _opened(str(folder), store.fingerprint(folder), edited_ns)


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened_presented(folder: str, week: Week, fingerprint: str) -> Dataset:  # noqa: ARG001 (cache keys)
    from governance.records import presented

    return presented.open_presented(data_dir(), week)


def presented_dataset(week: Week) -> Dataset:
    """The store as it was when a week was frozen; its fingerprint keeps what is computed apart.

    Raises
    ------
    UsageError
        `not_presented` when the week is not frozen.
    StoreError
        `damaged_presented` when the frozen state is not as it was.
    """
    from governance.records import presented

    folder = data_dir()
    return _opened_presented(str(folder), week, presented.read_presented(folder, week).fingerprint)


# A resource and not data: what is kept is never written into, so no copy is made of it.
@st.cache_resource(max_entries=512, show_spinner=False)
def _kept(name: str, fingerprint: str, args: tuple[object, ...], _compute: Callable[[], T]) -> T:  # noqa: ARG001 (cache keys)
    return _compute()


@st.cache_resource(max_entries=6, show_spinner=False)
def _kept_lately(name: str, fingerprint: str, args: tuple[object, ...], _compute: Callable[[], T]) -> T:  # noqa: ARG001 (cache keys)
    return _compute()


def _state_of(dataset: Dataset) -> str:
    """What changes whenever something computed from the data set may."""
    key = f"{dataset.data_dir}:{dataset.fingerprint}:{hash((dataset.settings, dataset.chart_notes))}"
    # What is said while patrols are being computed is not said any more when they are.
    return key if dataset.is_patrol_at_hand() else f"{key}:waiting"


def cached(compute: Callable[[Dataset, *Args], T], dataset: Dataset, *args: *Args) -> T:
    """`compute(dataset, *args)`, computed once for one state of the store."""
    name = f"{compute.__module__}.{compute.__qualname__}"
    return _kept(name, _state_of(dataset), args, lambda: compute(dataset, *args))


def cached_lately(compute: Callable[[Dataset, *Args], T], dataset: Dataset, *args: *Args) -> T:
    """Like `cached`, but only the last few results stay: for rows that fill the memory week by week."""
    name = f"{compute.__module__}.{compute.__qualname__}"
    return _kept_lately(name, _state_of(dataset), args, lambda: compute(dataset, *args))
