"""What it takes: kernels against slow twins and peers in the same run, encoding, a large linkage, and the whole demo."""
