"""Rival models of recall, each with its best fair chance."""
