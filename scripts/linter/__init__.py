"""The checks of scripts/lint: rules of the repository that a machine can hold."""
