"""A whole Cairn on one machine: what `make run`, `make stop` and `make demo` start.

Hub, trustees and their database are separate processes driven through their own commands;
firms act through the SDK. Not part of any distribution.
"""
