"""Steps of training, recorded as CUDA graphs: to launch a step's thousands of kernels one by one takes longer than
to compute them."""

import torch

WARM_STEPS = 3  # before recording: what is made once (states, caches, compiled code) is made then


class RecordedSteps:
    """step(kind) is run as it is on a CPU; on a GPU it is recorded for each kind of step. It must not look at a
    value on the device, and what it reads stays where it is: tensors are changed in place. `generators`: those that
    it draws from, besides the device's own."""

    def __init__(self, step, device, generators=()):
        self.step, self.generators = step, generators
        self.is_recording = device == "cuda"
        self.graphs, self.memory = {}, None

    def __call__(self, kind):
        """What step(kind) returned: on a GPU the same tensors for all steps of a kind."""
        if not self.is_recording:
            return self.step(kind)
        if kind not in self.graphs:
            self.graphs[kind] = self.record(kind)
        graph, made = self.graphs[kind]
        graph.replay()
        return made

    def record(self, kind):
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_STEPS):
                self.step(kind)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        for generator in self.generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph, pool=self.memory):
            made = self.step(kind)
        self.memory = self.memory or graph.pool()
        return graph, made
