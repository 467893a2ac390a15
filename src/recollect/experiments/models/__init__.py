"""Memories of people in an experiment, shared by the experiments on human data."""
