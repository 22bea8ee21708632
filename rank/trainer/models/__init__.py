"""The four models, in PyTorch, with the tensor names and shapes of the published checkpoint.

They compute what rank/engine computes; tests/trainer proves both against tests/reference.
"""
