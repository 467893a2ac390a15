"""The recall model: a key-value memory of cards, read through a key-value memory of the learner."""
