"""The sandbox: an imitation of the Kauneonga API with its quirks, for trying things out and for tests."""

from kauneonga_async.sandbox.faults import FAULT_KINDS, Fault, FaultPlan, RandomFaults, ScriptedFaults
from kauneonga_async.sandbox.server import Sandbox
from kauneonga_async.sandbox.settings import RecordedRequest, Settings
from kauneonga_async.sandbox.world import World

__all__ = [
    "FAULT_KINDS",
    "Fault",
    "FaultPlan",
    "RandomFaults",
    "RecordedRequest",
    "Sandbox",
    "ScriptedFaults",
    "Settings",
    "World",
]


def __dir__() -> list[str]:
    return sorted(__all__)
