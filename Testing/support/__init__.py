"""What several tests share: random grids and fields, SimpleITK as the judge, a scene, tiny models."""
