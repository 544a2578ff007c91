"""Speed, as medians and as ratios within one run; `make bench` runs them. Tests never assert a time."""
