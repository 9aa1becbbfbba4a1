"""eqkit: learn, teach and explore symmetry in deep learning."""

__version__ = "0.2.0"
