import os

# Before numpy is imported anywhere: its products here are small, and more threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
