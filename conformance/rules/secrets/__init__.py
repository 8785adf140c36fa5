"""Rules about secrets: values that never change, versions and stages, windows, types, sizes."""
