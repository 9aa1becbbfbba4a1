"""Equivariant networks: layers whose parameters are the coefficients of a basis of Hom(V, W)."""

from eqkit.networks.convolutions import GroupConv2d, GroupPool2d, MaxPool2d, pixels
from eqkit.networks.layers import Bilinear, EquivariantLinear
from eqkit.networks.mlp import EquivariantMLP, telling_order, tensors, uniform
from eqkit.networks.nonlinearities import Gated, Norm, Pointwise

__all__ = [
    "Bilinear",
    "EquivariantLinear",
    "EquivariantMLP",
    "Gated",
    "GroupConv2d",
    "GroupPool2d",
    "MaxPool2d",
    "Norm",
    "Pointwise",
    "pixels",
    "telling_order",
    "tensors",
    "uniform",
]
