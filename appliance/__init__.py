"""Tallywatt: the energy appliance for the wall."""

__version__ = "0.1.0"
