"""eqkit: learn, teach and explore symmetry in deep learning."""

__version__ = "0.3.0"
