"""Key-value memories as pure functions on Equinox states."""
