"""Equivariant networks: layers whose parameters are the coefficients of a basis of Hom(V, W)."""

from eqkit.networks.convolutions import GroupConv2d, GroupPool2d, MaxPool2d, pixels

__all__ = ["GroupConv2d", "GroupPool2d", "MaxPool2d", "pixels"]
