"""Subcommands of the command line, a module each.

A module defines ``add(subparsers)``, which adds its parser and sets ``handler``: a function of the
parsed arguments that returns the exit code.
"""
