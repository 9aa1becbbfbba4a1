"""The surfaces on which orbits are drawn, as vertices and triangles."""

from __future__ import annotations

import functools

import numpy as np
import scipy.spatial

EXTENT = 1.25  # the plane shown is [−1.25, 1.25]²
REACH = 1.5  # hyperboloids are drawn up to the rapidity 1.5


@functools.cache
def plane_mesh(steps: int = 72) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (steps², 3) and triangles of the square [−EXTENT, EXTENT]²."""
    t = np.linspace(-EXTENT, EXTENT, steps)
    x, y = np.meshgrid(t, t)
    a = (np.arange(steps - 1)[:, None] * steps + np.arange(steps - 1)).ravel()
    faces = np.concatenate([[a, a + 1, a + steps + 1], [a, a + steps + 1, a + steps]], 1).T
    return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1), faces


@functools.cache
def sphere_mesh(count: int = 8000) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (count, 3) spread evenly on the sphere (a Fibonacci lattice) and triangles, seen from outside."""
    i = np.arange(count)
    z, angle = 1 - (2 * i + 1) / count, np.pi * (3 - np.sqrt(5)) * i
    vertices = np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], 1)
    faces = scipy.spatial.ConvexHull(vertices).simplices
    outward = np.linalg.det(vertices[faces]) > 0
    return vertices, np.where(outward[:, None], faces, faces[:, ::-1])


@functools.cache
def hyperboloid_mesh(sign: int, steps: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (k, 3) and triangles of x² + y² − t² = sign up to REACH: 1 one sheet, −1 the sheet with t > 0."""
    u, a = np.meshgrid(np.linspace(-REACH if sign > 0 else 0, REACH, steps), np.linspace(0, 2 * np.pi, 2 * steps))
    radius, height = (np.cosh(u), np.sinh(u)) if sign > 0 else (np.sinh(u), np.cosh(u))
    vertices = np.stack([radius * np.cos(a), radius * np.sin(a), height], -1).reshape(-1, 3)
    k = (np.arange(2 * steps - 1)[:, None] * steps + np.arange(steps - 1)).ravel()
    return vertices, np.concatenate([[k, k + 1, k + steps + 1], [k, k + steps + 1, k + steps]], 1).T
