"""The learner's memory in time: the recall model, its rivals, and how they are compared."""
