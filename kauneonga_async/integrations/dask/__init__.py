"""Dask: exports whose windows are read by the workers of a distributed cluster, and messages as a Dask dataframe."""

from kauneonga_async.integrations.dask.engine import DaskEngine
from kauneonga_async.integrations.dask.frame import read_messages

__all__ = ["DaskEngine", "read_messages"]
