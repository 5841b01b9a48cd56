"""The laboratory: WGANs of points in the plane, small enough to be watched at every update."""
