"""Collectors, the runner that supervises them, chat outlets and the command line."""
