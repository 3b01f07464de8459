"""How arrays get to a device and back: what changes with a batch is copied, the rules stay there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from system.recommender.onnx_runtime import load_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class DeviceBinding:
    """The inputs and outputs of one session on its device; the model's weights are there since it was made."""

    def __init__(self, session: Any, *, device: str) -> None:
        self._session = session
        self._device = device
        self._rules: dict[str, tuple[NDArray[Any], Any]] = {}
        self.copies = 0
        """Of rules, to the device, so far."""

    def run(
        self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]], rules: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[Any]]:
        """One batch, its outputs in this machine's memory."""
        binding = self._session.io_binding()
        for name, array in feeds.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(array))
        for name, array in rules.items():
            binding.bind_ortvalue_input(name, self._kept(name, array))
        for name in outputs:
            binding.bind_output(name, "cpu")
        self._session.run_with_iobinding(binding)
        found: list[NDArray[Any]] = binding.copy_outputs_to_cpu()
        return found

    def _kept(self, name: str, array: NDArray[Any]) -> Any:
        before = self._rules.get(name)
        if before is None or not (before[0] is array or np.array_equal(before[0], array)):
            self._rules[name] = (array, load_runtime().OrtValue.ortvalue_from_numpy(array, self._device, 0))
            self.copies += 1
        return self._rules[name][1]
