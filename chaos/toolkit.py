"""An experiment in the format of Chaos Toolkit, for whoever runs all of a company's experiments with it.

https://chaostoolkit.org/reference/api/experiment/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chaos.experiment import Experiment

FORMAT: Final = "1.0.0"
RUN_TIMEOUT_S: Final = 900
JUDGE_TIMEOUT_S: Final = 60


def as_chaos_toolkit(experiment: Experiment, *, seed: int) -> dict[str, Any]:
    """Its method carries the experiment out, healing included; its hypothesis asks how the last trial was judged."""
    return {
        "version": FORMAT,
        "title": f"{experiment.fault} {experiment.title}",
        "description": f"{experiment.loses} {experiment.why}",
        "tags": [experiment.fault, str(experiment.rank), experiment.dependency, experiment.trouble],
        "contributions": {"reliability": "high", "availability": "medium"},
        "steady-state-hypothesis": {
            "title": "No trial of this experiment that was recorded last has broken what it promises",
            "probes": [
                {
                    "type": "probe",
                    "name": f"{experiment.name} held",
                    "tolerance": 0,
                    "provider": _process(f"chaos held {experiment.name}", timeout_s=JUDGE_TIMEOUT_S),
                }
            ],
        },
        "method": [
            {
                "type": "action",
                "name": f"carry out {experiment.name}",
                "provider": _process(f"chaos run {experiment.name} --seed {seed}", timeout_s=RUN_TIMEOUT_S),
            }
        ],
        "rollbacks": [],
    }


def _process(arguments: str, *, timeout_s: int) -> dict[str, Any]:
    return {"type": "process", "path": "steadypost", "arguments": arguments, "timeout": timeout_s}
