"""What the library costs, told as ratios to bare `requests` and to its peers: `python -m benchmarks`."""
