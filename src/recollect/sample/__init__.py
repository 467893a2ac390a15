"""The built-in sample: a deck written for Recollect and a simulated learner's log."""
